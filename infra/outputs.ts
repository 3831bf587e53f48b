/**
 * The outputs of a stack: what the campaign reads after `up`, and what a person sees.
 * Owns: their names and shapes. Does not own: secrets, which are never outputs, or lists that grow with the network.
 */
import type * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';

export const stackOutputs = z.object({
  stack: z.string(),
  platform: z.string(),
  nodes: z.int(),
  shards: z.int(),
  /** Instant of the teardown, ISO in whole seconds. */
  deadline: z.string(),
  /** What the stack costs at most until then, in dollars; "0.00" on this machine. */
  worstCaseUsd: z.string(),
});
export type StackOutputs = z.infer<typeof stackOutputs>;

export type ProgramOutputs = Readonly<Record<keyof StackOutputs, pulumi.Input<unknown>>> &
  Readonly<Record<string, pulumi.Input<unknown>>>;
