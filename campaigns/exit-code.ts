/**
 * What a command tells the shell: every exit code, its meaning, and which one wins when several apply.
 * Owns: the table. Does not own: deciding that an outcome occurred (operator.ts, analysis).
 */
import type { TestStatus } from '#campaigns/results/schema.ts';

export const exitCodes = {
  passed: 0,
  failed: 10,
  inconclusive: 11,
  invalid: 20,
  overBudget: 21,
  stoppedByGuard: 22,
  approvalMissing: 23,
  deployFailed: 30,
  teardownIncomplete: 31,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Loudest first: an unfinished teardown costs money, whatever the verdict is. */
const precedence: readonly ExitCode[] = [130, 31, 22, 30, 20, 21, 23, 10, 11, 0];

/** The one code for everything that applies; 0 when nothing does. */
export function loudest(codes: readonly ExitCode[]): ExitCode {
  return precedence.find((code) => codes.includes(code)) ?? exitCodes.passed;
}

/** Codes as a journal stored them; an unknown number is "invalid". */
export function knownExitCodes(codes: readonly number[]): ExitCode[] {
  const known = Object.values(exitCodes);
  return codes.map((code) => known.find((candidate) => candidate === code) ?? exitCodes.invalid);
}

/** Only PASSED is green; a SKIPPED or ABORTED run answered nothing. */
export function exitCodeOfStatus(status: TestStatus): ExitCode {
  switch (status) {
    case 'PASSED':
      return exitCodes.passed;
    case 'FAILED':
      return exitCodes.failed;
    case 'INCONCLUSIVE':
    case 'ABORTED':
    case 'SKIPPED':
      return exitCodes.inconclusive;
  }
}

/** For the last line of a command. */
export function meaningOf(code: ExitCode): string {
  switch (code) {
    case 0:
      return 'passed';
    case 10:
      return 'at least one criterion failed';
    case 11:
      return 'inconclusive: an assumption was not met';
    case 20:
      return 'invalid configuration or use';
    case 21:
      return 'over budget';
    case 22:
      return 'stopped by the budget guard';
    case 23:
      return 'approval or credentials are missing';
    case 30:
      return 'the deployment failed';
    case 31:
      return 'the teardown is incomplete';
    case 130:
      return 'interrupted';
  }
}
