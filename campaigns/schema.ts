/**
 * The format of a scenario: what users write and what the catalogue is written in.
 * Owns: the scenario record and reading one from text. Does not own: its parts (schema/), the checks between parts and
 * scale (scenario-checks.ts), the rows it expands to (resolve.ts).
 */
import { z } from 'zod';
import { nobodyHonest } from '#campaigns/cast.ts';
import {
  criteriaMost,
  faultsMost,
  messageBudgetMost,
  nodesMost,
  replicationsLeast,
  replicationsMost,
} from '#campaigns/limits.ts';
import type { ResourceProfile } from '#campaigns/run-spec.ts';
import { consensusSchema } from '#campaigns/schema/consensus.ts';
import { criterionSchema } from '#campaigns/schema/criterion.ts';
import { faultSchema } from '#campaigns/schema/fault.ts';
import {
  attackNames,
  resourceProfiles,
  scenarioId,
  targetNames,
  topologyNames,
} from '#campaigns/schema/names.ts';
import { networkSchema } from '#campaigns/schema/network.ts';
import {
  durationUs,
  oneOrMore,
  positiveDurationUs,
  sentence,
  share,
  sizeBytes,
  whole,
} from '#campaigns/schema/record.ts';
import { workloadSchema } from '#campaigns/schema/workload.ts';
import { record } from '#node/config-names.ts';

const identity = {
  id: scenarioId,
  title: sentence('one line for tables and reports'),
  source: sentence('the document and section it comes from').default('user'),
  notes: z.array(sentence('a demand of the source that no metric expresses')).max(20).default([]),
  repetitions: record({
    at_least: whole(replicationsLeast, replicationsMost, 'repetitions with different seeds'),
  }).default({
    at_least: replicationsLeast,
  }),
  criteria: z.array(criterionSchema).min(1).max(criteriaMost),
};

const onlyOn = record({
  targets: oneOrMore(z.enum(targetNames), 3),
  why: sentence('what of the question another target leaves out'),
})
  .meta({ description: 'the targets that can answer it, when not all can; elsewhere its rows are SKIPPED' })
  .optional();

const topology = z
  .union([
    z.enum(topologyNames),
    record({
      kind: z.enum(topologyNames),
      degree: whole(2, 1_024, 'neighbours of a node, where the kind leaves a choice').default(8),
    }),
  ])
  .meta({ description: 'who relays vertices to whom; sampling stays uniform over the members' })
  .transform((written) => (typeof written === 'string' ? { kind: written, degree: 8 } : written));

const byzantine = record({
  share: oneOrMore(share('floor(share x nodes) are attackers'), 20).prefault('0%'),
  attack: oneOrMore(z.enum(attackNames), 20).prefault('random'),
  clusters: whole(1, 1_000, 'clusters of colluding nodes').default(1),
  identities: whole(1, 1_000, 'member identities of one Sybil operator').default(10),
  exclusion: z.boolean().default(false).meta({ description: 'convicted peers are left out of sampling' }),
  half_life: positiveDurationUs(
    'in which half of what is held against a peer is forgotten; left out = a conviction is for good',
  ).optional(),
  conviction: z
    .enum(['misbehaviour', 'outcome'])
    .meta({
      description:
        'what convicts: answers that no honest node gives (the default), or a no to what that poll finalises',
    })
    .optional(),
}).superRefine((written, context) => {
  for (const share of written.share) {
    const refusal = nobodyHonest({ share }, null);
    if (refusal === null) continue;
    const { message, remedy } = refusal;
    context.addIssue({ code: 'custom', path: ['share'], message, params: { remedy } });
  }
});

const resources = z
  .union([
    z.enum(resourceProfiles.map((profile) => profile.name)),
    record({
      cpu: z.number().positive().max(1_024),
      memory: sizeBytes('of one node').refine((bytes) => bytes > 0, 'must not be 0'),
    }),
  ])
  .meta({ description: 'limits of one node' })
  .transform((written): ResourceProfile => {
    if (typeof written !== 'string')
      return { name: 'custom', cpuCores: written.cpu, memoryBytes: written.memory };
    return resourceProfiles.find((profile) => profile.name === written) ?? z.NEVER;
  });

export const runScenarioSchema = record({
  kind: z.literal('run').default('run'),
  ...identity,
  only_on: onlyOn,
  nodes: oneOrMore(whole(2, nodesMost, 'nodes of the network'), 20),
  network: oneOrMore(networkSchema, 20).prefault('lan'),
  topology: oneOrMore(topology, 20).prefault('mesh'),
  byzantine: byzantine.prefault({}),
  consensus: consensusSchema.prefault({}),
  resources: oneOrMore(resources, 20).prefault('standard'),
  service_times: z
    .enum(['calibration', 'none'])
    .default('calibration')
    .meta({ description: 'what computing costs: the figures of the calibration, or nothing' }),
  workload: workloadSchema,
  duration: record({
    warmup: durationUs('before the measured window').prefault('60s'),
    measure: positiveDurationUs('the measured window'),
    cooldown: durationUs('after the measured window').prefault('30s'),
  }),
  faults: z.array(faultSchema).max(faultsMost).default([]),
  message_budget: whole(
    1,
    messageBudgetMost,
    'messages of one repetition; left out = follows from the scale',
  ).optional(),
});

/** The benchmark suite against the baseline of this machine: nothing is deployed or simulated. */
export const benchmarkScenarioSchema = record({
  kind: z.literal('benchmark'),
  ...identity,
  command: sentence('for the reader: a command that measures the same by hand').optional(),
});

export const scenarioSchema = z.discriminatedUnion('kind', [runScenarioSchema, benchmarkScenarioSchema]);

export type RunScenario = z.output<typeof runScenarioSchema>;
export type BenchmarkScenario = z.output<typeof benchmarkScenarioSchema>;
export type Scenario = RunScenario | BenchmarkScenario;
