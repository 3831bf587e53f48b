/**
 * What is wrong with a configuration, and where.
 * Owns: the one error class of configurations (exit 20), its printed form, and the search for the nearest known name.
 * Does not own: finding the problems (yaml-reader.ts, schema.ts, scenario-checks.ts).
 */

export interface Problem {
  /** As the user named it; "command line" for an option. */
  readonly file: string;
  /** 1-based; 0 when there is no place to point at. */
  readonly line: number;
  readonly column: number;
  /** "workload.tps", "faults[0].at"; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** What to do about it; empty when the message says it all. */
  readonly remedy: string;
}

/** Thrown for every configuration that cannot be used; carries all problems that were found, in file order. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'invalid-config';
  readonly exitCode = 20;
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super(sorted.map(formatProblem).join('\n'));
    this.problems = sorted;
  }
}

/** One line: "file:line:column: path: message (remedy)". */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const remedy = problem.remedy === '' ? '' : ` (${problem.remedy})`;
  return `${place}: ${path}${problem.message}${remedy}`;
}

/** A problem of an option or argument of the command line, which has no line to point at. */
export function optionProblem(path: string, message: string, remedy = ''): Problem {
  return { file: 'command line', line: 0, column: 0, path, message, remedy };
}

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
