/**
 * Gossip on its way over the links: what waits, what suffers the conditions of the network, what is refused.
 * Owns: joining mesh, pacer and conditions; its parameters. Does not own: gossipsub (gossip-mesh.ts), links.
 * Subscriptions are told once per session: they pass whatever the conditions are. Other control waits, but is not lost.
 */
import type { GossipSubComponents } from '@libp2p/gossipsub';
import type { Connection, PeerId } from '@libp2p/interface';
import type { Clock } from '#node/host/clock.ts';
import type { Conditions, MessageClass } from './conditions.ts';
import { GossipMesh } from './gossip-mesh.ts';
import { GossipPacer } from './gossip-pacer.ts';
import { rpcParts } from './gossip-rpc.ts';

export interface GossipOptions {
  /** Peers an announcement is passed on to at once. Fewer cost less, more lose less. */
  readonly degree: number;
  /** Own announcements of so long share one message. */
  readonly batchUs: number;
  /** Between two gossip records to one member, when there is more than one to send. */
  readonly paceUs: number;
}

export const gossipDefaults: GossipOptions = { degree: 3, batchUs: 2_000, paceUs: 10_000 };

/** First byte of an RPC that begins with subscriptions. */
const subscriptionTag = 0x0a;

export interface GossipRouteParts {
  readonly clock: Clock;
  readonly members: number;
  readonly mostAnnouncementBytes: number;
  readonly numberOf: (peerId: PeerId) => number | undefined;
  readonly conditions: () => Conditions | null;
  /** Puts an RPC on the link to a member. */
  readonly leave: (member: number, rpc: Uint8Array) => void;
  readonly heard: (member: number, announcement: Uint8Array) => void;
  readonly offended: (member: number, reason: string) => void;
}

export class GossipRoute {
  readonly #parts: GossipRouteParts;
  readonly #mesh: GossipMesh;
  readonly #pacer: GossipPacer;

  constructor(components: GossipSubComponents, options: GossipOptions, parts: GossipRouteParts) {
    this.#parts = parts;
    this.#pacer = new GossipPacer(parts.clock, options.paceUs, (member, rpc) =>
      this.#shape(member, rpc, 'message'),
    );
    const withNumber = (peerId: PeerId, act: (member: number) => void): void => {
      const member = parts.numberOf(peerId);
      if (member !== undefined) act(member);
    };
    this.#mesh = new GossipMesh(components, {
      clock: parts.clock,
      degree: options.degree,
      members: parts.members,
      batchUs: options.batchUs,
      mostAnnouncementBytes: parts.mostAnnouncementBytes,
      send: (peerId, rpc) => withNumber(peerId, (member) => this.#send(member, rpc)),
      heard: (peerId, announcement) => withNumber(peerId, (member) => parts.heard(member, announcement)),
      offended: (peerId, reason) => withNumber(peerId, (member) => parts.offended(member, reason)),
    });
  }

  start(): Promise<void> {
    return this.#mesh.start();
  }

  async stop(): Promise<void> {
    this.#pacer.close();
    await this.#mesh.stop();
  }

  get peers(): number {
    return this.#mesh.subscribers;
  }

  attach(connection: Connection): void {
    this.#mesh.attach(connection.remotePeer, connection);
  }

  detach(member: number, peerId: PeerId): void {
    this.#pacer.forget(member);
    this.#mesh.detach(peerId);
  }

  announce(announcement: Uint8Array): void {
    this.#mesh.announce(announcement);
  }

  /** Whether an RPC that arrived is spared the conditions of the network. */
  isExempt(rpc: Uint8Array): boolean {
    return rpc[0] === subscriptionTag;
  }

  receive(member: number, peerId: PeerId, rpc: Uint8Array): void {
    try {
      rpcParts(rpc);
    } catch (error) {
      this.#parts.offended(member, error instanceof Error ? error.message : String(error));
      return;
    }
    this.#mesh.receive(peerId, rpc);
  }

  #send(member: number, rpc: Uint8Array): void {
    const { published, control, subscriptions } = rpcParts(rpc);
    if (subscriptions.length > 0) this.#parts.leave(member, subscriptions);
    if (control.length > 0) this.#shape(member, control, 'control');
    if (published.length > 0) this.#pacer.add(member, published);
  }

  #shape(member: number, rpc: Uint8Array, kind: MessageClass): void {
    const conditions = this.#parts.conditions();
    const leave = (): void => this.#parts.leave(member, rpc);
    if (conditions === null) leave();
    else conditions.outgoing(member, rpc.length, leave, kind);
  }
}
