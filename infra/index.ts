/**
 * Entry point of `pulumi up`: hands configuration and clock to the program and exports its outputs.
 * Owns: reading from Pulumi, and turning an operational error into one line without a stack trace. Does not own: the program.
 */
import { enableCompileCache } from 'node:module';
import * as pulumi from '@pulumi/pulumi';

async function run(): Promise<Record<string, pulumi.Input<unknown>>> {
  // The SDKs of the clouds are thousands of modules: most of the program's time was compiling them, every time.
  enableCompileCache();
  // The program host maps the stack of every promise it makes through source maps: a third of all CPU. Types are stripped in place,
  // so that there is nothing to map.
  Reflect.set(Error, 'prepareStackTrace', undefined);
  // Only `--debug` shows the SDK's own messages, three calls to the engine for every resource: a quarter of all CPU.
  if (process.env['BFT_SCALE_DEBUG'] === undefined) Reflect.set(pulumi.log, 'debug', () => Promise.resolve());
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
