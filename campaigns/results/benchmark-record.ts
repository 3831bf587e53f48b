/**
 * What a benchmark leaves behind: the figures of one repetition, the machine they are of, the baseline they are held against.
 * Owns: these shapes, the words for a machine, where its baseline lies. Does not own: measuring (campaigns/targets/benchmark), files (baseline-file.ts), judging.
 */
import { z } from 'zod';

const figure = z.number();

export const machineRecord = z.strictObject({
  cpu: z.string(),
  cores: figure,
  memoryGiB: figure,
  platform: z.string(),
  node: z.string(),
});
export type Machine = z.infer<typeof machineRecord>;

export function machineText({ cpu, cores, memoryGiB, platform, node }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`;
}

/** Relative to the folder of the campaigns: "baselines/intel-r-xeon-r-processor-2-cores-linux-x64-node-v26.10.0.json" */
export function baselinePath({ cpu, cores, platform, node }: Machine): string {
  const key = `${cpu} ${cores} cores ${platform} node ${node}`.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-');
  return `baselines/${key.replaceAll(/^-|-$/g, '')}.json`;
}

/** Figures of one machine that later runs are compared with: one value per figure and repetition, medians of its samples. */
export const benchmarkBaseline = z.strictObject({
  saved_at: z.string().describe('ISO 8601 UTC'),
  campaign: z.string().describe('the campaign that measured it'),
  code_version: z.string(),
  machine: machineRecord,
  reference_ns: z.array(figure.positive()).min(1).describe('one value per repetition'),
  figures: z
    .record(z.string(), z.array(figure.positive()).min(1))
    .describe('by figure: the medians of the repetitions, in the unit of the figure'),
});
export type BenchmarkBaseline = z.infer<typeof benchmarkBaseline>;

export const benchmarkGroups = ['vertex', 'graph', 'consensus', 'storage', 'hashing'] as const;
export type BenchmarkGroup = (typeof benchmarkGroups)[number];

export const benchmarkRecord = z.strictObject({
  machine: machineRecord,
  load_average: figure.describe('runnable processes of the machine over the last minute, when it began'),
  reference_ns: figure.describe('one link of a chain of integer operations: how fast a core was'),
  figures: z.array(
    z.strictObject({
      id: z.string(),
      group: z.enum(benchmarkGroups),
      title: z.string(),
      unit: z.string(),
      better: z.enum(['higher', 'lower']),
      median: figure,
      lowest: figure,
      highest: figure,
      samples: figure,
    }),
  ),
  baseline: benchmarkBaseline
    .nullable()
    .describe('as it was when the campaign was planned; null = there was none of this machine'),
});
export type BenchmarkRecord = z.infer<typeof benchmarkRecord>;
