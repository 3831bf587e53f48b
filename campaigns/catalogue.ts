/**
 * What `list` and `show` answer: the catalogue at a glance, and one scenario with every default resolved.
 * Owns: these two answers. Does not own: printing them (cli.ts), loading (scenario-file.ts), rendering (scenario-text.ts).
 */
import { type ResolvedRow, type ResolveOptions, resolveScenario } from '#campaigns/resolve.ts';
import {
  type CatalogueEntry,
  findScenario,
  loadCatalogue,
  loadPhase,
  phaseNames,
} from '#campaigns/scenario-file.ts';
import { rowText } from '#campaigns/scenario-text.ts';
import { formatDurationUs, formatShare } from '#campaigns/units.ts';

export interface CatalogueLine {
  readonly id: string;
  readonly title: string;
  readonly family: string;
  readonly source: string;
  /** As text: "100, 500, 1000"; empty for benchmarks. */
  readonly nodes: string;
  readonly byzantine: string;
  readonly network: string;
  readonly measure: string;
  /** Of a benchmark: the command that answers it. */
  readonly command: string | null;
  /** Phases that carry it. */
  readonly phases: readonly string[];
  /** Sizes that phases only simulate, to compare with, by phase. */
  readonly compared_with: Readonly<Record<string, readonly number[]>>;
  readonly criteria: number;
  readonly file: string;
}

/** Every scenario of the catalogue, by family and id. */
export function listCatalogue(
  catalogue: readonly CatalogueEntry[] = loadCatalogue(),
): readonly CatalogueLine[] {
  const phases = phaseNames().map((name) => loadPhase(name, catalogue));
  return catalogue.map((entry) => {
    const carrying = phases.filter((phase) =>
      [...phase.scenarios, ...phase.overlap].some(({ scenario }) => scenario === entry.id),
    );
    const compared = carrying.flatMap(({ id, scenarios }): [string, readonly number[]][] => {
      const sizes = scenarios.filter(({ scenario }) => scenario === entry.id);
      const others = sizes.flatMap(({ compared_with }) => compared_with ?? []);
      return others.length === 0 ? [] : [[id, others]];
    });
    const phaseIds = carrying.map(({ id }) => id);
    return { ...lineOf(entry), phases: phaseIds, compared_with: Object.fromEntries(compared) };
  });
}

function lineOf({
  id,
  family,
  file,
  scenario,
}: CatalogueEntry): Omit<CatalogueLine, 'phases' | 'compared_with'> {
  const common = {
    id,
    title: scenario.title,
    family,
    source: scenario.source,
    criteria: scenario.criteria.length,
    command: scenario.kind === 'benchmark' ? `npm run campaign measure -- ${scenario.id}` : null,
    file,
  };
  if (scenario.kind === 'benchmark') return { ...common, nodes: '', byzantine: '', network: '', measure: '' };
  const attacks = scenario.byzantine.attack.join(', ');
  const shares = scenario.byzantine.share.map(formatShare).join(', ');
  return {
    ...common,
    nodes: scenario.nodes.join(', '),
    byzantine: scenario.byzantine.share.every((share) => share === 0) ? '0%' : `${shares} ${attacks}`,
    network: scenario.network.map(({ name }) => name).join(', '),
    measure: formatDurationUs(scenario.duration.measure),
  };
}

export interface ShownScenario {
  readonly id: string;
  readonly title: string;
  readonly notes: readonly string[];
  readonly rows: readonly ResolvedRow[];
  /** One YAML document for each row, each a complete scenario file. */
  readonly yaml: string;
}

/** A scenario of the catalogue or of a file with every default resolved. Throws ConfigError. */
export function showScenario(idOrFile: string, options: ResolveOptions = { seed: 1 }): ShownScenario {
  const scenario = findScenario(idOrFile);
  const rows = resolveScenario(scenario, options);
  const notes = [
    ...scenario.notes,
    ...scenario.criteria.flatMap(({ criterion: { metric, note } }) =>
      note === null ? [] : [`${metric}: ${note}`],
    ),
  ];
  const head = scenario.notes.map((note) => `# note: ${note}\n`).join('');
  return {
    id: scenario.id,
    title: scenario.title,
    notes,
    rows,
    yaml: head + rows.map(rowText).join('---\n'),
  };
}
