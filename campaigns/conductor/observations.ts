/**
 * Everything that agents reported of a run, in the conductor's clock, before anything is computed from it.
 * Owns: merging what several agents say about one vertex, clock offsets, totals of probes. Does not own: figures (replay.ts).
 */
import type { AgentSession } from '#campaigns/conductor/agent-session.ts';
import { ProbeTally } from '#campaigns/conductor/probe-tally.ts';
import { ProgressTrack } from '#campaigns/conductor/progress-track.ts';
import type { Push } from '#node/agent-protocol.ts';
import type { DecisionBatch, FaultReport, NodeEvent, VertexFact } from '#node/agent-push.ts';

export interface SeenVertex {
  readonly id: string;
  readonly creator: number;
  readonly sequence: number;
  readonly parents: readonly string[];
  readonly keys: readonly number[];
  readonly transactions: number;
  /** When the first agent reported it. */
  readonly seenUs: number;
  /** Load items it carries; empty while the creator has not said. */
  items: readonly number[];
  /** Id of the rejected vertex whose transactions it issues again. */
  replaces: string | null;
}

export interface SeenDecision {
  readonly node: number;
  readonly vertex: SeenVertex;
  readonly status: number;
  readonly rounds: number;
  readonly confidence: number;
  readonly atUs: number;
  readonly isRecovered: boolean;
}

export interface SeenConviction {
  readonly node: number;
  readonly peer: number;
  readonly atUs: number;
}

export class Observations {
  readonly vertices = new Map<string, SeenVertex>();
  readonly decisions: SeenDecision[] = [];
  readonly convictions: SeenConviction[] = [];
  readonly events: (NodeEvent & { readonly atUs: number })[] = [];
  readonly tracks = new Map<string, ProgressTrack>();
  readonly probes = new ProbeTally();
  /** Decisions about vertices nobody described, and what agents had to drop: the record is not whole. */
  readonly losses: string[] = [];
  clockErrorUs = 0;
  onFault: (report: FaultReport, offsetUs: number) => void = () => {};
  onRefused: (items: readonly number[]) => void = () => {};
  /** By agent: serial of its incarnation -> vertex. */
  readonly #serials = new Map<string, Map<number, SeenVertex>>();

  receive(session: AgentSession, push: Push): void {
    const { body, clock } = push;
    const atUs = push.atUs + clock.offsetUs;
    if (clock.samples > 0) this.clockErrorUs = Math.max(this.clockErrorUs, clock.errorUs);
    switch (body.kind) {
      case 'progress': {
        const track = this.tracks.get(session.name) ?? new ProgressTrack();
        this.tracks.set(session.name, track);
        track.add(atUs, session.hello.incarnation, body);
        return;
      }
      case 'vertices':
        for (const fact of body.facts) this.#vertex(session, fact, atUs);
        return;
      case 'decisions':
        this.#decided(session, body, clock.offsetUs);
        return;
      case 'fault':
        this.onFault(body, clock.offsetUs);
        return;
      case 'probes':
        this.probes.add(atUs, body.figures);
        return;
      case 'conviction':
        this.convictions.push({ node: body.node, peer: body.peer, atUs: body.atUs + clock.offsetUs });
        return;
      case 'event':
        this.events.push({ ...body, atUs: body.atUs + clock.offsetUs });
        return;
      case 'load-refused':
        this.onRefused(body.items);
        return;
      case 'overflow':
        this.losses.push(`${session.name} dropped ${body.pushesDropped} pushes: its record is truncated`);
        return;
    }
  }

  /** CPU time of the busiest node between two moments; nodes of one process are taken to share its time evenly. */
  busiestNodeUs(fromUs: number, untilUs: number): number {
    let busiest = 0;
    for (const track of this.tracks.values()) {
      const nodes = track.gauges(untilUs)?.nodes.length ?? 0;
      if (nodes > 0) busiest = Math.max(busiest, (track.at(untilUs).cpuUs - track.at(fromUs).cpuUs) / nodes);
    }
    return busiest;
  }

  #serialsOf({ name, hello }: AgentSession): Map<number, SeenVertex> {
    const key = `${name}/${hello.incarnation}`;
    const known = this.#serials.get(key) ?? new Map<number, SeenVertex>();
    this.#serials.set(key, known);
    return known;
  }

  #vertex(session: AgentSession, fact: VertexFact, seenUs: number): void {
    const serials = this.#serialsOf(session);
    const { id, creator, sequence, parents, keys, transactions, items } = fact;
    const replaces = fact.replaces === null ? null : (serials.get(fact.replaces)?.id ?? null);
    let vertex = this.vertices.get(id);
    if (vertex === undefined) {
      vertex = { id, creator, sequence, parents, keys, transactions, seenUs, items, replaces };
      this.vertices.set(id, vertex);
    } else {
      if (items.length > 0) vertex.items = items;
      vertex.replaces ??= replaces;
    }
    serials.set(fact.vertex, vertex);
  }

  #decided(session: AgentSession, batch: DecisionBatch, offsetUs: number): void {
    const serials = this.#serialsOf(session);
    let unknown = 0;
    for (const [i, node] of batch.node.entries()) {
      const vertex = serials.get(batch.vertex[i]!);
      if (vertex === undefined) {
        unknown += 1;
        continue;
      }
      this.decisions.push({
        node,
        vertex,
        status: batch.status[i]!,
        rounds: batch.rounds[i]!,
        confidence: batch.confidence[i]!,
        atUs: batch.atUs[i]! + offsetUs,
        isRecovered: batch.recovered,
      });
    }
    if (unknown > 0)
      this.losses.push(`${session.name} decided ${unknown} vertices it never described: truncated`);
  }
}
