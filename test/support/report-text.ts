/**
 * Reading generated markup in tests: the words without tags, pictures and styles.
 * Owns: that reduction. Does not own: what a report should say.
 */
export function wordsOf(markup: string): string {
  return markup
    .replaceAll(/<style>.*?<\/style>/gs, ' ')
    .replaceAll(/<svg.*?<\/svg>/gs, ' ')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ');
}
