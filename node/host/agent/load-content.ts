/**
 * What a load item consists of: its transactions, made here so that only numbers have to travel.
 * Owns: payloads (drawn from seed and item, so that no two are alike) and which transaction spends the contested input.
 * Does not own: when (load-queue.ts).
 */
import type { WorkloadShape } from '#node/agent-protocol.ts';
import type { SubmittedTransaction } from '#node/host/admin/admin-port.ts';

/** Xorshift32: fast, and different for each (seed, item, transaction). */
function fill(payload: Uint8Array, seed: number): void {
  let state = seed | 1;
  for (let at = 0; at < payload.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    payload[at] = state & 0xff;
  }
}

function mixed(a: number, b: number): number {
  let word = Math.imul(a ^ Math.imul(b, 0x9e37_79b1), 0x85eb_ca6b);
  word ^= word >>> 13;
  return Math.imul(word, 0xc2b2_ae35) ^ (word >>> 16);
}

export function transactionsOf(
  item: number,
  conflictKey: number,
  seed: number,
  { batch, payloadBytes }: WorkloadShape,
): SubmittedTransaction[] {
  return Array.from({ length: batch }, (_, at) => {
    const payload = new Uint8Array(payloadBytes);
    fill(payload, mixed(mixed(seed, item), at));
    return { payload, inputs: at === 0 && conflictKey > 0 ? [conflictKey] : [] };
  });
}
