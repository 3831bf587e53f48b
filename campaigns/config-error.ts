/**
 * What is wrong with a configuration, and where.
 * Owns: the one error class of configurations (exit 20) and its printed form.
 * Does not own: finding the problems (yaml-reader.ts, schema.ts, scenario-checks.ts), the nearest known name (node/config-names.ts).
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
