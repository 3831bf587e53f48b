/**
 * The transport over libp2p: members, sessions, frames, announcements.
 * Owns: joining pool, links, gossip, conditions and discovery; which peer is which member; who is cut off; the figures.
 * Does not own: each of those parts, what a frame means.
 *
 * Life: `listen` (addresses are known, everybody is refused), `start` (members are let in), `stop` or `crash`.
 */
import type { Connection, PeerId, Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '#node/host/clock.ts';
import type { SessionIdentity } from '#node/host/session/identity-proof.ts';
import type { Conditions } from './conditions.ts';
import { findAddresses } from './discovery.ts';
import { FloodGuard } from './flood-guard.ts';
import { FrameLink } from './frame-link.ts';
import { type GossipOptions, GossipRoute, gossipDefaults } from './gossip-route.ts';
import { createNode, type Libp2pNode } from './libp2p-node.ts';
import { keptMembers, Membership } from './membership.ts';
import { noPoolFigures, PeerPool, type PoolFigures, type PoolOptions, poolDefaults } from './peer-pool.ts';
import { type Channel, channel } from './record-reader.ts';
import { SessionShare } from './session-share.ts';
import { SocketMeter } from './socket-meter.ts';
import type { Member, SendResult, Transport, TransportFigures, TransportHandler } from './transport.ts';
import { checkFrameSize, type TransportLimits, transportLimits } from './transport-limits.ts';
import { WaitingFrames } from './waiting-frames.ts';

export const linkProtocol = '/bft-scale/link/1';
/** Links of one session: one, or two for a moment. */
const mostLinks = 4;
/** After so many failed dials in a row, the network is asked for newer addresses. */
const failuresBeforeSearch = 3;
const searchTimeoutMs = 5_000;
const warmRounds = 5;
const warmPauseUs = 500_000;

export interface Libp2pTransportOptions {
  readonly identity: SessionIdentity;
  /** Nodes of different networks refuse each other. */
  readonly network: string;
  /** Multiaddresses; port 0 takes a free one. */
  readonly listen: readonly string[];
  readonly clock: Clock;
  readonly limits?: Partial<TransportLimits>;
  readonly pool?: Partial<PoolOptions>;
  readonly hasDiscovery?: boolean;
  readonly gossip?: Partial<GossipOptions>;
  readonly onLibraryError?: (component: string, parts: readonly unknown[]) => void;
}

export interface Libp2pTransportFigures extends TransportFigures {
  /** Handshakes that ended without a session. */
  readonly handshakesRefused: number;
  readonly announcementsSent: number;
  readonly announcementsReceived: number;
  readonly misbehaved: number;
  readonly sockets: number;
  readonly poolTarget: number;
  readonly pool: Readonly<PoolFigures>;
}

/** What exists from `start` on. */
interface Running {
  readonly members: Membership;
  readonly handler: TransportHandler;
  readonly pool: PeerPool<FrameLink>;
  readonly gossip: GossipRoute;
}

export class Libp2pTransport implements Transport {
  readonly #options: Libp2pTransportOptions;
  readonly #limits: TransportLimits;
  readonly #node: Libp2pNode;
  readonly #meter: SocketMeter;
  readonly #sessions = new SessionShare();
  readonly #waiting: WaitingFrames;
  readonly #connections = new WeakMap<FrameLink, Connection>();
  readonly #guards = new Map<number, FloodGuard>();
  readonly #searching = new Set<number>();
  #running: Running | null = null;
  #conditions: Conditions | null = null;
  #framesSent = 0;
  #framesReceived = 0;
  #framesRefused = 0;
  #announcements = 0;
  #announcementsReceived = 0;
  #misbehaved = 0;
  #handshakesRefused = 0;

  private constructor(
    options: Libp2pTransportOptions,
    limits: TransportLimits,
    node: Libp2pNode,
    meter: SocketMeter,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#node = node;
    this.#meter = meter;
    this.#waiting = new WaitingFrames(limits.mostQueuedBytes);
  }

  /** Opens the port; nobody is let in before `start`. */
  static async listen(options: Libp2pTransportOptions): Promise<Libp2pTransport> {
    const limits = { ...transportLimits, ...options.limits };
    const meter = new SocketMeter(options.clock);
    const made: { transport: Libp2pTransport | null } = { transport: null };
    const node = await createNode({
      identity: options.identity,
      network: options.network,
      listen: options.listen,
      handshakeTimeoutMs: Math.ceil(limits.handshakeUs / 1_000),
      mostSessions: options.pool?.most ?? poolDefaults.most,
      meter,
      hasDiscovery: options.hasDiscovery ?? false,
      isMember: (publicKey, peerId) =>
        made.transport === null ? false : made.transport.#isMember(publicKey, peerId),
      isRefused: (peerId) => made.transport === null || made.transport.#isRefused(peerId),
      onRefused: () => {
        if (made.transport !== null) made.transport.#handshakesRefused += 1;
      },
      onBroken: (peerId, error) => {
        if (made.transport !== null) made.transport.#offendedBy(peerId, `session: ${error.message}`, 0);
      },
      onLibraryError: options.onLibraryError ?? (() => {}),
    });
    const transport = new Libp2pTransport(options, limits, node, meter);
    made.transport = transport;
    await node.libp2p.handle(linkProtocol, (stream, connection) => transport.#accepted(stream, connection), {
      maxInboundStreams: mostLinks,
      maxOutboundStreams: mostLinks,
    });
    return transport;
  }

  get peerId(): string {
    return this.#node.libp2p.peerId.toString();
  }

  /** Where the node listens, without its peer id. */
  get addresses(): readonly string[] {
    return this.#node.libp2p.getMultiaddrs().map((address) => String(address).replace(/\/p2p\/[^/]+$/, ''));
  }

  /** The conditions of the network, from now on; null: messages pass untouched. */
  shape(conditions: Conditions | null): void {
    this.#conditions = conditions;
  }

  async start(members: readonly Member[], handler: TransportHandler): Promise<void> {
    if (this.#running !== null) throw new Error('the transport was started before; listen anew');
    const membership = new Membership(members, this.peerId);
    const { clock } = this.#options;
    const options = { ...poolDefaults, ...this.#options.pool };
    const pool = new PeerPool<FrameLink>(options, {
      self: membership.self,
      clock,
      dial: (member) => this.#dial(member),
      connected: (member, link) => this.#connected(member, link),
      replaced: (member, link) => this.#replaced(member, link),
      disconnected: (member) => this.#disconnected(member),
      unreachable: (member) => this.#unreachable(member),
      stalled: (member) => this.#offended(member, 'stall: it takes nothing that is sent to it', 0),
    });
    const gossip = new GossipRoute(
      this.#node.components,
      { ...gossipDefaults, ...this.#options.gossip },
      {
        clock,
        members: members.length,
        mostAnnouncementBytes: this.#limits.mostAnnouncementBytes,
        numberOf: (peerId) => membership.numberOf(peerId),
        conditions: () => this.#conditions,
        leave: (member, rpc) => void this.#running?.pool.link(member)?.send(channel.gossip, rpc),
        heard: (member, announcement) => this.#heard(member, announcement),
        offended: (member, reason) => this.#offended(member, reason, this.#limits.cutOffUs),
      },
    );
    await gossip.start();
    this.#running = { members: membership, handler, pool, gossip };
    pool.start(membership.numbers, keptMembers(membership.self, membership.numbers, options.least));
  }

  send(member: number, bytes: Uint8Array): SendResult {
    checkFrameSize(bytes.length, this.#limits.mostFrameBytes);
    const pool = this.#running?.pool;
    const link = pool?.acquire(member) ?? null;
    if (pool === undefined || (link === null && !pool.isReachable(member)))
      return this.#refuse('unreachable');
    const queued = link?.queuedBytes ?? this.#waiting.bytesFor(member);
    if (queued + bytes.length > this.#limits.mostQueuedBytes) return this.#refuse('queue-full');
    if (this.#conditions === null) this.#leave(member, bytes);
    else this.#conditions.outgoing(member, bytes.length, () => this.#leave(member, bytes));
    return 'sent';
  }

  announce(bytes: Uint8Array): void {
    if (this.#running === null || bytes.length === 0 || bytes.length > this.#limits.mostAnnouncementBytes) {
      this.#framesRefused += 1;
      return;
    }
    this.#announcements += 1;
    this.#running.gossip.announce(bytes);
  }

  cutOff(member: number, _reason: string): void {
    this.#running?.pool.refuse(member, this.#limits.cutOffUs);
  }

  /** Opens a session to every member that is this node's to dial: together, all pairs. Resolves when each was tried a few times. */
  async warm(): Promise<void> {
    if (this.#running === null) return;
    const { pool, members } = this.#running;
    for (let round = 0; round < warmRounds && this.#running !== null; round++) {
      await pool.openAll(members.toDial);
      if (members.toDial.every((member) => pool.link(member) !== null)) return;
      await this.#pause(warmPauseUs);
    }
  }

  /** Peers that announcements can reach directly. */
  get gossipPeers(): number {
    return this.#running?.gossip.peers ?? 0;
  }

  get figures(): Libp2pTransportFigures {
    const pool = this.#running?.pool;
    const counted = pool?.figures ?? noPoolFigures;
    return {
      bytesSent: this.#meter.bytesSent,
      bytesReceived: this.#meter.bytesReceived,
      framesSent: this.#framesSent,
      framesReceived: this.#framesReceived,
      framesRefused: this.#framesRefused,
      connections: pool?.size ?? 0,
      dials: counted.dials,
      reused: counted.hits,
      handshakesRefused: this.#handshakesRefused,
      announcementsSent: this.#announcements,
      announcementsReceived: this.#announcementsReceived,
      misbehaved: this.#misbehaved,
      sockets: this.#meter.sockets,
      poolTarget: pool?.target ?? 0,
      pool: counted,
    };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#conditions?.close();
    running?.pool.close();
    await running?.gossip.stop();
    await this.#node.libp2p.stop();
  }

  /** As a process that dies: sockets are reset, nothing that waits is sent. */
  async crash(): Promise<void> {
    this.#conditions?.close();
    for (const connection of this.#node.libp2p.getConnections()) connection.abort(new Error('crash'));
    await this.stop();
  }

  #pause(forUs: number): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => clock.at(clock.nowUs() + forUs, resolve));
  }

  #isMember(publicKey: Uint8Array, peerId: PeerId): boolean {
    return this.#running?.members.holds(publicKey, peerId) ?? false;
  }

  #isRefused(peerId: PeerId): boolean {
    const running = this.#running;
    const member = running?.members.numberOf(peerId);
    return running === null || member === undefined || running.pool.refuses(member);
  }

  #refuse(result: 'unreachable' | 'queue-full'): SendResult {
    this.#framesRefused += 1;
    return result;
  }

  #leave(member: number, bytes: Uint8Array): void {
    const pool = this.#running?.pool;
    const link = pool?.link(member) ?? null;
    const isTaken =
      link !== null
        ? link.send(channel.frame, bytes)
        : pool?.isReachable(member) === true && this.#waiting.add(member, bytes);
    if (isTaken) this.#framesSent += 1;
    else this.#framesRefused += 1;
  }

  async #dial(member: number): Promise<FrameLink> {
    const known = this.#running!.members.member(member);
    const signal = AbortSignal.timeout(Math.ceil(this.#limits.handshakeUs / 1_000));
    const connection = await this.#node.libp2p.dial(dialAddresses(known), { signal });
    const stream = await connection.newStream(linkProtocol, { signal, maxOutboundStreams: mostLinks });
    return this.#link(member, stream, connection, true);
  }

  #accepted(stream: Stream, connection: Connection): void {
    const member = this.#running?.members.numberOf(connection.remotePeer);
    if (member === undefined) connection.abort(new Error('not a member'));
    else this.#running?.pool.opened(member, this.#link(member, stream, connection, false));
  }

  #link(member: number, stream: Stream, connection: Connection, isOurs: boolean): FrameLink {
    const { clock } = this.#options;
    const guard = this.#guards.get(member) ?? new FloodGuard(this.#limits, clock.nowUs());
    this.#guards.set(member, guard);
    const link = new FrameLink(stream, this.#sessions.join(connection, stream), isOurs, {
      clock,
      limits: this.#limits,
      guard,
      onRecord: (_link, use, payload) => this.#arrived(member, use, payload),
      onOffence: (_link, reason) => this.#offended(member, reason, this.#limits.cutOffUs),
      onClosed: (closed) => this.#running?.pool.closed(member, closed),
    });
    this.#connections.set(link, connection);
    return link;
  }

  #connected(member: number, link: FrameLink): void {
    const running = this.#running!;
    const connection = this.#connections.get(link)!;
    running.gossip.attach(connection);
    running.handler.connected(member);
    for (const bytes of this.#waiting.take(member)) {
      if (link.send(channel.frame, bytes)) continue;
      this.#framesSent -= 1;
      this.#framesRefused += 1;
    }
  }

  /** Subscriptions are told once per link: the one before may have taken them with it. */
  #replaced(member: number, link: FrameLink): void {
    const { gossip, members } = this.#running!;
    gossip.detach(member, members.peerId(member));
    gossip.attach(this.#connections.get(link)!);
  }

  #disconnected(member: number): void {
    const running = this.#running!;
    running.gossip.detach(member, running.members.peerId(member));
    running.handler.disconnected(member);
  }

  #unreachable(member: number): void {
    const lost = this.#waiting.take(member).length;
    this.#framesSent -= lost;
    this.#framesRefused += lost;
    void this.#search(member);
  }

  /** Asks the network where a member is that does not answer where it was. */
  async #search(member: number): Promise<void> {
    const { discovery } = this.#node;
    const running = this.#running;
    if (discovery === null || running === null || this.#searching.has(member)) return;
    if (running.pool.failures(member) % failuresBeforeSearch !== 0) return;
    this.#searching.add(member);
    const addresses = await findAddresses(discovery, running.members.peerId(member), searchTimeoutMs);
    this.#searching.delete(member);
    if (addresses.length > 0) running.members.move(member, addresses);
  }

  #arrived(member: number, use: Channel, payload: Uint8Array): void {
    const conditions = this.#conditions;
    const deliver = (): void => this.#deliver(member, use, payload);
    const isExempt = use === channel.gossip && this.#running?.gossip.isExempt(payload) === true;
    if (conditions === null || isExempt) deliver();
    else conditions.incoming(member, payload.length, deliver);
  }

  #deliver(member: number, use: Channel, payload: Uint8Array): void {
    const running = this.#running;
    if (running === null) return;
    if (use === channel.frame) {
      this.#framesReceived += 1;
      running.handler.frame(member, payload);
      return;
    }
    running.gossip.receive(member, running.members.peerId(member), payload);
  }

  #heard(member: number, announcement: Uint8Array): void {
    this.#announcementsReceived += 1;
    this.#running?.handler.announcement(member, announcement);
  }

  #offendedBy(peerId: PeerId, reason: string, refusedUs: number): void {
    const member = this.#running?.members.numberOf(peerId);
    if (member !== undefined) this.#offended(member, reason, refusedUs);
  }

  #offended(member: number, reason: string, refusedUs: number): void {
    const running = this.#running;
    if (running === null || running.pool.refuses(member)) return;
    this.#misbehaved += 1;
    running.pool.refuse(member, refusedUs);
    running.handler.misbehaved(member, reason);
  }
}

function dialAddresses({ addresses, peerId }: Member): Multiaddr[] {
  const id = peerIdFromString(peerId).toString();
  return addresses.map((address) => multiaddr(address.includes('/p2p/') ? address : `${address}/p2p/${id}`));
}
