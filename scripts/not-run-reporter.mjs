/**
 * A reporter of node:test that prints, after everything else, which tests were not run and why.
 * Owns: that list. Does not own: deciding (a test skips itself with a reason that begins with NOT RUN), results (the spec reporter).
 */
// biome-ignore lint/style/noDefaultExport: node:test takes a reporter from the default export
export default async function* notRun(source) {
  const reasons = new Map();
  for await (const { type, data } of source) {
    if (type !== 'test:pass' || typeof data.skip !== 'string' || !data.skip.startsWith('NOT RUN')) continue;
    reasons.set(data.skip, (reasons.get(data.skip) ?? 0) + 1);
  }
  for (const [reason, count] of reasons) yield `${reason} (${count} ${count === 1 ? 'test' : 'tests'})\n`;
}
