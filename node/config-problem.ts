/**
 * What is wrong with the configuration of a node process, where it was written, and what to do.
 * Owns: the error (exit 20) and its printed form, the words for zod's issues.
 * Does not own: the options (config.ts), reading files (config-file.ts), the nearest known name (config-names.ts).
 */
import type { z } from 'zod';
import { knownKeysOf, suggestion } from '#node/config-names.ts';

export interface ConfigProblem {
  /** A file, "environment" or "command line". */
  readonly file: string;
  /** 1-based; 0 when there is no line to point at. */
  readonly line: number;
  /** Path of a key, variable or option; empty for the whole. */
  readonly path: string;
  readonly message: string;
  /** Empty when the message says it all. */
  readonly remedy: string;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'invalid-config';
  readonly exitCode = 20;
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line);
    super(sorted.map(formatProblem).join('\n'));
    this.problems = sorted;
  }
}

/** One line: "file:line: path: message (remedy)". */
function formatProblem({ file, line, path, message, remedy }: ConfigProblem): string {
  const place = line > 0 ? `${file}:${line}` : file;
  return `${place}: ${path === '' ? '' : `${path}: `}${message}${remedy === '' ? '' : ` (${remedy})`}`;
}

export interface Complaint {
  readonly path: readonly string[];
  readonly message: string;
  readonly remedy: string;
}

type Issue = z.core.$ZodIssue;

const expectedNames: Readonly<Record<string, string>> = {
  object: 'a record of keys',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** Values are not printed: they may be secrets. */
export function complaintsOf(issues: readonly Issue[]): Complaint[] {
  return issues.flatMap((issue): Complaint[] => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ path, ...wordsOf(issue) }];
    const known = knownKeysOf(issue.message);
    return issue.keys.map((key) => ({
      path: [...path, key.slice(0, 60)],
      message: 'unknown key',
      remedy: suggestion(key, known),
    }));
  });
}

function wordsOf(issue: Exclude<Issue, { code: 'unrecognized_keys' }>): { message: string; remedy: string } {
  const plain = (message: string, remedy = '') => ({ message, remedy });
  const isMissing = issue.input === undefined;
  switch (issue.code) {
    case 'invalid_type': {
      const expected = `expected ${expectedNames[issue.expected] ?? issue.expected}`;
      return isMissing ? plain('is missing', expected) : plain(expected);
    }
    case 'invalid_value': {
      const known = issue.values.map(String);
      if (isMissing) return plain('is missing', `one of ${known.join(', ')}`);
      return plain(
        'is not known here',
        typeof issue.input === 'string' ? suggestion(issue.input, known) : '',
      );
    }
    case 'too_small':
      return plain(`must be at least ${issue.minimum}${issue.origin === 'string' ? ' characters long' : ''}`);
    case 'too_big':
      return plain(`must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters long' : ''}`);
    case 'custom': {
      const remedy: unknown = issue.params?.['remedy'];
      return plain(issue.message, typeof remedy === 'string' ? remedy : '');
    }
    default:
      return plain(issue.message);
  }
}
