/**
 * A conductor for tests of the agent: a real WebSocket server that records, acknowledges, and can be cut off or replaced.
 * Owns: the other end of the protocol. Does not own: expectations.
 */
import { createServer, type Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { agentPath } from '#node/agent-fields.ts';
import {
  type AgentMessage,
  type ConductorMessage,
  type Hello,
  type Push,
  readAgentMessage,
  writeMessage,
} from '#node/agent-protocol.ts';

export const conductorToken = 'a-conductor-token-for-tests';

export class TestConductor {
  readonly hellos: Hello[] = [];
  /** In order, each once: what is sent again is dropped by its number. */
  readonly pushes: Push[] = [];
  readonly phases: string[] = [];
  readonly byes: string[] = [];
  doubled = 0;
  /** Pushes are stored but not acknowledged. */
  isDeaf = false;
  readonly #http: Server = createServer();
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #open = new Set<WebSocket>();
  readonly #nameOf = new Map<WebSocket, string>();
  /** By incarnation: the number of its last push. */
  readonly #lastSeqs = new Map<string, number>();
  readonly #incarnationOf = new Map<WebSocket, string>();
  #port = 0;

  constructor() {
    this.#http.on('upgrade', (request, socket, head) => {
      if (request.url !== agentPath || request.headers.authorization !== `Bearer ${conductorToken}`) {
        socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#serve(opened));
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** `port` 0 takes a free one; a conductor that comes back takes its old one. */
  async listen(port = this.#port): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(port, '127.0.0.1', resolve));
    const address = this.#http.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    return this;
  }

  #serve(socket: WebSocket): void {
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    socket.on('message', (data) => this.#receive(socket, readAgentMessage(String(data))));
  }

  #receive(socket: WebSocket, message: AgentMessage): void {
    const nowUs = Number(process.hrtime.bigint() / 1_000n);
    const reply = (answer: ConductorMessage): void => socket.send(writeMessage(answer));
    switch (message.kind) {
      case 'hello':
        this.hellos.push(message);
        this.#nameOf.set(socket, message.agent);
        this.#incarnationOf.set(socket, message.incarnation);
        reply({ kind: 'welcome', version: 1, lastSeq: this.#lastSeqs.get(message.incarnation) ?? 0 });
        return;
      case 'ping':
        reply({ kind: 'pong', id: message.id, agentUs: message.agentUs, receivedUs: nowUs, sentUs: nowUs });
        return;
      case 'state':
        this.phases.push(message.phase + (message.reason === '' ? '' : `: ${message.reason}`));
        return;
      case 'push': {
        const incarnation = this.#incarnationOf.get(socket) ?? '';
        const lastSeq = this.#lastSeqs.get(incarnation) ?? 0;
        if (message.seq > lastSeq + 1) throw new Error(`push ${message.seq} after ${lastSeq}`);
        if (message.seq === lastSeq + 1) {
          this.pushes.push(message);
          this.#lastSeqs.set(incarnation, message.seq);
        } else this.doubled += 1;
        if (!this.isDeaf) reply({ kind: 'ack', seq: Math.max(lastSeq, message.seq) });
        return;
      }
      case 'bye':
        this.byes.push(message.reason);
    }
  }

  order(message: ConductorMessage): void {
    for (const socket of this.#open) socket.send(writeMessage(message));
  }

  /** To each agent by name. */
  orderEach(messageOf: (agent: string) => ConductorMessage): void {
    for (const [socket, agent] of this.#nameOf)
      if (this.#open.has(socket)) socket.send(writeMessage(messageOf(agent)));
  }

  sendText(text: string): void {
    for (const socket of this.#open) socket.send(text);
  }

  /** As a cable that is pulled: no close frame. */
  cut(): void {
    for (const socket of this.#open) socket.terminate();
  }

  async close(): Promise<void> {
    this.cut();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}
