/**
 * Answers the admin API from the agent of this process and the nodes that it carries.
 * Owns: putting answers together, one metrics registry per node. Does not own: HTTP (admin-server.ts), the nodes.
 */
import type { Registry } from 'prom-client';
import type { AttackChoice } from '#node/agent-protocol.ts';
import type { Agent } from '#node/host/agent/agent.ts';
import type { HostedNode } from '#node/host/agent/hosted-node.ts';
import type { PeerFigures } from '#node/host/host-parts.ts';
import type { ProcessMeter } from '#node/host/metrics/process-meter.ts';
import type {
  AdminFault,
  AdminPort,
  Finality,
  NodeStatus,
  ProcessStatus,
  Submission,
  SubmittedTransaction,
} from './admin-port.ts';

export interface OfficeOptions {
  readonly name: string;
  readonly isCampaign: boolean;
  readonly agent: Agent;
  readonly meter: ProcessMeter;
  readonly nowUs: () => number;
  readonly onShutdown: (reason: string) => void;
}

function statusOf(node: HostedNode): NodeStatus {
  node.refresh();
  const { counters, gauges } = node.measurements;
  return {
    node: node.number,
    isUp: node.isUp,
    publicKey: node.offered.publicKey,
    peerId: node.offered.peerId,
    addresses: node.offered.addresses,
    attack: node.attack,
    degradedLevel: gauges.degradedLevel,
    activeVertices: gauges.activeVertices,
    finalised: counters.finalised,
    queuedTransactions: gauges.queuedTransactions,
    connections: gauges.connections,
  };
}

export class ProcessOffice implements AdminPort {
  readonly #options: OfficeOptions;
  /** A node's registry lives as long as the node: another assignment makes other nodes. */
  readonly #registries = new WeakMap<HostedNode, Registry>();

  constructor(options: OfficeOptions) {
    this.#options = options;
  }

  notReady(): string | null {
    const { agent } = this.#options;
    if (agent.phase !== 'ready' && agent.phase !== 'collected') {
      return agent.reason === ''
        ? `the agent is ${agent.phase}`
        : `the agent is ${agent.phase}: ${agent.reason}`;
    }
    const down = [...agent.nodes.values()].filter(({ isUp }) => !isUp).map(({ number }) => number);
    return down.length === 0 ? null : `down: ${down.slice(0, 10).join(', ')}`;
  }

  status(): ProcessStatus {
    const { agent, name, isCampaign } = this.#options;
    return {
      name,
      phase: agent.phase,
      run: agent.assignment?.run ?? null,
      isCampaign,
      isConductorConnected: agent.isConductorConnected,
      members: agent.assignment?.members.length ?? 0,
      activeFaults: agent.activeFaults,
      nodes: [...agent.nodes.values()].map(statusOf),
    };
  }

  async metrics(): Promise<string> {
    const { createNodeRegistry, mergedText } = await import('#node/host/metrics/node-registry.ts');
    const { agent, meter } = this.#options;
    const nodes = [...agent.nodes.values()];
    const registries = nodes.map((node) => {
      node.refresh();
      const known = this.#registries.get(node);
      if (known !== undefined) return known;
      const registry = createNodeRegistry({
        label: String(node.number),
        measurements: () => node.measurements,
        meter,
        nodesInProcess: nodes.length,
      });
      this.#registries.set(node, registry);
      return registry;
    });
    return await mergedText(registries);
  }

  hasNode(node: number): boolean {
    return this.#options.agent.nodes.has(node);
  }

  peers(node: number): readonly PeerFigures[] {
    return this.#node(node).peers();
  }

  submit(node: number, transactions: readonly SubmittedTransaction[]): Submission {
    return this.#node(node).submit({ item: null, transactions, dueUs: this.#options.nowUs() });
  }

  finalityOfVertex(node: number, vertexIdHex: string): Promise<Finality> {
    return this.#node(node).finalityOfVertex(vertexIdHex);
  }

  finalityOfReceipt(node: number, receipt: string): Promise<Finality> {
    return this.#node(node).finalityOfReceipt(receipt);
  }

  setAttack(node: number, attack: AttackChoice): void {
    this.#node(node).setAttack(attack);
  }

  addFault({ fault, nodes, forUs, effect }: AdminFault): string | null {
    return this.#options.agent.addFault(fault, nodes, forUs, effect);
  }

  lift(fault: number): void {
    this.#options.agent.lift(fault);
  }

  shutdown(reason: string): void {
    this.#options.onShutdown(reason);
  }

  #node(number: number): HostedNode {
    const node = this.#options.agent.nodes.get(number);
    if (node === undefined) throw new RangeError(`node ${number} is not carried by this process`);
    return node;
  }
}
