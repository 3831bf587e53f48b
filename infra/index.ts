/**
 * Entry point of `pulumi up`: hands configuration and clock to the program and exports its outputs.
 * Owns: reading from Pulumi, and turning an operational error into one line without a stack trace. Does not own: the program.
 * With BFT_SCALE_DEBUG set errors carry stack traces, and `pulumi up --debug` shows the SDK's own messages.
 */
import * as pulumi from '@pulumi/pulumi';

async function run(): Promise<Record<string, pulumi.Input<unknown>>> {
  // Three calls to the engine for every resource: a quarter of all CPU.
  if (process.env['BFT_SCALE_DEBUG'] === undefined) Reflect.set(pulumi.log, 'debug', () => Promise.resolve());
  // Pulumi.yaml has it at 0: the SDK makes a stack for every promise.
  else Error.stackTraceLimit = 25;
  // The program host maps stacks through source maps. Types are stripped in place, so that there is nothing to map.
  Reflect.set(Error, 'prepareStackTrace', undefined);
  const { runProgram } = await import('#infra/program.ts');
  const { ConfigError } = await import('#node/config-problem.ts');
  const { BudgetError } = await import('#budgets/budget-error.ts');
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
