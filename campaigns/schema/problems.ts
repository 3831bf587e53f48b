/**
 * From zod's issues to problems with a place, a sentence and a remedy.
 * Owns: the wording of every schema error. Does not own: the schemas (record.ts and the nouns beside it).
 */
import type { z } from 'zod';
import type { Problem } from '#campaigns/config-error.ts';
import type { Located, Path } from '#campaigns/yaml-reader.ts';
import { knownKeysOf, nearestName, suggestion } from '#node/config-names.ts';

type Issue = z.core.$ZodIssue;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a record of keys';
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`;
  return `${value}`;
}

const expectedNames: Readonly<Record<string, string>> = {
  object: 'a record of keys',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function expectedName(expected: string): string {
  return expectedNames[expected] ?? expected;
}

function pathOf(issue: Issue, base: Path): Path {
  return [...base, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
}

function hasOwnWording(issue: Issue): boolean {
  return !/^(Invalid|Too|Unrecognized|Number must)/.test(issue.message);
}

/** Turns issues into problems; a missing key whose misspelling is present is reported once, at the misspelling. */
export class IssueReader {
  private readonly located: Located;
  readonly problems: Problem[] = [];

  constructor(located: Located) {
    this.located = located;
  }

  read(issues: readonly Issue[], base: Path): void {
    const explained = new Set<string>();
    for (const issue of issues) {
      if (issue.code === 'unrecognized_keys') this.readUnknownKeys(issue, base, issues, explained);
    }
    for (const issue of issues) {
      if (issue.code === 'unrecognized_keys') continue;
      const path = pathOf(issue, base);
      if (issue.input === undefined && explained.has(JSON.stringify(path))) continue;
      this.readIssue(issue, path);
    }
  }

  private readUnknownKeys(
    issue: Extract<Issue, { code: 'unrecognized_keys' }>,
    base: Path,
    issues: readonly Issue[],
    explained: Set<string>,
  ): void {
    const parent = pathOf(issue, base);
    const known = knownKeysOf(issue.message);
    const present = isRecord(issue.input) ? new Set(Object.keys(issue.input)) : new Set<string>();
    const keyOf = (name: string): string => JSON.stringify([...parent, name]);
    const complaints = new Set(
      issues.filter(({ input }) => input === undefined).map((other) => JSON.stringify(pathOf(other, base))),
    );
    const absent = known.filter((name) => !present.has(name));
    // Of two names as near, the one that is required and missing was meant.
    const missing = absent.filter((name) => complaints.has(keyOf(name)));
    for (const key of issue.keys) {
      const nearest = nearestName(key, [...missing, ...absent]);
      if (nearest !== null) explained.add(keyOf(nearest));
      const remedy = nearest === null ? suggestion(key, known) : `did you mean "${nearest}"?`;
      this.problems.push(
        this.located.atKey([...parent, key], `unknown key ${JSON.stringify(key.slice(0, 60))}`, remedy),
      );
    }
  }

  private readIssue(issue: Issue, path: Path): void {
    if (issue.code === 'invalid_union') {
      this.readUnion(issue, path);
      return;
    }
    const { message, remedy } = wordingOf(issue);
    this.problems.push(this.located.at(path, message, remedy));
  }

  private readUnion(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path): void {
    if ('discriminator' in issue && typeof issue.discriminator === 'string') {
      this.readDiscriminator(issue, path, issue.discriminator);
      return;
    }
    // The branch that was meant is the one whose complaint is not about the type of the whole.
    const ofWhole = (inner: Issue): boolean =>
      inner.path.length === 0 &&
      (inner.code === 'invalid_type' || (inner.code === 'invalid_value' && typeof inner.input !== 'string'));
    const meant = issue.errors.find((branch) => !branch.some(ofWhole));
    if (meant !== undefined && issue.input !== undefined) {
      this.read(meant, path);
      return;
    }
    const types = issue.errors.flat().flatMap((inner) => {
      if (inner.code === 'invalid_type') return [expectedName(inner.expected)];
      return inner.code === 'invalid_value' ? [`one of ${inner.values.map(String).join(', ')}`] : [];
    });
    const expected = `expected ${[...new Set(types)].join(' or ')}`;
    if (issue.input === undefined) this.problems.push(this.located.at(path, 'is missing', expected));
    else this.problems.push(this.located.at(path, `${expected}, found ${typeName(issue.input)}`));
  }

  private readDiscriminator(
    issue: Extract<Issue, { code: 'invalid_union' }>,
    path: Path,
    discriminator: string,
  ): void {
    // A discriminator with a default also lists undefined as an option.
    const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
    const known = options.filter((option) => option !== undefined).map(String);
    const input = isRecord(issue.input) ? issue.input : {};
    const found = input[discriminator];
    if (found !== undefined) {
      const { message, remedy } = choiceWording(found, known);
      this.problems.push(this.located.at(path, message, remedy));
      return;
    }
    const parent = path.slice(0, -1);
    const misspelt = nearestName(discriminator, Object.keys(input));
    if (misspelt === null) {
      this.problems.push(this.located.at(path, 'is missing', `one of ${known.join(', ')}`));
    } else {
      const message = `unknown key ${JSON.stringify(misspelt.slice(0, 60))}`;
      const remedy = `did you mean "${discriminator}"?`;
      this.problems.push(this.located.atKey([...parent, misspelt], message, remedy));
    }
  }
}

interface Wording {
  readonly message: string;
  readonly remedy: string;
}

function wordingOf(issue: Issue): Wording {
  const plain = (message: string, remedy = ''): Wording => ({ message, remedy });
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return plain('is missing', `expected ${expectedName(issue.expected)}`);
      if (hasOwnWording(issue)) return plain(issue.message);
      return plain(`expected ${expectedName(issue.expected)}, found ${typeName(issue.input)}`);
    case 'invalid_value':
      return choiceWording(issue.input, issue.values.map(String));
    case 'too_small': {
      const bound = issue.inclusive === false ? 'more than' : 'at least';
      return plain(`must be ${bound} ${issue.minimum}${unitOf(issue.origin)}, found ${sizeOf(issue.input)}`);
    }
    case 'too_big': {
      const bound = issue.inclusive === false ? 'less than' : 'at most';
      return plain(`must be ${bound} ${issue.maximum}${unitOf(issue.origin)}, found ${sizeOf(issue.input)}`);
    }
    case 'custom': {
      const remedy = issue.params?.['remedy'];
      return plain(issue.message, typeof remedy === 'string' ? remedy : '');
    }
    case 'invalid_format':
      return plain(
        `${typeName(issue.input)} has the wrong form`,
        `expected ${issue.pattern ?? issue.format}`,
      );
    default:
      return plain(issue.message);
  }
}

function choiceWording(input: unknown, known: readonly string[]): Wording {
  if (input === undefined) return { message: 'is missing', remedy: `one of ${known.join(', ')}` };
  const remedy = typeof input === 'string' ? suggestion(input, known) : `known: ${known.join(', ')}`;
  return { message: `${typeName(input)} is not known here`, remedy };
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  if (origin === 'array') return ' items long';
  return '';
}

function sizeOf(input: unknown): string {
  if (typeof input === 'string' || Array.isArray(input)) return `${input.length}`;
  return `${input}`;
}

/**
 * All problems of a located value under a schema, those of its text first; or the parsed value.
 * A schema problem at a place the text already has a problem with is an echo and left out.
 */
export function parseLocated<T>(
  schema: z.ZodType<T>,
  located: Located,
): { readonly value: T | null; readonly problems: readonly Problem[] } {
  if (!located.readable) return { value: null, problems: located.problems };
  if (located.value === null || located.value === undefined) {
    const echo = located.problems.length > 0;
    return { value: null, problems: echo ? located.problems : [located.at([], 'is empty')] };
  }
  const parsed = schema.safeParse(located.value, { reportInput: true });
  const problems = [...located.problems];
  if (!parsed.success) {
    const reader = new IssueReader(located);
    reader.read(parsed.error.issues, []);
    const reported = located.problems.map((problem) => problem.path);
    for (const problem of reader.problems) {
      const echo = reported.some((path) => problem.path === path || path.startsWith(`${problem.path}.`));
      if (!echo) problems.push(problem);
    }
  }
  return { value: parsed.success && problems.length === 0 ? parsed.data : null, problems };
}
