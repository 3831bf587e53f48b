/**
 * Planted defects: what the checkers must see. Each is a part that a test puts in place of the product's.
 * Owns: the list and the defective parts. Does not own: the seams (campaigns/targets/simulator/run.ts).
 */
import { type DecisionSink, VirtualDisk } from '#campaigns/targets/simulator/virtual-disk.ts';
import type { ConsensusParams } from '#node/core/params.ts';

export const defectNames = [
  'beta-one',
  'alpha-half',
  'send-before-persist',
  'forget-decisions',
  'counter-kept',
] as const;
export type Defect = (typeof defectNames)[number];

export const defectMeaning: Readonly<Record<Defect, string>> = {
  'beta-one': 'one successful poll finalises',
  'alpha-half': 'half of the sample is enough for a success',
  'send-before-persist': 'a vertex leaves before its sequence is durable: a crash takes the sequence back',
  'forget-decisions': 'a restart forgets every decision, durable or not',
  'counter-kept': 'a failed poll does not clear the counter of successes',
};

/** The checker that has to see the defect; others may too. */
export const defectSeenBy: Readonly<Record<Defect, 'safety' | 'conformance'>> = {
  'beta-one': 'conformance',
  'alpha-half': 'safety',
  'send-before-persist': 'safety',
  'forget-decisions': 'safety',
  'counter-kept': 'conformance',
};

/** What the core is given in place of the stated parameters. */
export function defectiveParams(params: ConsensusParams, defect: Defect | null): ConsensusParams {
  if (defect === 'beta-one') return { ...params, beta: 1 };
  if (defect !== 'alpha-half') return params;
  const alpha = Math.max(1, Math.floor(params.k / 2));
  return { ...params, alphaPreference: alpha, alphaConfidence: alpha };
}

/** `now` tells the virtual time in microseconds. */
export function diskWith(
  defect: Defect | null,
  nodes: number,
  syncUs: number,
  sink: DecisionSink,
  now: () => number,
): VirtualDisk {
  if (defect === 'send-before-persist') return new HastyDisk(nodes, syncUs, sink, now);
  if (defect === 'forget-decisions') return new ForgetfulDisk(nodes, syncUs, sink);
  return new VirtualDisk(nodes, syncUs, sink);
}

/** Says at once that a write is durable; a crash takes back the sequences written within the time of a sync. */
class HastyDisk extends VirtualDisk {
  readonly #syncUs: number;
  readonly #now: () => number;
  /** When each sequence of a node was written. */
  readonly #writtenUs: number[][];

  constructor(nodes: number, syncUs: number, sink: DecisionSink, now: () => number) {
    super(nodes, syncUs, sink);
    this.#syncUs = syncUs;
    this.#now = now;
    this.#writtenUs = Array.from({ length: nodes }, () => []);
  }

  override nextSequence(node: number): number {
    return this.#writtenUs[node]!.push(this.#now());
  }

  override durableAt(nowUs: number): number {
    return nowUs;
  }

  override crash(node: number): Set<number> {
    const written = this.#writtenUs[node]!;
    while (written.length > 0 && written.at(-1)! + this.#syncUs > this.#now()) written.pop();
    return super.crash(node);
  }
}

/** Says of every slot that its decision is lost. */
class EverySlot extends Set<number> {
  override has(): boolean {
    return true;
  }
}

class ForgetfulDisk extends VirtualDisk {
  override crash(node: number): Set<number> {
    super.crash(node);
    return new EverySlot();
  }
}
