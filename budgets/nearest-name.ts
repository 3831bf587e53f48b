/**
 * The known name that an unknown one was probably meant to be.
 * Owns: likeness by pairs of letters (Dice). Does not own: which names are known.
 */

function pairsOf(name: string): readonly string[] {
  const letters = `^${name.toLowerCase()}$`;
  return Array.from({ length: letters.length - 1 }, (_, i) => letters.slice(i, i + 2));
}

function likeness(a: readonly string[], b: readonly string[]): number {
  const left = [...b];
  let common = 0;
  for (const pair of a) {
    const at = left.indexOf(pair);
    if (at < 0) continue;
    left.splice(at, 1);
    common += 1;
  }
  return (2 * common) / (a.length + b.length);
}

/** Less alike is no help. */
const LEAST_LIKENESS = 0.4;

/** Null when nothing known is like it. Of equally like names the first. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = pairsOf(name.slice(0, 64));
  let best: string | null = null;
  let most = LEAST_LIKENESS;
  for (const candidate of known) {
    const alike = likeness(wanted, pairsOf(candidate));
    if (alike <= most) continue;
    best = candidate;
    most = alike;
  }
  return best;
}
