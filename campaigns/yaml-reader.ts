/**
 * The one reader of YAML and JSON configurations (JSON is read as the YAML it is).
 * Owns: turning text into plain data with the place of every key and value, and refusing what a configuration never
 * needs: aliases, tags, duplicate keys, prototype keys, numbers that are not finite, depth and size beyond reason.
 * Does not own: what the data means (schema/).
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { ConfigError, type Problem } from '#campaigns/config-error.ts';
import { configurationBytesMost, configurationDepthMost, configurationNodesMost } from '#campaigns/limits.ts';

export type Path = readonly (string | number)[];

export interface Located {
  readonly file: string;
  readonly value: unknown;
  /** Problems of the text itself; the value is not usable as a whole when there are any. */
  readonly problems: readonly Problem[];
  /** False when the text is no YAML at all: then there is nothing to check further. */
  readonly readable: boolean;
  /** A problem at the value of `path`, or at the nearest part of the path that exists. */
  readonly at: (path: Path, message: string, remedy?: string) => Problem;
  /** A problem at the key itself. */
  readonly atKey: (path: Path, message: string, remedy?: string) => Problem;
}

interface Place {
  readonly key: number | null;
  readonly value: number;
}

/** "faults[0].at" */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? printable(part) : `.${printable(part)}`;
  }
  return text;
}

function printable(name: string): string {
  return /^[\w$-]{1,60}$/.test(name) ? name : JSON.stringify(name.slice(0, 60));
}

const prototypeKeys = new Set(['__proto__', 'constructor', 'prototype']);

class Converter {
  readonly places = new Map<string, Place>();
  readonly problems: {
    readonly path: Path;
    readonly offset: number;
    readonly message: string;
    readonly remedy: string;
  }[] = [];
  private nodes = 0;

  /** Plain data of a node; what is refused becomes undefined and one problem. */
  convert(node: unknown, path: Path, keyOffset: number | null): unknown {
    const offset = offsetOf(node) ?? keyOffset ?? 0;
    this.places.set(JSON.stringify(path), { key: keyOffset, value: offset });
    this.nodes += 1;
    if (this.nodes > configurationNodesMost) {
      if (this.nodes === configurationNodesMost + 1)
        this.refuse(path, offset, `has more than ${configurationNodesMost} values`);
      return undefined;
    }
    if (path.length > configurationDepthMost) {
      this.refuse(path, offset, `is nested deeper than ${configurationDepthMost} levels`);
      return undefined;
    }
    if (isAlias(node)) {
      this.refuse(path, offset, `the alias *${node.source} is not supported`, 'write the value out');
      return undefined;
    }
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined)
        this.refuse(path, offset, `the anchor &${node.anchor} is not supported`, 'write the value out');
      if (node.tag !== undefined)
        this.refuse(path, offset, `the tag ${node.tag.slice(0, 60)} is not supported`, 'leave it out');
    }
    if (isMap(node)) return this.convertMap(node.items, path);
    if (isSeq(node)) return node.items.map((item, index) => this.convert(item, [...path, index], null));
    if (!isScalar(node)) return null;
    if (typeof node.value === 'number' && !Number.isFinite(node.value)) {
      this.refuse(path, offset, `${node.source ?? node.value} is not a finite number`);
      return undefined;
    }
    return node.value;
  }

  private convertMap(
    items: readonly { readonly key: unknown; readonly value: unknown }[],
    path: Path,
  ): unknown {
    const result: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const { key, value } of items) {
      const offset = offsetOf(key) ?? 0;
      const name = isScalar(key) ? key.value : undefined;
      if (typeof name !== 'string') {
        this.refuse(path, offset, 'has a key that is not text', 'quote it');
        continue;
      }
      const inner = [...path, name];
      if (prototypeKeys.has(name)) {
        this.refuse(inner, offset, `the key "${name}" is not allowed`, 'remove it');
      } else if (seen.has(name)) {
        this.refuse(inner, offset, 'is written twice', 'keep one of the two');
      } else {
        seen.add(name);
        result[name] = this.convert(value, inner, offset);
      }
    }
    return result;
  }

  private refuse(path: Path, offset: number, message: string, remedy = ''): void {
    this.problems.push({ path, offset, message, remedy });
  }
}

function offsetOf(node: unknown): number | undefined {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

/** Reads text that came from `file` (only named, not opened). Never throws. */
export function readConfiguration(text: string, file: string): Located {
  const lines = new LineCounter();
  const problem = (offset: number, path: Path, message: string, remedy = ''): Problem => {
    const { line, col } = lines.linePos(offset);
    return {
      file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: formatPath(path),
      message,
      remedy,
    };
  };
  if (text.length > configurationBytesMost) {
    const big: Problem = {
      file,
      line: 1,
      column: 1,
      path: '',
      message: `is longer than ${configurationBytesMost} characters`,
      remedy: '',
    };
    return unreadable(file, [big]);
  }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'error', // 'silent' would also hide a second document
  });
  const first = document.errors[0];
  // After the first error the parser guesses: its later errors are echoes.
  if (first !== undefined) {
    const several = first.code === 'MULTIPLE_DOCS';
    const message = several ? 'holds more than one document' : `cannot be read: ${first.message}`;
    return unreadable(file, [problem(first.pos[0], [], message, several ? 'keep one' : '')]);
  }
  const converter = new Converter();
  const value = converter.convert(document.contents, [], null);
  const { places } = converter;
  return {
    file,
    value,
    readable: true,
    problems: converter.problems.map((found) =>
      problem(found.offset, found.path, found.message, found.remedy),
    ),
    at: (path, message, remedy) => {
      const { place, exact } = placeOf(places, path);
      return problem(exact ? place.value : (place.key ?? place.value), path, message, remedy);
    },
    atKey: (path, message, remedy) => {
      const { place } = placeOf(places, path);
      return problem(place.key ?? place.value, path, message, remedy);
    },
  };
}

/** The place of a path, or of the nearest part of it that exists. */
function placeOf(
  places: ReadonlyMap<string, Place>,
  path: Path,
): { readonly place: Place; readonly exact: boolean } {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = places.get(JSON.stringify(path.slice(0, length)));
    if (place !== undefined) return { place, exact: length === path.length };
  }
  return { place: { key: null, value: 0 }, exact: false };
}

function unreadable(file: string, problems: readonly Problem[]): Located {
  const at = (path: Path, message: string, remedy = ''): Problem => ({
    file,
    line: 1,
    column: 1,
    path: formatPath(path),
    message,
    remedy,
  });
  return { file, value: undefined, readable: false, problems, at, atKey: at };
}

/** The text of a file. Throws ConfigError when it cannot be read, is no regular file or is too long. */
export function readConfigurationText(path: string): string {
  const refuse = (message: string, remedy: string): ConfigError =>
    new ConfigError([{ file: path, line: 0, column: 0, path: '', message, remedy }]);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw refuse(`cannot be opened (${code})`, 'check the name of the file');
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw refuse('is not a file', 'name a YAML or JSON file');
    if (stat.size > configurationBytesMost)
      throw refuse(`is longer than ${configurationBytesMost} bytes`, '');
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
