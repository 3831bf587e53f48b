/**
 * The door through which agents reach the conductor: a WebSocket server that only lets in who has the token.
 * Owns: listening, the token, strict reading, clock answers, one session per agent name. Does not own: the run (conductor.ts).
 * An agent that breaks the protocol is refused for good and named; it never takes the conductor down.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { AgentSession, type PushListener } from '#campaigns/conductor/agent-session.ts';
import { nowUs } from '#campaigns/conductor/host-watch.ts';
import { agentMessageBytesMost, agentPath } from '#node/agent-fields.ts';
import { type AgentMessage, type Hello, readAgentMessage, writeMessage } from '#node/agent-protocol.ts';

export interface AgentServerOptions {
  readonly token: string;
  /** Loopback unless agents run elsewhere. */
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Answers requests that are no agents; left out: there is nothing else behind this door. */
  readonly answer?: RequestListener;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export class AgentServer {
  readonly agents = new Map<string, AgentSession>();
  /** Agents that broke the protocol, and how. */
  readonly refusals: string[] = [];
  onPush: PushListener = () => {};
  onHello: (session: AgentSession, isNew: boolean) => void = () => {};
  readonly #options: AgentServerOptions;
  readonly #expected: Buffer;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: agentMessageBytesMost });
  #url = '';

  constructor(options: AgentServerOptions) {
    this.#options = options;
    this.#expected = digest(options.token);
    this.#http = createServer(options.answer ?? ((_request, response) => response.writeHead(404).end()));
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => undefined);
      if (request.url !== agentPath || !this.#isAllowed(request.headers.authorization)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#serve(opened));
    });
  }

  /** Where agents dial. */
  get url(): string {
    return this.#url;
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, resolve);
    });
    const address = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('the conductor has no port');
    this.#url = `ws://${host}:${address.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  /** Compared as digests: neither length nor content of the token shows in the time it takes. */
  #isAllowed(header: string | undefined): boolean {
    const given = /^Bearer (.+)$/.exec(header ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), this.#expected);
  }

  #serve(socket: WebSocket): void {
    let session: AgentSession | null = null;
    socket.on('error', () => socket.terminate());
    socket.on('close', () => session?.detach(socket));
    socket.on('message', (data, isBinary) => {
      const arrivedUs = nowUs();
      try {
        if (isBinary) throw new TypeError('a binary message');
        const message = readAgentMessage(data.toString());
        session = this.#receive(socket, session, message, arrivedUs);
      } catch (error) {
        this.#refuse(socket, session, error instanceof Error ? error.message : String(error));
      }
    });
  }

  #refuse(socket: WebSocket, session: AgentSession | null, reason: string): void {
    this.refusals.push(`${session?.name ?? 'an agent without a name'}: ${reason}`);
    session?.enter('failed', `refused by the conductor: ${reason}`);
    socket.send(writeMessage({ kind: 'refused', reason: reason.slice(0, 400), isFinal: true }));
    socket.close();
  }

  #receive(
    socket: WebSocket,
    session: AgentSession | null,
    message: AgentMessage,
    arrivedUs: number,
  ): AgentSession {
    if (message.kind === 'hello') return this.#greet(socket, message);
    if (session === null) throw new TypeError(`${message.kind} before hello`);
    switch (message.kind) {
      case 'ping':
        session.send({
          kind: 'pong',
          id: message.id,
          agentUs: message.agentUs,
          receivedUs: arrivedUs,
          sentUs: nowUs(),
        });
        break;
      case 'state':
        session.enter(message.phase, message.reason);
        break;
      case 'push':
        session.push(message, arrivedUs);
        break;
      case 'bye':
        session.enter('stopped', message.reason);
        break;
    }
    return session;
  }

  #greet(socket: WebSocket, hello: Hello): AgentSession {
    const known = this.agents.get(hello.agent);
    const session = known ?? new AgentSession(hello, (...push) => this.onPush(...push));
    const isNew = known === undefined || known.hello.incarnation !== hello.incarnation;
    this.agents.set(hello.agent, session);
    session.attach(socket, hello);
    this.onHello(session, isNew);
    return session;
  }
}
