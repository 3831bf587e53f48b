/**
 * Where a member is now, when its known addresses no longer work: Kademlia among the members.
 * Owns: the parameters of kad-dht, and how much it may dial. Does not own: the list of members, dialling for frames (peer-pool.ts).
 * Left alone, kad-dht dials nearly everybody. Here it talks over the sessions that exist, and opens a few of its own.
 */
import { identify } from '@libp2p/identify';
import type { Libp2p, PeerId } from '@libp2p/interface';
import type { ConnectionManager } from '@libp2p/interface-internal';
import { type KadDHT, type KadDHTComponents, kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { ping } from '@libp2p/ping';

export const discoveryProtocol = '/bft-scale/kad/1';
const dialsAtOnce = 8;
const dialsPerSecond = 0.5;

class DialBudget {
  #left = dialsAtOnce;
  #atMs = performance.now();

  take(): boolean {
    const nowMs = performance.now();
    this.#left = Math.min(dialsAtOnce, this.#left + ((nowMs - this.#atMs) / 1_000) * dialsPerSecond);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** The same connection manager, but it opens few connections. */
function sparing(manager: ConnectionManager): ConnectionManager {
  const budget = new DialBudget();
  const check = (peer: unknown): void => {
    const isOpen = manager.getConnections().some(({ remotePeer }) => remotePeer.toString() === String(peer));
    if (!isOpen && !budget.take()) throw new Error('discovery may open no further connection now');
  };
  const openConnection: ConnectionManager['openConnection'] = async (peer, options) => {
    check(peer);
    return manager.openConnection(peer, options);
  };
  const openStream: ConnectionManager['openStream'] = async (peer, protocol, options) => {
    check(peer);
    return manager.openStream(peer, protocol, options);
  };
  return Object.create(manager, {
    openConnection: { value: openConnection },
    openStream: { value: openStream },
  });
}

/** For libp2p's `services`. */
export const discoveryServices = {
  identify: identify({ runOnConnectionOpen: true }),
  ping: ping(),
  dht: (components: KadDHTComponents): KadDHT =>
    kadDHT({
      protocol: discoveryProtocol,
      clientMode: false,
      // Members may share a machine or a private network: their addresses are good as they are.
      peerInfoMapper: passthroughMapper,
      kBucketSize: 20,
      alpha: 3,
      disjointPaths: 1,
      querySelfInterval: 600_000,
      initialQuerySelfInterval: 600_000,
      allowQueryWithZeroPeers: true,
    })(Object.create(components, { connectionManager: { value: sparing(components.connectionManager) } })),
};

/** Addresses the network knows for a peer; empty when it knows none in time. */
export async function findAddresses(
  libp2p: Libp2p,
  peerId: PeerId,
  timeoutMs: number,
): Promise<readonly string[]> {
  try {
    const found = await libp2p.peerRouting.findPeer(peerId, {
      signal: AbortSignal.timeout(timeoutMs),
      useCache: false,
    });
    return found.multiaddrs.map(String);
  } catch {
    return [];
  }
}
