/**
 * What a resource takes and gives, read from the declarations of the installed SDK: names, which are required, kinds, nesting.
 * Owns: reading those generated files, checking values, filling outputs. Does not own: what a cloud would make of values.
 * Not known from the declarations, and so not checked: which inputs exclude each other, ranges, enumerations.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

export type Shape =
  | { readonly kind: 'any' | 'string' | 'number' | 'boolean' }
  | { readonly kind: 'list' | 'map'; readonly of: Shape }
  | { readonly kind: 'record'; readonly file: 'input' | 'output'; readonly name: readonly string[] }
  | { readonly kind: 'either'; readonly of: readonly Shape[] };

export interface Field {
  readonly isRequired: boolean;
  /** Of an output: a resource may have none. */
  readonly isOptional: boolean;
  readonly shape: Shape;
}
export type Fields = ReadonlyMap<string, Field>;

export interface Complaint {
  readonly property: string;
  readonly reason: string;
}

const any: Shape = { kind: 'any' };
/** Values that are not known in a preview, and wrappers of secrets and outputs. */
export const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const signatureKey = '4dabf18193072939515e22adb298388d';

/** The text of a block from its opening brace on, without the braces. */
function blockFrom(text: string, open: number): string {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return text.slice(open + 1, at);
  }
  throw new Error('a block without an end');
}

/** Splits at a separator outside of all brackets. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]!;
    if ('<{(['.includes(letter)) depth += 1;
    else if ('})]'.includes(letter) || (letter === '>' && text[at - 1] !== '=')) depth -= 1;
    else if (letter === separator && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)].map((part) => part.trim()).filter((part) => part !== '');
}

function shapeOf(written: string): Shape {
  const text = written.trim();
  const wrapped = /^pulumi\.(?:Input|Output)<([\s\S]*)>$/.exec(text);
  if (wrapped !== null && splitOutside(text, '|').length === 1) return shapeOf(wrapped[1]!);
  const choices = splitOutside(text, '|').filter((choice) => choice !== 'undefined');
  if (choices.length > 1) return { kind: 'either', of: choices.map(shapeOf) };
  const [only = ''] = choices;
  if (only !== text) return shapeOf(only);
  if (text === 'string' || text === 'number' || text === 'boolean') return { kind: text };
  if (text.endsWith('[]')) return { kind: 'list', of: shapeOf(text.slice(0, -2)) };
  const map = /^\{\s*\[key: string\]: ([\s\S]*?);?\s*\}$/.exec(text);
  if (map !== null) return { kind: 'map', of: shapeOf(map[1]!) };
  const named = /^(input|output)s\.([\w.]+)$/.exec(text);
  if (named !== null)
    return { kind: 'record', file: named[1] === 'input' ? 'input' : 'output', name: named[2]!.split('.') };
  // A class stands for the id or name of its resource, an enumeration for a text.
  return any;
}

function fieldsIn(body: string): Fields {
  const plain = body.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const fields = splitOutside(plain, ';').flatMap((member): [string, Field][] => {
    const found = /^(?:readonly )?(\w+)(\??): ([\s\S]+)$/.exec(member);
    if (found === null) return [];
    const [, name = '', mark, type = ''] = found;
    const isOptional = /\| undefined>?$/.test(type);
    return [[name, { isRequired: mark === '', isOptional, shape: shapeOf(type) }]];
  });
  return new Map(fields);
}

/** Declarations of one installed package, read when they are asked for. */
export class DeclaredTypes {
  readonly #folder: string;
  readonly #texts = new Map<string, string>();
  readonly #known = new Map<string, Fields | null>();

  /** `name`: aws, gcp. */
  constructor(name: string) {
    this.#folder = path.dirname(require.resolve(`@pulumi/${name}/package.json`));
  }

  /** Of a token like aws:ec2/vpc:Vpc; null when there is no such resource. */
  inputs(token: string): Fields | null {
    return this.#ofResource(token, (name) => `export interface ${name}Args {`);
  }

  outputs(token: string): Fields | null {
    return this.#ofResource(token, (name) => `export declare class ${name} extends`);
  }

  /** What is wrong with the inputs of a resource: unknown, missing, of another kind. */
  check(token: string, inputs: Readonly<Record<string, unknown>>): Complaint[] {
    const fields = this.inputs(token);
    if (fields === null) return [{ property: '', reason: `there is no resource ${token}` }];
    return this.#checkRecord(fields, inputs, '');
  }

  /** A value of that shape as a cloud could answer it; `name` makes texts recognisable. */
  fill(shape: Shape, name: string): unknown {
    switch (shape.kind) {
      case 'string':
        return name;
      case 'number':
        return 0;
      case 'boolean':
        return false;
      case 'list':
        return [this.fill(shape.of, name)];
      case 'map':
        return {};
      case 'either':
        return this.fill(shape.of[0] ?? any, name);
      case 'record': {
        const fields = this.#record(shape.file, shape.name) ?? new Map<string, Field>();
        const required = [...fields].filter(([, field]) => field.isRequired);
        return Object.fromEntries(
          required.map(([key, field]) => [key, this.fill(field.shape, `${name}-${key}`)]),
        );
      }
      case 'any':
        return name;
    }
  }

  /** Names and values of what a resource answers inside a record that was given: an output has more fields than the input. */
  completion(shape: Shape, given: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
    const fields = shape.kind === 'record' ? this.#record(shape.file, shape.name) : null;
    const missing = [...(fields ?? [])].filter(
      ([key, field]) => field.isRequired && given[key] === undefined,
    );
    return Object.fromEntries(missing.map(([key, field]) => [key, this.fill(field.shape, `${name}-${key}`)]));
  }

  #ofResource(token: string, opening: (name: string) => string): Fields | null {
    const [, written = '', name = ''] = token.split(':');
    // The SDK keeps groups of Kubernetes under their first word: scheduling.k8s.io/v1 lies in scheduling/v1.
    const module = written.replace(/^([\w-]+)\.[\w.-]*k8s\.io\//, '$1/');
    const key = `${opening(name)} ${token}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Kubernetes names the group alone, the clouds the file as well.
    const named = module.toLowerCase().endsWith(`/${name.toLowerCase()}`) ? module : `${module}/${name}`;
    const text = this.#text(this.#fileOf(named));
    const at = text.indexOf(opening(name));
    const fields = at < 0 ? null : fieldsIn(blockFrom(text, text.indexOf('{', at)));
    this.#known.set(key, fields);
    return fields;
  }

  #record(file: 'input' | 'output', name: readonly string[]): Fields | null {
    const key = `${file} ${name.join('.')}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const spaces = name.slice(0, -1);
    const own = name.at(-1);
    const text = this.#text(`types/${file}.d.ts`);
    const from = spaces.reduce((at, space) => (at < 0 ? at : text.indexOf(`namespace ${space} {`, at)), 0);
    const at = from < 0 ? -1 : text.indexOf(`interface ${own} {`, from);
    const fields = at < 0 ? null : fieldsIn(blockFrom(text, text.indexOf('{', at)));
    this.#known.set(key, fields);
    return fields;
  }

  /** Initials of abbreviations are written one way in tokens and another way in names of files. */
  #fileOf(module: string): string {
    const wanted = `${path.basename(module)}.d.ts`.toLowerCase();
    const folder = path.dirname(module);
    try {
      const found = readdirSync(path.join(this.#folder, folder)).find(
        (file) => file.toLowerCase() === wanted,
      );
      return path.join(folder, found ?? wanted);
    } catch {
      return wanted;
    }
  }

  #text(file: string): string {
    let text = this.#texts.get(file);
    if (text === undefined) {
      try {
        text = readFileSync(path.join(this.#folder, file), 'utf8');
      } catch {
        text = '';
      }
      this.#texts.set(file, text);
    }
    return text;
  }

  #checkRecord(fields: Fields, value: Readonly<Record<string, unknown>>, place: string): Complaint[] {
    const at = (key: string): string => (place === '' ? key : `${place}.${key}`);
    const unknown = Object.keys(value)
      .filter((key) => !fields.has(key) && !key.startsWith('__'))
      .map((key) => ({ property: at(key), reason: 'there is no such input' }));
    const rest = [...fields].flatMap(([key, { isRequired, shape }]) => {
      const given = value[key];
      if (given === undefined || given === null)
        return isRequired ? [{ property: at(key), reason: 'is required and missing' }] : [];
      return this.#checkValue(shape, given, at(key));
    });
    return [...unknown, ...rest];
  }

  #checkValue(shape: Shape, given: unknown, place: string): Complaint[] {
    const value = unwrapped(given);
    if (value === undefined || shape.kind === 'any') return [];
    if (shape.kind === 'either') {
      const tried = shape.of.map((choice) => this.#checkValue(choice, value, place));
      return tried.some((complaints) => complaints.length === 0) ? [] : (tried[0] ?? []);
    }
    const wrong = [{ property: place, reason: `is no ${shape.kind}` }];
    switch (shape.kind) {
      case 'list':
        if (!Array.isArray(value)) return wrong;
        return value.flatMap((item, index) => this.#checkValue(shape.of, item, `${place}[${index}]`));
      case 'map':
        if (!isRecord(value)) return wrong;
        return Object.entries(value).flatMap(([key, item]) =>
          this.#checkValue(shape.of, item, `${place}.${key}`),
        );
      case 'record': {
        const fields = this.#record(shape.file, shape.name);
        if (fields === null) return [];
        return isRecord(value) ? this.#checkRecord(fields, value, place) : wrong;
      }
      default:
        // A number may come as text and a text as number: the wire does not mind, and the providers neither.
        return isScalar(value, shape.kind) ? [] : wrong;
    }
  }
}

function isScalar(value: unknown, kind: 'string' | 'number' | 'boolean'): boolean {
  return typeof value === kind || (kind === 'string' && isRecord(value) && signatureKey in value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is in a wrapped secret or output; undefined while it is not known. */
export function unwrapped(value: unknown): unknown {
  if (value === unknownValue) return undefined;
  if (isRecord(value) && signatureKey in value && 'value' in value) return unwrapped(value['value']);
  return value;
}

/** The same value with every secret and output inside unwrapped. */
export function plain(value: unknown): unknown {
  const inner = unwrapped(value);
  if (Array.isArray(inner)) return inner.map(plain);
  if (!isRecord(inner)) return inner;
  return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, plain(item)]));
}
