/**
 * Names in configurations: the nearest known one, and records that refuse every other.
 * Owns: that search and that record, for nodes and campaigns alike. Does not own: errors and their printed form.
 */
import { z } from 'zod';

/** Edit distance with transpositions, O(a x b); names are short. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1);
      }
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/** The known name closest to `name`, or null when none is close (at most a third of it, at least 2 edits). */
export function nearestName(name: string, known: readonly string[]): string | null {
  const wanted = name.slice(0, 64).toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(wanted, candidate.toLowerCase());
    if (edits < bestDistance && edits < Math.max(2, candidate.length)) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** 'did you mean "x"?', or the list of what is known. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === null ? `known: ${known.join(', ')}` : `did you mean "${nearest}"?`;
}

/** The known keys of a record stand in its error after this prefix. */
const knownKeysPrefix = 'known keys: ';

/** An object whose unknown keys are errors that carry the known ones. */
export function record<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = `${knownKeysPrefix}${Object.keys(shape).join(', ')}`;
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : undefined),
  });
}

/** The keys that the record of an error about unknown keys knows; none when it is not of `record`. */
export function knownKeysOf(message: string): readonly string[] {
  return message.startsWith(knownKeysPrefix) ? message.slice(knownKeysPrefix.length).split(', ') : [];
}
