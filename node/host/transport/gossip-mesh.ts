/**
 * Announcements to everybody: gossipsub over the links that exist anyway.
 * Owns: the gossipsub instance, its parameters, its streams over links, batches of announcements. Does not own: links, delays, what
 * an announcement says.
 *
 * Scores are off: all nodes of a test share one address, which gossipsub would punish silently, and lost messages are no offence.
 * Who misbehaves is judged by the transport and the host. Messages are unsigned: what they name is signed by its author.
 */
import {
  type GossipSub,
  type GossipSubComponents,
  type GossipSubEvents,
  gossipsub,
  multicodec,
  StrictNoSign,
  TopicValidatorResult,
} from '@libp2p/gossipsub';
import type {
  Connection,
  Logger,
  PeerId,
  Startable,
  StreamHandler,
  StreamHandlerRecord,
  StreamMiddleware,
  Topology,
} from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import { joinAnnouncements, splitAnnouncements } from './announcement-batch.ts';
import { GossipStream } from './gossip-stream.ts';

const topic = 'announcements';
const mostBatchBytes = 262_144;
const heartbeatLeastMs = 1_000;
const heartbeatPerPeerMs = 20;

/** A heartbeat looks at every peer: the more there are, the rarer it is, so that a node looks at no more than fifty a second. */
export function heartbeatMs(members: number): number {
  return Math.max(heartbeatLeastMs, heartbeatPerPeerMs * members);
}

export interface GossipMeshOptions {
  readonly clock: Clock;
  /** Peers a message is passed on to at once. Fewer cost less, more lose less. */
  readonly degree: number;
  /** Peers that there may be. */
  readonly members: number;
  /** Announcements of so long share one message. */
  readonly batchUs: number;
  readonly mostAnnouncementBytes: number;
  /** An RPC for a peer, to be carried by the link. */
  readonly send: (peerId: PeerId, rpc: Uint8Array) => void;
  readonly heard: (from: PeerId, announcement: Uint8Array) => void;
  /** The peer passed something on that is no batch of announcements. */
  readonly offended: (from: PeerId, reason: string) => void;
}

/** gossipsub looks for protocols and streams here and finds the links instead. */
class LinkRegistrar implements Registrar {
  handler: StreamHandler | null = null;
  topology: Topology | null = null;

  getProtocols(): string[] {
    return this.handler === null ? [] : [multicodec];
  }
  async handle(protocol: string, handler: StreamHandler): Promise<void> {
    if (protocol === multicodec) this.handler = handler;
  }
  async unhandle(): Promise<void> {
    this.handler = null;
  }
  getHandler(protocol: string): StreamHandlerRecord {
    if (this.handler === null || protocol !== multicodec) throw new RangeError(`nobody handles ${protocol}`);
    return { handler: this.handler, options: {} };
  }
  use(_protocol: string, _middleware: StreamMiddleware[]): void {}
  unuse(): void {}
  getMiddleware(): StreamMiddleware[] {
    return [];
  }
  async register(protocol: string, topology: Topology): Promise<string> {
    if (protocol === multicodec) this.topology = topology;
    return protocol;
  }
  unregister(): void {
    this.topology = null;
  }
  getTopologies(): Topology[] {
    return this.topology === null ? [] : [this.topology];
  }
}

interface Streams {
  readonly inbound: GossipStream;
  outbound: GossipStream | null;
}

export class GossipMesh {
  readonly #options: GossipMeshOptions;
  readonly #registrar = new LinkRegistrar();
  readonly #gossip: GossipSub & Partial<Startable>;
  readonly #log: Logger;
  readonly #streams = new Map<string, Streams>();
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #timer: ClockHandle | null = null;
  /** Messages published, messages that arrived for the first time. */
  published = 0;
  received = 0;

  constructor(components: GossipSubComponents, options: GossipMeshOptions) {
    this.#options = options;
    this.#log = components.logger.forComponent('gossip');
    this.#gossip = createGossip({ ...components, registrar: this.#registrar }, options);
    this.#gossip.topicValidators.set(topic, (from, { data }) => {
      if (splitAnnouncements(data, options.mostAnnouncementBytes) !== null)
        return TopicValidatorResult.Accept;
      options.offended(from, 'a gossip message that is no batch of announcements');
      return TopicValidatorResult.Reject;
    });
    this.#gossip.addEventListener('gossipsub:message', (event) => this.#heard(event));
  }

  async start(): Promise<void> {
    await this.#gossip.start?.();
    this.#gossip.subscribe(topic);
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    for (const { inbound, outbound } of this.#streams.values()) {
      inbound.end();
      outbound?.end();
    }
    this.#streams.clear();
    await this.#gossip.stop?.();
  }

  /** A link to the peer exists. */
  attach(peerId: PeerId, connection: Connection): void {
    const id = peerId.toString();
    const { handler } = this.#registrar;
    if (handler === null || this.#streams.has(id)) return;
    const send = (rpc: Uint8Array): void => this.#options.send(peerId, rpc);
    const streams: Streams = {
      inbound: new GossipStream(multicodec, 'inbound', this.#log, send),
      outbound: null,
    };
    this.#streams.set(id, streams);
    const newStream = async (): Promise<GossipStream> => {
      streams.outbound = new GossipStream(multicodec, 'outbound', this.#log, send);
      return streams.outbound;
    };
    void handler(streams.inbound, Object.create(connection, { newStream: { value: newStream } }));
  }

  detach(peerId: PeerId): void {
    const id = peerId.toString();
    const streams = this.#streams.get(id);
    if (streams === undefined) return;
    this.#streams.delete(id);
    this.#registrar.topology?.onDisconnect?.(peerId);
    streams.inbound.end();
    streams.outbound?.end();
  }

  /** An RPC of the peer has arrived. */
  receive(peerId: PeerId, rpc: Uint8Array): void {
    this.#streams.get(peerId.toString())?.inbound.receive(rpc);
  }

  announce(announcement: Uint8Array): void {
    const { clock, batchUs } = this.#options;
    this.#batch.push(announcement);
    this.#batchBytes += announcement.length;
    if (this.#batchBytes >= mostBatchBytes || batchUs === 0) this.#publish();
    else this.#timer ??= clock.at(clock.nowUs() + batchUs, () => this.#publish());
  }

  /** Peers that can be told, for tests and figures. */
  get subscribers(): number {
    return this.#gossip.getSubscribers(topic).length;
  }

  #publish(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#batch.length === 0) return;
    const message = joinAnnouncements(this.#batch);
    this.#batch = [];
    this.#batchBytes = 0;
    this.published += 1;
    this.#gossip.publish(topic, message).catch((error: unknown) => this.#log.error('publish - %e', error));
  }

  #heard({ detail }: GossipSubEvents['gossipsub:message']): void {
    this.received += 1;
    for (const announcement of splitAnnouncements(detail.msg.data, this.#options.mostAnnouncementBytes) ?? [])
      this.#options.heard(detail.propagationSource, announcement);
  }
}

function createGossip(
  components: GossipSubComponents,
  { degree, members }: GossipMeshOptions,
): GossipSub & Partial<Startable> {
  return gossipsub({
    allowedTopics: [topic],
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    batchPublish: true,
    emitSelf: false,
    fallbackToFloodsub: false,
    floodPublish: false,
    doPX: false,
    tagMeshPeers: false,
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: ({ data }) => blake3(data),
    msgIdToStrFn: (id) => Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1'),
    heartbeatInterval: heartbeatMs(members),
    D: degree,
    Dlo: Math.max(2, degree - 1),
    Dhi: degree + 1,
    Dscore: 1,
    Dout: 1,
    Dlazy: Math.max(2, degree - 1),
    gossipFactor: 0.02,
    idontwantMinDataSize: 4_096,
    seenTTL: 120_000,
    scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0, topicScoreCap: 0 },
  })(components);
}
