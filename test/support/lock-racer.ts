/**
 * A process that takes the lock of each folder it is told, answers how that went, and lets go when told.
 * Owns: one side of the race in lock.test.ts. Does not own: the lock (campaigns/lock.ts).
 */
import { CampaignError } from '#campaigns/errors.ts';
import { acquireLock, type Lock } from '#campaigns/lock.ts';

let held: Lock | null = null;

process.on('message', (message: { readonly take?: string }) => {
  if (message.take === undefined) {
    held?.release();
    held = null;
    process.send?.('released');
    return;
  }
  try {
    held = acquireLock(message.take);
    process.send?.('won');
  } catch (error) {
    process.send?.(error instanceof CampaignError ? error.code : String(error));
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
