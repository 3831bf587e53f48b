/**
 * The two blunt votes that most attacks are made of.
 * Owns: writing yes to all or no to all into an answer. Does not own: who votes so, and when.
 */

/** Yes to every vertex of the scope, known here or not, conflicting or not. */
export function acceptAll(
  scope: Int32Array,
  scopeAt: number,
  words: number,
  answer: Int32Array,
  answerAt: number,
): void {
  for (let w = 0; w < words; w++) {
    answer[answerAt + 2 * w] = scope[scopeAt + w]!;
    answer[answerAt + 2 * w + 1] = scope[scopeAt + w]!;
  }
}

/** No to every vertex of the scope: claimed to be known, and not yes. */
export function rejectAll(
  scope: Int32Array,
  scopeAt: number,
  words: number,
  answer: Int32Array,
  answerAt: number,
): void {
  for (let w = 0; w < words; w++) {
    answer[answerAt + 2 * w] = 0;
    answer[answerAt + 2 * w + 1] = scope[scopeAt + w]!;
  }
}
