/**
 * What the fault engine tells a target to do, one discrete step at a time.
 * Owns: the sum type. Does not own: when (placement.ts), to whom (victims.ts), or how a target does it.
 */

/** `atUs`: virtual microseconds of the run. `fault`: index in RunSpec.faults. `effect`: 0-based occurrence within it. */
interface Timed {
  readonly atUs: number;
  readonly fault: number;
  readonly effect: number;
}

/**
 * Actions of overlapping faults of one kind add up. Partition and loss carry the state that holds from now on; the
 * others carry their own nodes and figure, which the matching `off` takes back.
 */
export type FaultAction = Timed &
  (
    | { readonly kind: 'partition-on' | 'partition-off'; readonly groupOf: Uint8Array | null }
    | { readonly kind: 'node-down'; readonly node: number }
    | { readonly kind: 'node-up'; readonly node: number; readonly disk: 'kept' | 'lost' }
    | { readonly kind: 'latency-on' | 'latency-off'; readonly nodes: Int32Array; readonly addUs: number }
    | { readonly kind: 'loss-on' | 'loss-off'; readonly loss: number }
    | { readonly kind: 'throttle-on' | 'throttle-off'; readonly nodes: Int32Array; readonly factor: number }
    | { readonly kind: 'skew-on' | 'skew-off'; readonly nodes: Int32Array; readonly ppm: number }
    | {
        readonly kind: 'disk-fail-on' | 'disk-fail-off';
        readonly nodes: Int32Array;
        readonly mode: 'error' | 'full';
      }
    | { readonly kind: 'stall-on' | 'stall-off'; readonly nodes: Int32Array }
    | { readonly kind: 'memory-on' | 'memory-off'; readonly nodes: Int32Array; readonly factor: number }
  );

export type FaultActionKind = FaultAction['kind'];
