/**
 * Entry point of `pulumi up`: hands configuration and clock to the program and exports its outputs.
 * Owns: reading from Pulumi, and turning an operational error into one line without a stack trace. Does not own: the program.
 */
import * as pulumi from '@pulumi/pulumi';
import { BudgetError } from '#budgets/budget-error.ts';
import { runProgram } from '#infra/program.ts';
import { ConfigError } from '#node/config-problem.ts';

async function run(): Promise<Record<string, pulumi.Input<unknown>>> {
  try {
    return await runProgram({
      stack: pulumi.getStack(),
      config: pulumi.runtime.allConfig(),
      now: `${new Date().toISOString().slice(0, 19)}Z`,
    });
  } catch (error) {
    if (error instanceof ConfigError || error instanceof BudgetError)
      throw new pulumi.RunError(error.message);
    throw error;
  }
}

/** One record: outputs differ between platforms, exported names cannot. */
export const network = await run();
