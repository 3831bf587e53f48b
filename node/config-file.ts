/**
 * A configuration file as plain data with the line of every key. JSON is read as the YAML it is.
 * Owns: reading one bounded document without aliases or repeated keys. Does not own: what the data means (config.ts).
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ConfigError } from '#node/config-problem.ts';

export interface ConfigFile {
  readonly name: string;
  readonly value: unknown;
  /** Of the key, or of the nearest key above it; 0 without a file. */
  readonly lineOf: (path: readonly string[]) => number;
}

export const noConfigFile: ConfigFile = { name: 'command line', value: {}, lineOf: () => 0 };

const bytesMost = 1_048_576;
const require = createRequire(import.meta.url);
/** Loaded with the first file: most nodes are started without one, and it is a twentieth of their start. */
const yaml = (): typeof import('yaml') => require('yaml');

function refuse(file: string, line: number, message: string, remedy: string): ConfigError {
  return new ConfigError([{ file, line, path: '', message, remedy }]);
}

function textOf(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw refuse(file, 0, `cannot be opened (${code})`, 'check the name of the file');
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw refuse(file, 0, 'is not a file', 'name a YAML or JSON file');
    if (stat.size > bytesMost) throw refuse(file, 0, `is longer than ${bytesMost} bytes`, '');
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Throws ConfigError. */
export function readConfigFile(file: string): ConfigFile {
  const { isMap, isPair, isScalar, LineCounter, parseDocument, visit } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(textOf(file), {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const [first] = document.errors;
  if (first !== undefined) {
    throw refuse(
      file,
      lines.linePos(first.pos[0]).line,
      `cannot be read: ${first.message}`,
      'correct the YAML',
    );
  }
  visit(document, {
    Alias: (_key, { range }) => {
      throw refuse(
        file,
        lines.linePos(range?.[0] ?? 0).line,
        'aliases are not supported',
        'write the value out',
      );
    },
  });
  const lineOf = (path: readonly string[]): number => {
    let node: unknown = document.contents;
    let offset = 0;
    for (const part of path) {
      const pair = isMap(node)
        ? node.items.find(({ key }) => isScalar(key) && key.value === part)
        : undefined;
      if (!isPair(pair)) break;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    }
    return lines.linePos(offset).line;
  };
  return { name: file, value: document.toJS({ maxAliasCount: 0 }), lineOf };
}
