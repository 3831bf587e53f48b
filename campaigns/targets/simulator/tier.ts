/**
 * The fidelities of the simulator: which there are, and which runs each answers exactly.
 * Owns: their names and the reason why one refuses a run. Does not own: the runners (target.ts), who chooses (the command
 * line and the planner).
 */
import { nobodyHonest } from '#campaigns/cast.ts';
import type { RunSpec, TierName } from '#campaigns/run-spec.ts';
import { mostMembers } from './event.ts';
import { lumpedRefusal, splicedRefusal } from './lumped/refusal.ts';
import { pollRefusal } from './poll-refusal.ts';

export interface Tier {
  readonly name: TierName;
  /** What it follows, for help and reports. */
  readonly about: string;
  /** Null when every figure of the run is exact at this fidelity (or said to be an expectation); else why it is not. */
  readonly supports: (spec: RunSpec) => string | null;
}

const allAttack = ({ nodes, byzantine }: RunSpec): string | null =>
  nobodyHonest(byzantine, nodes)?.message ?? null;

/** An event names its node in a few bits. */
function tooMany({ nodes }: RunSpec): string | null {
  return nodes <= mostMembers ? null : `${nodes} nodes (at most ${mostMembers} with an event per message)`;
}

const eventRefusal = (spec: RunSpec): string | null => tooMany(spec) ?? allAttack(spec);

/** Cheapest first. */
export const tiers: Readonly<Record<TierName, Tier>> = {
  analytic: {
    name: 'analytic',
    about: 'formulas: expectations, nothing is simulated; its result says what they leave out',
    supports: allAttack,
  },
  lumped: {
    name: 'lumped',
    about:
      'nodes are counted: exact in law for synchronous rounds, on latency profiles an approximation; sees no conflicts',
    supports: (spec) => allAttack(spec) ?? lumpedRefusal(spec),
  },
  spliced: {
    name: 'spliced',
    about: 'the whole time counted, around a window with an event per message',
    supports: (spec) => eventRefusal(spec) ?? splicedRefusal(spec),
  },
  poll: {
    name: 'poll',
    about: 'an event per poll, with the draws of the message fidelity: equal to it bit for bit',
    supports: (spec) => eventRefusal(spec) ?? pollRefusal(spec),
  },
  message: {
    name: 'message',
    about: 'an event per message, queues included',
    supports: eventRefusal,
  },
};

export const tierNames = Object.keys(tiers) as readonly TierName[];
