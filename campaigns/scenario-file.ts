/**
 * Scenario and phase files: the catalogue of the product and files of users, read the same way.
 * Owns: finding, reading and checking them. Does not own: the formats (schema.ts, schema/phase.ts) or the rows (resolve.ts).
 * Every function throws ConfigError (exit 20) with all problems of a file, and nothing else.
 */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, optionProblem, type Problem } from '#campaigns/config-error.ts';
import { idRemedy, scenarioFindings } from '#campaigns/scenario-checks.ts';
import { type Phase, phaseSchema } from '#campaigns/schema/phase.ts';
import { parseLocated } from '#campaigns/schema/problems.ts';
import {
  benchmarkScenarioSchema,
  runScenarioSchema,
  type Scenario,
  scenarioSchema,
} from '#campaigns/schema.ts';
import { isSuite, suiteScenarios } from '#campaigns/suite-file.ts';
import { catalogueName, cataloguePhase } from '#campaigns/whole-catalogue.ts';
import { type Located, readConfiguration, readConfigurationText } from '#campaigns/yaml-reader.ts';
import { nearestName } from '#node/config-names.ts';

const here = dirname(fileURLToPath(import.meta.url));
const scenarioFolder = join(here, 'scenarios');
const phaseFolder = join(here, 'phases');
const repository = dirname(here);

export interface CatalogueEntry {
  readonly id: string;
  /** The folder: load, stress, soak, ... */
  readonly family: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Read and checked when it is first asked for; throws ConfigError then. */
  readonly scenario: Scenario;
}

const scenarioKeys = new Set([
  ...Object.keys(runScenarioSchema.shape),
  ...Object.keys(benchmarkScenarioSchema.shape),
]);

/** A scenario without `kind` is one that runs, unless a key looks like a misspelt `kind`. */
function withDefaultKind(located: Located): Located {
  const { value } = located;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return located;
  const strangers = Object.keys(value).filter((key) => !scenarioKeys.has(key));
  const misspelt = nearestName('kind', strangers) !== null;
  return 'kind' in value || misspelt ? located : { ...located, value: { kind: 'run', ...value } };
}

/** Reads and checks a scenario from text; `file` only names it in problems. */
export function readScenario(text: string, file: string): Scenario {
  return checkedScenario(readConfiguration(text, file));
}

/** The scenarios of a file: one, or all of a suite. */
export function readScenarios(text: string, file: string): readonly Scenario[] {
  const located = readConfiguration(text, file);
  return isSuite(located) ? suiteScenarios(located).map(checkedScenario) : [checkedScenario(located)];
}

function checkedScenario(located: Located): Scenario {
  const { value, problems } = parseLocated(scenarioSchema, withDefaultKind(located));
  if (value === null) throw new ConfigError(problems);
  const findings = scenarioFindings(value);
  if (findings.length > 0)
    throw new ConfigError(findings.map((found) => located.at(found.path, found.message, found.remedy)));
  return value;
}

/** Reads a user's scenario file, YAML or JSON. */
export function loadScenarioFile(path: string): Scenario {
  return readScenario(readConfigurationText(path), path);
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(folder, name));
}

let known: readonly CatalogueEntry[] | null = null;

/** All scenarios of the catalogue, by id. Read once: the product's own files do not change under a command. */
export function loadCatalogue(): readonly CatalogueEntry[] {
  known ??= readCatalogue();
  return known;
}

/**
 * The ids of a file without parsing the rest: a phase names a few scenarios, and only those are read and checked in full.
 * Keys of a scenario stand at the margin, those of a test of a suite four columns in.
 */
function idsOf(text: string): readonly string[] {
  const key = /^suite:/m.test(text)
    ? /^(?: {4}| {2}- )id: ([A-Z][A-Z0-9-]+)$/gm
    : /^id: ([A-Z][A-Z0-9-]+)$/gm;
  return [...text.matchAll(key)].map((match) => match[1]!);
}

function entriesOf(path: string): readonly CatalogueEntry[] {
  const file = relative(repository, path);
  const text = readConfigurationText(path);
  let scenarios: readonly Scenario[] | null = null;
  const read = (): readonly Scenario[] => {
    scenarios ??= readScenarios(text, file);
    return scenarios;
  };
  const written = idsOf(text);
  const ids = written.length > 0 ? written : read().map(({ id }) => id);
  return ids.map((id, index) => ({
    id,
    family: basename(dirname(path)),
    file,
    get scenario() {
      return read()[index]!;
    },
  }));
}

function readCatalogue(): readonly CatalogueEntry[] {
  const entries = yamlFiles(scenarioFolder).flatMap(entriesOf);
  const problems: Problem[] = [];
  const fileOf = new Map<string, string>();
  for (const { id, file } of entries) {
    const other = fileOf.get(id);
    if (other !== undefined) {
      problems.push({
        file,
        line: 1,
        column: 1,
        path: 'id',
        message: `${id} is also the id of ${other}`,
        remedy: 'number one of them anew',
      });
    }
    fileOf.set(id, file);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return entries;
}

/** A scenario by its catalogue id, or from a file when the name looks like one. */
export function findScenario(idOrFile: string): Scenario {
  if (/[./\\]/.test(idOrFile)) return loadScenarioFile(idOrFile);
  const catalogue = loadCatalogue();
  const entry = catalogue.find(({ id }) => id === idOrFile.toUpperCase());
  if (entry !== undefined) return entry.scenario;
  const known = catalogue.map(({ id }) => id);
  throw new ConfigError([
    optionProblem(
      'scenario',
      `${JSON.stringify(idOrFile.slice(0, 60))} is not in the catalogue`,
      idRemedy(idOrFile, known),
    ),
  ]);
}

/** phase1, phase2, ... in order. */
export function phaseNames(): readonly string[] {
  return yamlFiles(phaseFolder).map((path) => basename(path, '.yaml'));
}

/** Reads and checks a phase from text against the scenarios it may name. */
export function readPhase(text: string, file: string, catalogue: readonly CatalogueEntry[]): Phase {
  const located = readConfiguration(text, file);
  const { value, problems } = parseLocated(phaseSchema, located);
  if (value === null) throw new ConfigError(problems);
  const found = phaseProblems(value, located, catalogue);
  if (found.length > 0) throw new ConfigError(found);
  return value;
}

function phaseProblems(phase: Phase, located: Located, catalogue: readonly CatalogueEntry[]): Problem[] {
  const problems: Problem[] = [];
  const known = catalogue.map(({ id }) => id);
  const [least, most] = phase.nodes;
  for (const [index, row] of phase.overlap.entries()) {
    if (known.includes(row.scenario)) continue;
    const message = `${row.scenario} is not in the catalogue`;
    problems.push(located.at(['overlap', index, 'scenario'], message, idRemedy(row.scenario, known)));
  }
  problems.push(...comparisonProblems(phase, located, catalogue));
  for (const [index, row] of phase.scenarios.entries()) {
    const path = ['scenarios', index];
    const entry = catalogue.find(({ id }) => id === row.scenario);
    if (entry === undefined) {
      problems.push(
        located.at(
          [...path, 'scenario'],
          `${row.scenario} is not in the catalogue`,
          idRemedy(row.scenario, known),
        ),
      );
      continue;
    }
    const own = entry.scenario.kind === 'run' ? entry.scenario.nodes : [];
    for (const nodes of row.nodes ?? own) {
      if (nodes >= least && nodes <= most) continue;
      const message = `${row.scenario} at ${nodes} nodes is outside of the phase's ${least}..${most}`;
      problems.push(
        located.at(
          [...path, row.nodes === undefined ? 'scenario' : 'nodes'],
          message,
          'name sizes with nodes: [...]',
        ),
      );
    }
  }
  return problems;
}

/** Sizes to compare with that are judged anyway would be the same runs twice. */
function comparisonProblems(
  phase: Phase,
  located: Located,
  catalogue: readonly CatalogueEntry[],
): readonly Problem[] {
  const scenarioOf = (id: string): Scenario | undefined => catalogue.find((one) => one.id === id)?.scenario;
  const judged = phase.scenarios.flatMap(({ scenario, nodes }) => {
    const base = scenarioOf(scenario);
    const sizes = nodes ?? (base?.kind === 'run' ? base.nodes : []);
    return sizes.map((size) => `${scenario} at ${size} nodes`);
  });
  const seen = new Set(judged);
  return phase.scenarios.flatMap((row, index) =>
    (row.compared_with ?? []).flatMap((nodes) => {
      const place = ['scenarios', index, 'compared_with'];
      if (scenarioOf(row.scenario)?.kind === 'benchmark')
        return [located.at(place, `${row.scenario} is a benchmark and has no size`, 'leave it out')];
      const name = `${row.scenario} at ${nodes} nodes`;
      if (seen.has(name))
        return [located.at(place, `${name} is in the phase already`, 'leave that size out')];
      seen.add(name);
      return [];
    }),
  );
}

/** Reads a phase by its name; "catalogue" is all of it. */
export function loadPhase(name: string, catalogue: readonly CatalogueEntry[] = loadCatalogue()): Phase {
  if (name === catalogueName) return cataloguePhase(catalogue);
  const names = phaseNames();
  if (!names.includes(name)) {
    throw new ConfigError([
      optionProblem('phase', `${JSON.stringify(name.slice(0, 60))} is not a phase`, idRemedy(name, names)),
    ]);
  }
  const path = join(phaseFolder, `${name}.yaml`);
  return readPhase(readConfigurationText(path), relative(repository, path), catalogue);
}
