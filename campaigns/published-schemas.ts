/**
 * The JSON Schemas that the product publishes, generated from the zod types.
 * Owns: which schemas there are and their names. Does not own: the types, or writing the files (scripts/json-schema.ts).
 */
import { z } from 'zod';
import { runResult } from '#campaigns/results/schema.ts';
import { calibrationSchema } from '#campaigns/schema/calibration.ts';
import { phaseSchema } from '#campaigns/schema/phase.ts';
import { scenarioSchema } from '#campaigns/schema.ts';
import { suiteSchema } from '#campaigns/suite-file.ts';

export interface PublishedSchema {
  /** In the folder schemas/. */
  readonly file: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

function published(file: string, title: string, type: z.ZodType): PublishedSchema {
  // 'input' is what a user writes: text with units, before it becomes numbers.
  const generated = z.toJSONSchema(type, { io: 'input', target: 'draft-2020-12' });
  const { $schema, ...rest } = generated;
  return { file, schema: { $schema, title, ...rest } };
}

export function publishedSchemas(): readonly PublishedSchema[] {
  return [
    published('scenario.schema.json', 'bft-scale scenario', scenarioSchema),
    published('suite.schema.json', 'bft-scale suite of scenarios', suiteSchema),
    published('phase.schema.json', 'bft-scale phase', phaseSchema),
    published('calibration.schema.json', 'bft-scale calibration', calibrationSchema),
    published('result.schema.json', 'bft-scale result of one run', runResult),
  ];
}
