/**
 * The seed of each repetition.
 * Owns: that derivation. Does not own: which rows share their seeds (resolve.ts) or the streams drawn from one (node/core/random.ts).
 */
import { createHash } from 'node:crypto';

/** Unsigned 32 bits of sha256(campaign seed, what the seeds are from, repetition): independent of the order and number of rows. */
export function repetitionSeed(campaignSeed: number, seedsFrom: string, repetition: number): number {
  return createHash('sha256').update(`${campaignSeed}\n${seedsFrom}\n${repetition}`).digest().readUInt32BE(0);
}
