/**
 * What a guard sees at one poll, as data: clocks, inventory, prices, signs of life. A recorded list of these replays a day.
 * Owns: the record. Does not own: how it was obtained (campaigns/guard) or what follows from it (decide.ts).
 */
import type { UsdMicros } from '#budgets/money.ts';

export type MeteredKind =
  | 'instance'
  | 'disk'
  | 'address'
  | 'nat-gateway'
  | 'load-balancer'
  | 'endpoint'
  | 'control-plane';

export interface MeteredResource {
  readonly id: string;
  readonly kind: MeteredKind;
  /** What its price is looked up by, e.g. "us-west-2 c6i.2xlarge spot". */
  readonly item: string;
  /** Billed units of the item: 1 for a machine, GiB for a disk. */
  readonly units: number;
  /** When billing began, by the clock of the cloud. */
  readonly launchedMs: number;
}

export type SeenInventory =
  | {
      readonly seen: true;
      /** The time the cloud itself put on its answer: an answer that repeats it is an old one. */
      readonly stampMs: number;
      readonly resources: readonly MeteredResource[];
    }
  | { readonly seen: false; readonly why: string };

export type SeenPrices =
  | {
      readonly known: true;
      /** Per unit and hour. */
      readonly perHour: Readonly<Record<string, UsdMicros>>;
      /** What an item without a price is counted at: the dearest of its kind, never zero. */
      readonly worst: Readonly<Partial<Record<MeteredKind, UsdMicros>>>;
    }
  | { readonly known: false; readonly why: string };

export interface Observation {
  /** A clock that never jumps; only differences mean anything. */
  readonly monotonicMs: number;
  readonly inventory: SeenInventory;
  readonly prices: SeenPrices;
  /** Whether work is running, and a number that grows while it does. */
  readonly work: { readonly running: boolean; readonly heartbeat: number };
}
