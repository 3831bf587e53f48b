/**
 * Entry point of the guard project: `pulumi up --cwd infra/guard`.
 * Owns: reading from Pulumi, one line per operational error. Does not own: the program (guard-program.ts).
 */
import * as pulumi from '@pulumi/pulumi';
import { type GuardOutputs, runGuard } from '#infra/guard/guard-program.ts';
import { ConfigError } from '#node/config-problem.ts';

function run(): GuardOutputs {
  try {
    return runGuard(pulumi.getStack(), pulumi.runtime.allConfig());
  } catch (error) {
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

export const guard = run();
