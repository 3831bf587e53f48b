/**
 * A phase: which scenarios run at which sizes, on which stack, under which limits of money.
 * Owns: the written form. Does not own: the scenarios (scenarios/), prices or forecasts (budgets/).
 */
import { z } from 'zod';
import { nodesMost } from '#campaigns/limits.ts';
import { attackNames, scenarioId, targetNames } from '#campaigns/schema/names.ts';
import {
  oneOrMore,
  positiveDurationUs,
  quantity,
  quantityOrNumber,
  sentence,
  share,
  whole,
} from '#campaigns/schema/record.ts';
import { parseCount, parseRange, parseUsdMicros } from '#campaigns/units.ts';
import { record } from '#node/config-names.ts';

const usdMicros = quantity(parseUsdMicros, {
  description: 'US dollars; micro-dollars inside',
  examples: ['$10,000'],
  pattern: '^\\$[\\d,]+(\\.\\d+)?$',
});

const countRange = (
  description: string,
  example: string,
): z.ZodType<readonly [number, number], string | number> =>
  quantityOrNumber((text) => parseRange(text, parseCount), {
    description,
    examples: [example],
    pattern: '^\\d+(\\.\\.\\d+)?$',
  });

export const phaseSchema = record({
  id: z
    .string()
    .regex(/^phase\d{1,2}$/)
    .meta({ description: 'phase1, phase2, ...' }),
  title: sentence('what the phase is for'),
  source: sentence('where its matrix comes from'),
  stack: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/)
    .meta({ description: 'name of the Pulumi stack' }),
  nodes: countRange('sizes the phase carries', '100..500'),
  vms: countRange('virtual machines the stack may use; 0 = this machine', '250..350'),
  target: z.enum(targetNames).meta({ description: 'where the phase runs unless --target says otherwise' }),
  window: positiveDurationUs('longest stretch the cloud may be up').optional(),
  simulated_within: positiveDurationUs(
    'how long simulating it may take on two cores that do nothing else; message budgets follow from it',
  ).optional(),
  within: positiveDurationUs(
    'how long the whole phase may take by the clock; an overlap row that no longer fits is not measured, and says so',
  ).optional(),
  budget: record({
    campaign: usdMicros,
    run: usdMicros,
    alerts: z.array(usdMicros).max(10).meta({ description: 'amounts that raise an alert' }),
  }).refine((budget) => budget.run <= budget.campaign, { message: 'a run may cost more than the campaign' }),
  scenarios: z
    .array(
      record({
        scenario: scenarioId,
        nodes: oneOrMore(whole(2, nodesMost, 'nodes'), 20).optional(),
        compared_with: oneOrMore(
          whole(2, nodesMost, 'nodes of a row that is only simulated, for criteria over several sizes'),
          20,
        ).optional(),
        byzantine: oneOrMore(share('Byzantine nodes'), 20).optional(),
        attack: oneOrMore(z.enum(attackNames), 20).optional(),
        reason: sentence('why the row differs from the scenario; part of its label').optional(),
      }),
    )
    .min(1)
    .max(100),
  overlap: z
    .array(
      record({
        scenario: scenarioId,
        nodes_per_process: whole(
          1,
          1_024,
          'nodes that share a process; left out = the target chooses',
        ).optional(),
      }),
    )
    .max(100)
    .default([])
    .meta({ description: 'small enough for this machine: simulated and measured, and the error published' }),
});

export type Phase = z.output<typeof phaseSchema>;
