/**
 * One agent as the conductor knows it: who it is, how far it came, which of its pushes have arrived.
 * Owns: the order of pushes over reconnects and restarts, waiting for a phase. Does not own: sockets (agent-server.ts) or what
 * pushes mean (observations.ts).
 */
import type { AgentPhase, ConductorMessage, Hello, Push } from '#node/agent-protocol.ts';
import { writeMessage } from '#node/agent-protocol.ts';

/** What of a socket a session needs. */
export interface AgentSocket {
  send(text: string): void;
  close(): void;
}

export type PushListener = (session: AgentSession, push: Push, arrivedUs: number) => void;

interface Waiter {
  readonly phases: readonly AgentPhase[];
  readonly settle: (phase: AgentPhase) => void;
}

export class AgentSession {
  readonly name: string;
  hello: Hello;
  phase: AgentPhase = 'idle';
  /** Why the phase is 'failed'. */
  reason = '';
  /** Offset of the last push: conductor time = agent time + offset. */
  offsetUs = 0;
  clockErrorUs = 0;
  #socket: AgentSocket | null = null;
  #lastSeq = 0;
  #waiters: Waiter[] = [];
  readonly #onPush: PushListener;

  constructor(hello: Hello, onPush: PushListener) {
    this.name = hello.agent;
    this.hello = hello;
    this.#onPush = onPush;
  }

  get isConnected(): boolean {
    return this.#socket !== null;
  }

  /** A connection that said hello. A new incarnation is a restarted process: it counts from 1 and knows nothing. */
  attach(socket: AgentSocket, hello: Hello): void {
    if (hello.incarnation !== this.hello.incarnation) {
      this.#lastSeq = 0;
      this.phase = 'idle';
    }
    this.#socket?.close();
    this.hello = hello;
    this.#socket = socket;
    this.send({ kind: 'welcome', version: hello.version, lastSeq: this.#lastSeq });
  }

  detach(socket: AgentSocket): void {
    if (this.#socket === socket) this.#socket = null;
  }

  /** False when there is no connection: what matters is sent again by whoever needs it. */
  send(message: ConductorMessage): boolean {
    if (this.#socket === null) return false;
    this.#socket.send(writeMessage(message));
    return true;
  }

  push(push: Push, arrivedUs: number): void {
    if (push.seq > this.#lastSeq + 1) throw new RangeError(`push ${push.seq} after ${this.#lastSeq}`);
    if (push.seq === this.#lastSeq + 1) {
      this.#lastSeq = push.seq;
      this.offsetUs = push.clock.offsetUs;
      this.clockErrorUs = push.clock.errorUs;
      this.#onPush(this, push, arrivedUs);
    }
    this.send({ kind: 'ack', seq: this.#lastSeq });
  }

  enter(phase: AgentPhase, reason: string): void {
    this.phase = phase;
    this.reason = reason;
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.phases.includes(phase)) return true;
      waiter.settle(phase);
      return false;
    });
  }

  /** The phase that was reached, or null when the deadline passed first. */
  reaches(phases: readonly AgentPhase[], withinMs: number): Promise<AgentPhase | null> {
    if (phases.includes(this.phase)) return Promise.resolve(this.phase);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(null);
      }, withinMs);
      const waiter: Waiter = {
        phases,
        settle: (phase) => {
          clearTimeout(timer);
          resolve(phase);
        },
      };
      this.#waiters.push(waiter);
    });
  }
}
