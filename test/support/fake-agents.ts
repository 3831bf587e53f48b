/**
 * Agents that speak the real protocol over real WebSockets and carry nodes without a network: every vertex is decided after a
 * fixed time at every node that is up. For tests of the conductor; planted defects are options.
 * Does not own: expectations.
 */
import { createHash, randomBytes } from 'node:crypto';
import WebSocket from 'ws';
import type { Crew } from '#campaigns/conductor/crew.ts';
import { nowUs } from '#campaigns/conductor/host-watch.ts';
import { agentPath } from '#node/agent-fields.ts';
import {
  type Assignment,
  type ConductorMessage,
  type Hello,
  type LoadBatch,
  readConductorMessage,
  writeMessage,
} from '#node/agent-protocol.ts';
import { type NodeProgress, nodeCounters, type PushBody } from '#node/agent-push.ts';

export interface Defects {
  /** Probes say this round trip instead of the ordered one, microseconds. */
  readonly roundTripUs?: number;
  readonly hasNoProbes?: boolean;
  /** One node decides the first vertex against the others. */
  readonly contradicts?: boolean;
  readonly dropsPushes?: boolean;
  /** Agent p0 answers its assignment with this. */
  readonly failsWith?: string;
  /** The agent's clock is this far behind. */
  readonly clockBehindUs?: number;
}

interface Vertex {
  readonly id: string;
  readonly creator: number;
  readonly sequence: number;
  readonly item: number;
  readonly key: number;
  readonly dueUs: number;
}

const decidedAfterUs = 60_000;
const everyMs = 50;

/** What the agents share: the vertices, as if a network had carried them. */
export class FakeAgents implements Crew {
  readonly nodesPerProcess: number;
  readonly canEndProcesses = true;
  readonly vertices: Vertex[] = [];
  readonly defects: Defects;
  readonly killed: string[] = [];
  readonly #agents = new Map<string, FakeAgent>();
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string, nodesPerProcess: number, defects: Defects = {}) {
    this.#url = url;
    this.#token = token;
    this.nodesPerProcess = nodesPerProcess;
    this.defects = defects;
  }

  start(name: string): void {
    const agent = new FakeAgent(this, name, this.#url, this.#token);
    this.#agents.set(name, agent);
  }

  kill = async (name: string): Promise<void> => {
    this.killed.push(name);
    this.#agents.get(name)?.end();
  };

  restart = (name: string): void => this.start(name);
  stall = (name: string): boolean => this.#agents.get(name)?.setStalled(true) ?? false;
  resume = (name: string): void => void this.#agents.get(name)?.setStalled(false);

  /** One agent loses its connection and dials again. */
  drop(name: string): void {
    this.#agents.get(name)?.reconnect();
  }

  end(): void {
    for (const agent of this.#agents.values()) agent.end();
  }
}

class FakeAgent {
  readonly #shared: FakeAgents;
  readonly #name: string;
  readonly #url: string;
  readonly #token: string;
  readonly #incarnation = randomBytes(16).toString('hex');
  readonly #timer: NodeJS.Timeout;
  #socket: WebSocket;
  #welcomed: WebSocket | null = null;
  #assignment: Assignment | null = null;
  #pushes: { readonly seq: number; readonly text: string }[] = [];
  #seq = 0;
  readonly #bornUs = nowUs();
  readonly #told = new Set<number>();
  readonly #decided = new Set<number>();
  #sequence = 0;
  #isStalled = false;
  #isEnded = false;

  constructor(shared: FakeAgents, name: string, url: string, token: string) {
    this.#shared = shared;
    this.#name = name;
    this.#url = url;
    this.#token = token;
    this.#socket = this.#dial();
    this.#timer = setInterval(() => this.#work(), everyMs);
  }

  end(): void {
    this.#isEnded = true;
    clearInterval(this.#timer);
    this.#socket.terminate();
  }

  setStalled(isStalled: boolean): boolean {
    this.#isStalled = isStalled;
    return true;
  }

  reconnect(): void {
    this.#socket.terminate();
    this.#welcomed = null;
    this.#socket = this.#dial();
  }

  get #clockUs(): number {
    return nowUs() - (this.#shared.defects.clockBehindUs ?? 0);
  }

  #dial(): WebSocket {
    const socket = new WebSocket(`${this.#url}${agentPath}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    });
    socket.on('error', () => undefined);
    socket.on('open', () => socket.send(writeMessage(this.#hello())));
    socket.on('message', (data) => this.#receive(readConductorMessage(data.toString())));
    return socket;
  }

  #hello(): Hello {
    const nodes = Array.from({ length: this.#shared.nodesPerProcess }, (_, index) => ({
      index,
      publicKey: Buffer.alloc(1_312, index).toString('base64'),
      peerId: `12D3KooW${'A'.repeat(30)}${index + 1}`,
      addresses: ['/ip4/127.0.0.1/tcp/1'],
    }));
    const host = {
      pid: process.pid,
      nodeVersion: process.version,
      platform: 'test',
      cpuCores: 1,
      memoryBytes: 1,
      memoryLimitBytes: null,
      cpuLimitCores: null,
    };
    return { kind: 'hello', version: 1, agent: this.#name, incarnation: this.#incarnation, nodes, host };
  }

  #state(phase: 'assigned' | 'connecting' | 'ready' | 'collected' | 'stopped' | 'failed', reason = ''): void {
    this.#socket.send(writeMessage({ kind: 'state', phase, reason }));
  }

  #receive(message: ConductorMessage): void {
    switch (message.kind) {
      case 'welcome':
        this.#welcomed = this.#socket;
        for (const { seq, text } of this.#pushes) if (seq > message.lastSeq) this.#socket.send(text);
        return;
      case 'ack':
        this.#pushes = this.#pushes.filter(({ seq }) => seq > message.seq);
        return;
      case 'assignment': {
        const { failsWith } = this.#shared.defects;
        this.#assignment = message;
        if (failsWith !== undefined && this.#name === 'p0') this.#state('failed', failsWith);
        else this.#state('assigned');
        return;
      }
      case 'connect':
        this.#state('connecting');
        this.#state('ready');
        return;
      case 'load':
        this.#load(message);
        return;
      case 'fault':
        for (const node of message.nodes) {
          const report = { kind: 'fault', fault: message.fault, node, evidence: 'frames' } as const;
          const behindUs = this.#shared.defects.clockBehindUs ?? 0;
          this.#push({ ...report, state: 'applied', atUs: message.fromUs - behindUs, effects: 0 });
          this.#push({ ...report, state: 'lifted', atUs: message.untilUs - behindUs, effects: 3 });
        }
        return;
      case 'collect':
        this.#work(true);
        this.#state('collected');
        return;
      case 'stop':
        this.#state('stopped');
        return;
      default:
        return;
    }
  }

  #load({ item, node, dueUs, conflictKey }: LoadBatch): void {
    for (const [i, creator] of node.entries()) {
      this.#sequence += 1;
      const id = createHash('sha256').update(`${this.#incarnation}/${this.#sequence}`).digest('hex');
      const sequence = this.#shared.vertices.length + 1;
      const due = { item: item[i]!, key: conflictKey[i]!, dueUs: dueUs[i]! };
      this.#shared.vertices.push({ id, creator, sequence, ...due });
    }
  }

  #work(isLast = false): void {
    if (this.#assignment === null || this.#isEnded || (this.#isStalled && !isLast)) return;
    const { vertices, defects } = this.#shared;
    const own = this.#assignment.own.map(({ number }) => number);
    const due = [...vertices.entries()].filter(([, { dueUs }]) => isLast || dueUs <= nowUs());
    const news = due.filter(([serial]) => !this.#told.has(serial));
    for (const [serial] of news) this.#told.add(serial);
    if (news.length > 0)
      this.#push({
        kind: 'vertices',
        facts: news.map(([serial, vertex]) => this.#fact(serial, vertex, own)),
      });
    for (const [serial, vertex] of due) {
      const decidedUs = vertex.dueUs + decidedAfterUs;
      if (this.#decided.has(serial) || (decidedUs > nowUs() && !isLast)) continue;
      this.#decided.add(serial);
      const isWrong = defects.contradicts === true && serial === 0;
      this.#push({
        kind: 'decisions',
        recovered: decidedUs < this.#bornUs,
        node: own,
        vertex: own.map(() => serial),
        status: own.map((node) => (isWrong && node === 0 ? 2 : 1)),
        rounds: own.map(() => 5),
        confidence: own.map(() => 0.96),
        atUs: own.map(() => decidedUs - (defects.clockBehindUs ?? 0)),
      });
    }
    this.#progress(own);
    if (defects.dropsPushes === true) this.#push({ kind: 'overflow', pushesDropped: 4, bytesDropped: 100 });
  }

  #fact(
    vertex: number,
    { id, creator, sequence, item, key }: Vertex,
    own: readonly number[],
  ): Extract<PushBody, { kind: 'vertices' }>['facts'][number] {
    const items = own.includes(creator) ? [item] : [];
    const keys = key > 0 ? [key] : [];
    return { vertex, id, creator, sequence, parents: [], keys, transactions: 1, items, replaces: null };
  }

  #progress(own: readonly number[]): void {
    const elapsed = Math.max(1, Math.round(performance.now()));
    const counters = Object.fromEntries(
      nodeCounters.map((name) => [name, elapsed]),
    ) as NodeProgress['counters'];
    const nodes = own.map((node) => ({
      node,
      life: 0,
      isUp: true,
      counters: { ...counters, bytesSent: 0 },
      activeVertices: 1,
      queuedTransactions: 0,
      connections: 3,
      degradedLevel: 0,
      latency: [],
    }));
    const process = {
      cpuUserUs: elapsed * 100,
      cpuSystemUs: 0,
      residentBytes: 50_000_000,
      heapBytes: 1,
      loopDelayUs: 0,
      loopBusyShare: 0.1,
    };
    this.#push({ kind: 'progress', nodes, queryLatency: [], roundDuration: [], process });
    const { network } = this.#assignment!;
    const ordered = network.oneWayUs[0] + network.oneWayUs[1];
    const mean = this.#shared.defects.roundTripUs ?? ordered;
    if (this.#shared.defects.hasNoProbes === true) return;
    const probe = {
      peer: own[0] === 0 ? 1 : 0,
      sent: 5,
      answered: 5,
      isCut: false,
      orderedLoss: network.loss,
    };
    const orderedOneWayUs: [number, number] = [network.oneWayUs[0], network.oneWayUs[1]];
    const roundTripUs = { least: mean, mean, most: mean };
    this.#push({
      kind: 'probes',
      figures: own.map((node) => ({ node, ...probe, orderedOneWayUs, roundTripUs })),
    });
  }

  #push(body: PushBody): void {
    this.#seq += 1;
    const clock = { offsetUs: this.#shared.defects.clockBehindUs ?? 0, errorUs: 20, samples: 3 };
    const text = writeMessage({ kind: 'push', seq: this.#seq, atUs: this.#clockUs, clock, body });
    this.#pushes.push({ seq: this.#seq, text });
    // Before the welcome nobody knows which pushes are missing.
    if (this.#welcomed === this.#socket) this.#socket.send(text);
  }
}
