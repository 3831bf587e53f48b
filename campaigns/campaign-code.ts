/**
 * The exit code of a campaign, from what its journal holds.
 * Owns: which of several codes is told. Does not own: what the codes mean (exit-code.ts), when a campaign ends (next-action.ts).
 */
import { type ExitCode, exitCodes, knownExitCodes, loudest } from '#campaigns/exit-code.ts';
import type { JournalState } from '#campaigns/journal-event.ts';
import type { Action } from '#campaigns/next-action.ts';

function codesOfSteps({ steps }: JournalState): ExitCode[] {
  return knownExitCodes([...steps.values()].flatMap((step) => step.exitCodes));
}

/** It is not over: another session may go on. */
export function codeOfLeaving(
  state: JournalState,
  because: Extract<Action, { kind: 'leave' }>['because'],
): ExitCode {
  const { interrupted, guardStop } = state;
  const codes: ExitCode[] = guardStop === null ? [] : [exitCodes.stoppedByGuard];
  if (interrupted && guardStop === null) codes.push(exitCodes.interrupted);
  if (because === 'teardown-incomplete') codes.push(exitCodes.teardownIncomplete);
  if (because === 'deploy-failed') codes.push(exitCodes.deployFailed, ...codesOfSteps(state));
  return loudest(codes);
}

export function codeOfClosing(state: JournalState): ExitCode {
  const failed = [...state.deployments.values()].some(({ failure }) => failure !== null);
  return loudest([
    ...codesOfSteps(state),
    ...(failed ? [exitCodes.deployFailed] : []),
    ...(state.guardStop === null ? [] : [exitCodes.stoppedByGuard]),
  ]);
}
