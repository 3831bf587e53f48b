/**
 * The connection of an agent to its conductor: dials out, proves itself, dials again with growing pauses, resumes the pushes.
 * Owns: the socket, hello and welcome, clock pings, sending what the buffer holds no faster than the socket takes it.
 * Does not own: what the conductor's orders do (agent.ts), or what is pushed.
 */
import { WebSocket } from 'ws';
import { agentMessageBytesMost, agentPath } from '#node/agent-fields.ts';
import {
  type AgentMessage,
  AgentProtocolError,
  type ConductorMessage,
  type Hello,
  readConductorMessage,
  writeMessage,
} from '#node/agent-protocol.ts';
import type { Log } from '#node/host/log.ts';
import type { ClockOffset } from './clock-offset.ts';
import type { PushBuffer } from './push-buffer.ts';

export interface LinkOptions {
  readonly url: string;
  readonly token: string;
  readonly hello: Hello;
  readonly buffer: PushBuffer;
  readonly offset: ClockOffset;
  /** The agent's monotonic clock. */
  readonly nowUs: () => number;
  readonly log: Log;
}

export interface LinkHandler {
  /** The conductor let the agent in; its state is to be told. */
  welcomed(): void;
  ordered(message: ConductorMessage): void;
  /** It must not dial again: the conductor refused it for good, or the token is wrong. */
  rejected(reason: string): void;
}

const firstPauseMs = 50;
const longestPauseMs = 5_000;
const pingEveryMs = 1_000;
/** The first samples come quickly, so that the first due times are right. */
const quickPings = 8;
const quickPingEveryMs = 20;
/** Without a word for that long the connection is dead, whatever TCP believes. */
const silenceMostMs = 10_000;
const socketBytesMost = 4 * 1_048_576;
const pumpEveryMs = 20;

type Orders = Exclude<ConductorMessage, { kind: 'welcome' | 'refused' | 'pong' | 'ack' }>;

function isOrder(message: ConductorMessage): message is Orders {
  return !['welcome', 'refused', 'pong', 'ack'].includes(message.kind);
}

/** Invariant: at most one socket. `#sent` is the last push written to it; pushes are written in order. */
export class AgentLink {
  readonly #options: LinkOptions;
  readonly #handler: LinkHandler;
  #socket: WebSocket | null = null;
  #isWelcome = false;
  #isClosed = false;
  #sent = 0;
  #pauseMs = firstPauseMs;
  #pings = 0;
  #heardAtMs = 0;
  #aloneSinceUs: number;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: LinkOptions, handler: LinkHandler) {
    this.#options = options;
    this.#handler = handler;
    this.#aloneSinceUs = options.nowUs();
  }

  get isConnected(): boolean {
    return this.#isWelcome;
  }

  /** Since when there is no conductor, agent's clock; null while there is one. */
  get aloneSinceUs(): number | null {
    return this.#isWelcome ? null : this.#aloneSinceUs;
  }

  dial(): void {
    if (this.#isClosed || this.#socket !== null) return;
    const { url, token, log } = this.#options;
    const address = new URL(url);
    if (address.pathname === '/') address.pathname = agentPath;
    const socket = new WebSocket(address, {
      headers: { authorization: `Bearer ${token}` },
      maxPayload: agentMessageBytesMost,
      handshakeTimeout: 5_000,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => this.#opened(socket));
    socket.on('message', (data, isBinary) => this.#received(socket, String(data), isBinary));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      const isFinal = response.statusCode === 401 || response.statusCode === 403;
      log.warn({ status: response.statusCode }, 'the conductor does not let this agent in');
      if (isFinal) this.#reject('the conductor refused the token: give both the same one');
      socket.terminate();
      this.#lost(socket);
    });
    socket.on('error', (error) => {
      log.debug({ reason: error.message }, 'the connection to the conductor failed');
      socket.terminate();
    });
    socket.on('close', () => this.#lost(socket));
  }

  /** False without a connection that the conductor has welcomed. */
  send(message: AgentMessage): boolean {
    if (this.#socket === null || !this.#isWelcome) return false;
    this.#socket.send(writeMessage(message));
    return true;
  }

  /** Writes what the buffer holds and the socket takes; what is left follows by itself. */
  pump(): void {
    const socket = this.#socket;
    if (socket === null || !this.#isWelcome) return;
    for (;;) {
      if (socket.bufferedAmount > socketBytesMost) return;
      const next = this.#options.buffer.after(this.#sent);
      if (next === null) return;
      socket.send(next.text);
      this.#sent = next.seq;
    }
  }

  /** Ends the connection and dials no more. Resolves when the socket is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const socket = this.#socket;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(() => socket.terminate(), 1_000);
      socket.once('close', () => {
        clearTimeout(deadline);
        resolve();
      });
      socket.close();
    });
  }

  #opened(socket: WebSocket): void {
    this.#heardAtMs = performance.now();
    this.#pings = 0;
    this.#options.offset.renew();
    socket.send(writeMessage(this.#options.hello));
    this.#every(socket, pumpEveryMs, () => this.pump());
    this.#beat(socket);
  }

  #beat(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    if (performance.now() - this.#heardAtMs > silenceMostMs) {
      this.#options.log.warn('the conductor is silent: dialling again');
      socket.terminate();
      return;
    }
    if (this.#isWelcome) {
      this.send({ kind: 'ping', id: this.#pings, agentUs: this.#options.nowUs() });
      this.#pings += 1;
    }
    this.#later(this.#pings < quickPings ? quickPingEveryMs : pingEveryMs, () => this.#beat(socket));
  }

  #received(socket: WebSocket, text: string, isBinary: boolean): void {
    const arrivedUs = this.#options.nowUs();
    this.#heardAtMs = performance.now();
    let message: ConductorMessage;
    try {
      if (isBinary) throw new AgentProtocolError('invalid', 'a binary message');
      message = readConductorMessage(text);
    } catch (error) {
      if (!(error instanceof AgentProtocolError)) throw error;
      this.#options.log.error(
        { code: error.code, reason: error.message },
        'the conductor broke the protocol',
      );
      socket.terminate();
      return;
    }
    if (this.#socket === socket) this.#handle(message, arrivedUs);
  }

  #handle(message: ConductorMessage, arrivedUs: number): void {
    const { buffer, offset } = this.#options;
    if (message.kind === 'welcome') {
      this.#isWelcome = true;
      this.#pauseMs = firstPauseMs;
      buffer.acknowledge(message.lastSeq);
      this.#sent = message.lastSeq;
      this.#handler.welcomed();
      this.pump();
    } else if (message.kind === 'pong') {
      offset.add(message.agentUs, message.receivedUs, message.sentUs, arrivedUs);
    } else if (message.kind === 'ack') {
      buffer.acknowledge(message.seq);
    } else if (message.kind === 'refused') {
      if (message.isFinal) this.#reject(message.reason);
      else this.#options.log.warn({ reason: message.reason }, 'the conductor refused this connection');
    } else if (isOrder(message)) {
      this.#handler.ordered(message);
    }
  }

  #reject(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handler.rejected(reason);
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    if (this.#isWelcome) this.#aloneSinceUs = this.#options.nowUs();
    this.#socket = null;
    this.#isWelcome = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    if (this.#isClosed) return;
    // Up to half of the pause is chance: agents that lost one conductor together do not dial it together.
    const pauseMs = this.#pauseMs * (0.5 + Math.random() / 2);
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
    this.#later(pauseMs, () => this.dial());
  }

  #every(socket: WebSocket, everyMs: number, act: () => void): void {
    this.#later(everyMs, () => {
      if (this.#socket !== socket) return;
      act();
      this.#every(socket, everyMs, act);
    });
  }

  #later(afterMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, afterMs);
    this.#timers.add(timer);
  }
}
