/** Nodes for tests of the agent that do what the test says: they record what they are told and decide on demand. */
import type { Assignment, AttackChoice, OfferedNode, OwnNode } from '#node/agent-protocol.ts';
import type { Submission } from '#node/host/admin/admin-port.ts';
import type { NodeCondition } from '#node/host/agent/fault-board.ts';
import type { HostedNode, LoadSubmission, NodeFactory, NodeListener } from '#node/host/agent/hosted-node.ts';
import { Measurements } from '#node/host/metrics/measurements.ts';
import { offeredNode } from '#test/node/host/agent/sample-messages.ts';

export class ScriptedNode implements HostedNode {
  readonly number: number;
  readonly offered: OfferedNode;
  readonly measurements = new Measurements();
  readonly life = 0;
  readonly submissions: LoadSubmission[] = [];
  readonly conditions: NodeCondition[] = [];
  readonly listener: NodeListener;
  isUp = false;
  stops = 0;
  attack: AttackChoice = 'none';
  answer: Submission = { kind: 'accepted', receipt: '0' };
  failsWith: string | null = null;
  #vertices = 0;

  constructor(number: number, offered: OfferedNode, listener: NodeListener) {
    this.number = number;
    this.offered = offered;
    this.listener = listener;
  }

  async start(): Promise<void> {
    if (this.failsWith !== null) throw new Error(this.failsWith);
    this.isUp = true;
  }

  async join(): Promise<void> {}

  async stop(): Promise<void> {
    this.isUp = false;
    this.stops += 1;
  }

  refresh(): void {
    this.measurements.gauges.connections = 3;
  }

  submit(submission: LoadSubmission): Submission {
    this.submissions.push(submission);
    return this.answer;
  }

  /** Sees and decides a new vertex. */
  decide(atUs: number): string {
    const id = `${this.number.toString(16).padStart(8, '0')}${(this.#vertices++).toString(16).padStart(56, '0')}`;
    const vertex = {
      id,
      creator: this.number,
      sequence: this.#vertices,
      parents: [],
      keys: [],
      transactions: 1,
    };
    this.listener.vertex(this.number, vertex, [], null);
    this.listener.decided(this.number, vertex, 'finalised', 20, 0.96, atUs, false);
    this.measurements.finalised(5_000, 1, 0.96);
    return id;
  }

  setAttack(attack: AttackChoice): void {
    this.attack = attack;
  }

  apply(condition: NodeCondition): void {
    this.conditions.push(condition);
  }

  effects(): { readonly count: number; readonly what: string } {
    return { count: 0, what: 'things' };
  }

  takeProbes(): [] {
    return [];
  }

  peers(): [] {
    return [];
  }

  async finalityOfVertex(vertex: string) {
    return { status: 'finalised', vertex, rounds: 20, confidence: 0.96 } as const;
  }

  async finalityOfReceipt() {
    return { status: 'unknown', vertex: null, rounds: null, confidence: null } as const;
  }
}

export class ScriptedFactory implements NodeFactory {
  readonly offers: readonly OfferedNode[];
  readonly made: ScriptedNode[] = [];
  prepare: (node: ScriptedNode) => void = () => {};

  constructor(nodes: number) {
    this.offers = Array.from({ length: nodes }, (_, index) => offeredNode(index));
  }

  async create(_assignment: Assignment, own: OwnNode, listener: NodeListener): Promise<ScriptedNode> {
    const node = new ScriptedNode(own.number, this.offers[own.index]!, listener);
    this.prepare(node);
    this.made.push(node);
    return node;
  }
}
