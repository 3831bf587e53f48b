/**
 * Carries fault conditions out at the nodes of this process and at the process itself.
 * Owns: which faults this process can do at all, throttle and ballast. Does not own: timing (fault-board.ts), effects in a node.
 */
import type { FaultEffect } from '#node/agent-protocol.ts';
import { Ballast } from './ballast.ts';
import type { FaultHands, NodeCondition, ProcessCondition } from './fault-board.ts';
import type { HostedNode } from './hosted-node.ts';
import { LoopThrottle } from './loop-throttle.ts';

/** What a process keeps for itself when memory is put under pressure. */
const spareBytes = 256 * 1_048_576;

export class ProcessHands implements FaultHands {
  readonly throttle = new LoopThrottle();
  readonly ballast = new Ballast();
  readonly #nodes: ReadonlyMap<number, HostedNode>;
  readonly #isCampaign: boolean;
  readonly #memoryBytes: number;

  constructor(nodes: ReadonlyMap<number, HostedNode>, isCampaign: boolean, memoryBytes: number) {
    this.#nodes = nodes;
    this.#isCampaign = isCampaign;
    this.#memoryBytes = memoryBytes;
  }

  get nodes(): readonly number[] {
    return [...this.#nodes.keys()];
  }

  refusal(effect: FaultEffect): string | null {
    if (!this.#isCampaign) return 'this process was not started for a campaign: start it with --campaign';
    if (effect.kind === 'memory' && effect.bytes > this.#memoryBytes - spareBytes) {
      return `${effect.bytes} bytes are more than this process can spare of ${this.#memoryBytes}`;
    }
    return null;
  }

  applyNode(node: number, condition: NodeCondition): void {
    this.#nodes.get(node)?.apply(condition);
  }

  applyProcess({ throttle, ballastBytes }: ProcessCondition): void {
    this.throttle.set(throttle);
    this.ballast.hold(ballastBytes);
  }

  effects(node: number, kind: FaultEffect['kind']): { readonly count: number; readonly what: string } {
    if (kind === 'throttle') {
      return { count: Math.round(this.throttle.heldUs / 1_000), what: 'ms withheld from the event loop' };
    }
    if (kind === 'memory') return { count: this.ballast.bytes, what: 'bytes held' };
    return this.#nodes.get(node)?.effects(kind) ?? { count: 0, what: 'no such node' };
  }
}
