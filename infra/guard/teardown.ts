/**
 * The unattended teardown of a stack, started by a schedule when nobody is there: cancel, refresh, destroy, sweep by tag.
 * Owns: these steps, and that the sweep happens whatever Pulumi says: its state can have lost what a killed engine was creating.
 * Does not own: how leftovers are found and removed (sweep.ts). `node infra/guard/teardown.ts STACK REGION`
 */
import { spawnSync } from 'node:child_process';
import { type SweepResult, type SweptCloud, sweep } from '#infra/guard/sweep.ts';

/** Exit status of a command; its output goes to the log of the build. */
export type Run = (command: readonly string[]) => number;

export interface TeardownResult {
  readonly steps: readonly { readonly command: string; readonly status: number }[];
  readonly sweep: SweepResult;
  /** 0 = nothing is left, 31 = something is, or nobody could look. */
  readonly exitCode: 0 | 31;
}

/** Steps of Pulumi for a stack. The first two may fail: no lock to release, a cluster that does not answer. */
export function pulumiSteps(stack: string): readonly (readonly string[])[] {
  const common = ['--yes', '--stack', stack, '--non-interactive'];
  return [
    ['pulumi', 'cancel', '--yes', '--stack', stack],
    ['pulumi', 'refresh', ...common, '--clear-pending-creates', '--skip-preview'],
    ['pulumi', 'destroy', ...common, '--skip-preview', '--continue-on-error'],
  ];
}

export async function teardown(stack: string, run: Run, cloud: SweptCloud): Promise<TeardownResult> {
  const steps = pulumiSteps(stack).map((command) => ({ command: command.join(' '), status: run(command) }));
  const swept = await sweep(cloud, stack);
  return { steps, sweep: swept, exitCode: swept.left.length === 0 && swept.failures.length === 0 ? 0 : 31 };
}

async function main(): Promise<void> {
  const [stack, region] = process.argv.slice(2);
  if (stack === undefined || region === undefined || !/^[\w-]{1,64}$/.test(stack)) {
    process.stderr.write('usage: node infra/guard/teardown.ts STACK REGION\n');
    process.exitCode = 20;
    return;
  }
  const { sweptAws } = await import('#infra/guard/swept-aws.ts');
  const run: Run = ([program = '', ...words]) => spawnSync(program, words, { stdio: 'inherit' }).status ?? 1;
  const result = await teardown(stack, run, sweptAws({ region }));
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = result.exitCode;
}

if (import.meta.main) await main();
