/**
 * What one life of a carried node consists of, and what it is made from.
 * Owns: the shapes that carried-node.ts and node-workshop.ts share. Does not own: making or ending a life.
 */
import type { AttackChoice } from '#node/agent-protocol.ts';
import type { Host } from '#node/host/host.ts';
import type { Measurements } from '#node/host/metrics/measurements.ts';
import type { Store } from '#node/host/store/store.ts';
import type { Conditions } from '#node/host/transport/conditions.ts';
import type { Libp2pTransport } from '#node/host/transport/libp2p-transport.ts';
import type { ProbingTransport } from '#node/host/transport/probing-transport.ts';
import type { Verifier, VerifierFigures } from '#node/host/verification/verifier.ts';
import type { BreakableDisk } from './breakable-disk.ts';
import type { SkewedClock } from './skewed-clock.ts';

/** Everything of one life. */
export interface LifeParts {
  readonly host: Host;
  readonly store: Store;
  readonly transport: Libp2pTransport;
  /** Around `transport`: what the host uses. */
  readonly probing: ProbingTransport;
  readonly conditions: Conditions;
  readonly verifier: Verifier;
  /** Its figures when this life began: the verifier outlives it. */
  readonly verifiedBefore: VerifierFigures;
}

/** What a life is made from; `folder` holds the store. */
export interface LifeSeed {
  readonly clock: SkewedClock;
  readonly disk: BreakableDisk;
  readonly measurements: Measurements;
  readonly attack: AttackChoice;
  readonly storeFolder: string;
}
