/**
 * Copies what transport, store, verifier and host count for themselves into the measurements of the node, where all read it.
 * Owns: which figure is which counter. Does not own: counting.
 */
import type { Measurements } from '#node/host/metrics/measurements.ts';
import type { LifeParts } from './life-parts.ts';

export function copyFigures({ counters, gauges }: Measurements, parts: LifeParts): void {
  const { host, transport, store, verifier, verifiedBefore } = parts;
  const wire = transport.figures;
  counters.bytesSent = wire.bytesSent;
  counters.bytesReceived = wire.bytesReceived;
  counters.framesSent = wire.framesSent;
  counters.framesReceived = wire.framesReceived;
  counters.framesRefused = wire.framesRefused;
  counters.dials = wire.dials;
  counters.poolReused = wire.reused;
  gauges.connections = wire.connections;
  const disk = store.figures;
  counters.storeBatches = disk.batches;
  counters.storeBytesWritten = disk.bytesWritten;
  gauges.storeCacheHitShare = disk.reads === 0 ? 0 : disk.cacheHits / disk.reads;
  const signatures = verifier.figures;
  counters.signaturesVerified = signatures.verified - verifiedBefore.verified;
  counters.signaturesRefused = signatures.rejected - verifiedBefore.rejected;
  counters.verificationUs = Math.round(signatures.cpuUs - verifiedBefore.cpuUs);
  gauges.verificationQueue = signatures.queueDepth;
  const figures = host.figures;
  gauges.activeVertices = figures.undecided;
  gauges.queuedTransactions = figures.queuedTransactions;
  gauges.degradedLevel = figures.degradedLevel;
  gauges.openBreakers = figures.openBreakers;
  gauges.suspectedPeers = figures.suspectedPeers;
}
