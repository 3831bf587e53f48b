/**
 * Suites: one file that holds several tests with what they have in common written once.
 * Owns: the form of a suite and taking it apart into scenarios. Does not own: the form of a scenario (schema.ts) or finding
 * files (scenario-file.ts).
 *
 * A test is a scenario: its keys replace those of `common`, its criteria come before the common ones.
 */
import { z } from 'zod';
import { ConfigError, type Problem } from '#campaigns/config-error.ts';
import { parseLocated } from '#campaigns/schema/problems.ts';
import { sentence } from '#campaigns/schema/record.ts';
import { benchmarkScenarioSchema, runScenarioSchema } from '#campaigns/schema.ts';
import type { Located, Path } from '#campaigns/yaml-reader.ts';
import { record, suggestion } from '#node/config-names.ts';

const keys = z.record(z.string(), z.unknown());

export const suiteSchema = record({
  suite: sentence('what the tests have in common'),
  common: keys
    .default({})
    .meta({ description: 'keys of a scenario that every test has unless it says otherwise' }),
  tests: z
    .array(keys)
    .min(1)
    .max(100)
    .meta({ description: 'scenarios without the common keys, each with an id' }),
});

/** Either key tells a suite, so that the other may be misspelt and be named. */
export function isSuite({ value }: Located): boolean {
  return typeof value === 'object' && value !== null && ('suite' in value || 'tests' in value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const benchmarkKeys = new Set(Object.keys(benchmarkScenarioSchema.shape));

/** A benchmark has no network and no load: of the common keys it takes those that it knows, and no criteria. */
function inherited(
  test: Readonly<Record<string, unknown>>,
  common: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (test['kind'] !== 'benchmark') return common;
  return Object.fromEntries(
    Object.entries(common).filter(([key]) => key !== 'criteria' && benchmarkKeys.has(key)),
  );
}

function scenarioOf(
  located: Located,
  index: number,
  own: Readonly<Record<string, unknown>>,
  common: Readonly<Record<string, unknown>>,
): Located {
  const shared = inherited(own, common);
  const first = list(own['criteria']);
  const rest = list(shared['criteria']);
  const criteria = first.length + rest.length === 0 ? {} : { criteria: [...first, ...rest] };
  /** Where a value of the scenario is written. */
  const written = (path: Path): Path => {
    const [key, position, ...inner] = path;
    if (key === undefined) return ['tests', index];
    if (key === 'criteria' && typeof position === 'number' && position >= first.length)
      return ['common', key, position - first.length, ...inner];
    return Object.hasOwn(own, key) || !Object.hasOwn(shared, key)
      ? ['tests', index, ...path]
      : ['common', ...path];
  };
  return {
    file: located.file,
    value: { ...shared, ...own, ...criteria },
    problems: [],
    readable: true,
    at: (path, message, remedy) => located.at(written(path), message, remedy),
    atKey: (path, message, remedy) => located.atKey(written(path), message, remedy),
  };
}

/** What a scenario cannot do without comes first: of two equally near names it is the likelier one. */
const runKeys = Object.entries(runScenarioSchema.shape)
  .sort(([, one], [, other]) => Number(one.isOptional()) - Number(other.isOptional()))
  .map(([key]) => key);

/**
 * Keys at `path` that no scenario knows. They are named before tests and common keys are put together: the key that was
 * meant may stand in the other part, and would then not be thought of.
 */
function strangers(
  located: Located,
  path: Path,
  written: Readonly<Record<string, unknown>>,
  elsewhere: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const known = written['kind'] === 'benchmark' ? [...benchmarkKeys] : runKeys;
  const absent = known
    .filter((key) => !Object.hasOwn(written, key))
    .sort((one, other) => Number(Object.hasOwn(elsewhere, one)) - Number(Object.hasOwn(elsewhere, other)));
  return Object.keys(written)
    .filter((key) => !runKeys.includes(key) && !benchmarkKeys.has(key))
    .map((key) => located.atKey([...path, key], `unknown key "${key}"`, suggestion(key, absent)));
}

/** The scenarios of a suite, each with the places of its keys in the file. Throws ConfigError. */
export function suiteScenarios(located: Located): readonly Located[] {
  const { value, problems } = parseLocated(suiteSchema, located);
  if (value === null) throw new ConfigError(problems);
  const unknown = [
    ...strangers(located, ['common'], value.common, {}),
    ...value.tests.flatMap((own, index) => strangers(located, ['tests', index], own, value.common)),
  ];
  if (unknown.length > 0) throw new ConfigError(unknown);
  return value.tests.map((own, index) => scenarioOf(located, index, own, value.common));
}
