/**
 * Makes the real nodes of this process: identities from their files, open ports, and for each life store, archive, transport, host.
 * Owns: where what lies in the data folder, putting the parts together, the verifier that all nodes share.
 * Does not own: the parts, or when a node starts (carried-node.ts).
 *
 * Folder: node-<index>/identity.json, and node-<index>/store/<run>/ for what is stored in a run.
 */
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { portOf, type TransportName } from '#node/agent-fields.ts';
import type { Assignment, OfferedNode, OwnNode } from '#node/agent-protocol.ts';
import type { Clock } from '#node/host/clock.ts';
import { Host } from '#node/host/host.ts';
import { allMechanisms, defaultLimits, timeoutBounds } from '#node/host/host-parts.ts';
import { derivedIdentity, type Identity, loadIdentity } from '#node/host/identity.ts';
import type { Log } from '#node/host/log.ts';
import { openArchive } from '#node/host/store/archive.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { Conditions } from '#node/host/transport/conditions.ts';
import { Libp2pTransport } from '#node/host/transport/libp2p-transport.ts';
import { ProbingTransport } from '#node/host/transport/probing-transport.ts';
import type { Member } from '#node/host/transport/transport.ts';
import { VerificationPipeline } from '#node/host/verification/verification-pipeline.ts';
import type { Verifier } from '#node/host/verification/verifier.ts';
import { CarriedNode } from './carried-node.ts';
import type { HostedNode, NodeFactory, NodeListener } from './hosted-node.ts';
import type { LifeParts, LifeSeed } from './life-parts.ts';

export interface WorkshopOptions {
  readonly dataFolder: string;
  readonly nodes: number;
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly advertise: string;
    readonly transport: TransportName;
  };
  /** Nodes of different networks refuse each other; derived, not shown. */
  readonly networkSecret: string;
  /** Identities are derived from it; null: they are kept in the data folder. */
  readonly identitySeed: { readonly secret: string; readonly name: string } | null;
  readonly isCampaign: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** A node before it has a number. */
interface Berth {
  readonly index: number;
  readonly identity: Identity;
  /** Its share of the pipeline that all nodes of the process use. */
  readonly verifier: Verifier;
  readonly offered: OfferedNode;
  /** Where it listens in every life. */
  readonly listen: string;
  /** Open since the start, for the first life. */
  first: Libp2pTransport | null;
}

function multiaddress(host: string, port: number, transport: TransportName): string {
  const kind = host.includes(':') ? 'ip6' : /^[\d.]+$/.test(host) ? 'ip4' : 'dns4';
  switch (transport) {
    case 'tcp':
      return `/${kind}/${host}/tcp/${port}`;
    case 'quic':
      return `/${kind}/${host}/udp/${port}/quic-v1`;
  }
}

/** Loopback by name is an address here: libp2p listens on addresses. */
function listenHost(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host;
}

export class NodeWorkshop implements NodeFactory {
  readonly #options: WorkshopOptions;
  readonly #network: string;
  readonly #berths: Berth[] = [];
  readonly #pipeline = new VerificationPipeline();

  private constructor(options: WorkshopOptions) {
    this.#options = options;
    this.#network = `bft-scale-${createHash('sha256').update(options.networkSecret).digest('hex').slice(0, 16)}`;
  }

  /** Loads or makes the identities and opens the ports. Throws when a port is taken or an identity cannot be used. */
  static async open(options: WorkshopOptions): Promise<NodeWorkshop> {
    const workshop = new NodeWorkshop(options);
    try {
      for (let index = 0; index < options.nodes; index += 1)
        workshop.#berths.push(await workshop.#berth(index));
    } catch (error) {
      await workshop.close();
      throw error;
    }
    return workshop;
  }

  get offers(): readonly OfferedNode[] {
    return this.#berths.map(({ offered }) => offered);
  }

  async create(assignment: Assignment, own: OwnNode, listener: NodeListener): Promise<HostedNode> {
    const berth = this.#berths[own.index];
    if (berth === undefined) throw new RangeError(`this process has no node ${own.index}`);
    const { clock, log, isCampaign, dataFolder } = this.#options;
    const stores = path.join(dataFolder, `node-${own.index}`, 'store');
    if (isCampaign) await forgetOtherRuns(stores, assignment.run);
    const members = assignment.members.map(
      ({ number, publicKey, peerId, addresses }): Member => ({
        number,
        publicKey: new Uint8Array(Buffer.from(publicKey, 'base64')),
        peerId,
        addresses,
      }),
    );
    return new CarriedNode({
      own,
      assignment,
      offered: berth.offered,
      storeFolder: path.join(stores, assignment.run),
      clock,
      log,
      listener,
      makeLife: (seed) => this.#life(berth, assignment, own, members, seed),
    });
  }

  /** Ports that no node has taken over, and the verifier. */
  async close(): Promise<void> {
    await Promise.all(this.#berths.map(({ first }) => first?.stop()));
    await this.#pipeline.close();
  }

  async #berth(index: number): Promise<Berth> {
    const { dataFolder, listen, identitySeed } = this.#options;
    const identity =
      identitySeed === null
        ? await loadIdentity(path.join(dataFolder, `node-${index}`, 'identity.json'))
        : derivedIdentity(identitySeed.secret, identitySeed.name, index);
    const at = (host: string, port: number): string => multiaddress(listenHost(host), port, listen.transport);
    const wanted = at(listen.host, listen.port === 0 ? 0 : listen.port + index);
    const first = await this.#listen(identity, wanted);
    const port = portOf(first.addresses[0] ?? '') ?? Number.NaN;
    const addresses = [at(listen.advertise, port)];
    const publicKey = Buffer.from(identity.publicKey).toString('base64');
    const offered = { index, publicKey, peerId: first.peerId, addresses };
    const verifier = this.#pipeline.member();
    return { index, identity, verifier, offered, listen: at(listen.host, port), first };
  }

  #listen(identity: Identity, address: string): Promise<Libp2pTransport> {
    const { clock, log } = this.#options;
    return Libp2pTransport.listen({
      identity,
      network: this.#network,
      listen: [address],
      clock,
      onLibraryError: (component, parts) => log.debug({ component, parts: parts.map(String) }, 'libp2p'),
    });
  }

  async #life(
    berth: Berth,
    assignment: Assignment,
    own: OwnNode,
    members: readonly Member[],
    { clock, disk, measurements, attack, storeFolder }: LifeSeed,
  ): Promise<LifeParts> {
    const { log, isCampaign } = this.#options;
    const { consensus, network, seed, byzantine, workload, isNetworkShaped } = assignment;
    const store = await openRocksStore(storeFolder, { around: disk.around });
    try {
      const archive = await openArchive(store, { member: own.number, durability: 'process' });
      const transport = berth.first ?? (await this.#listen(berth.identity, berth.listen));
      berth.first = null;
      // Delays are those of the network, not of the node's own clock: they are not skewed with it.
      const conditions = new Conditions({
        self: own.number,
        seed,
        profile: network,
        clock: this.#options.clock,
        isShaped: isNetworkShaped,
        isTimerCoarse: true,
      });
      transport.shape(conditions);
      const probing = new ProbingTransport(transport, {
        self: own.number,
        clock: this.#options.clock,
        conditions,
        everyUs: assignment.push.probeEveryUs,
        random: Math.random,
        echoed: (roundTripUs) => measurements.pinged(roundTripUs),
      });
      const { identity, verifier } = berth;
      const options = {
        number: own.number,
        consensus,
        seed,
        timeout: timeoutBounds(network, consensus.pollIntervalUs),
        exclusion: byzantine.exclusion,
        reputation: { halfLifeUs: byzantine.halfLifeUs, basis: byzantine.basis },
        isCampaign,
        attack,
        clusters: byzantine.clusters,
        operator: own.operator ?? own.number,
        parents: workload.parents,
        mechanisms: allMechanisms,
        limits: defaultLimits,
      };
      const parts = { members, transport: probing, archive, identity, verifier, clock, log, measurements };
      const host = new Host(options, parts);
      const verifiedBefore = verifier.figures;
      return { host, store, transport, probing, conditions, verifier, verifiedBefore };
    } catch (error) {
      await store.close();
      throw error;
    }
  }
}

/** Stores of runs that are over would fill the disk of a campaign; a node of a standing network has one run. */
async function forgetOtherRuns(stores: string, run: string): Promise<void> {
  const found = await readdir(stores).catch(() => []);
  const others = found.filter((name) => name !== run);
  await Promise.all(others.map((name) => rm(path.join(stores, name), { recursive: true, force: true })));
}
