/**
 * What is left of a stack in the cloud, found by its tag and not by anybody's state, and its removal in the order that works.
 * Owns: the kinds that bill or block others, looking and removing until nothing is found.
 * Does not own: destroying through Pulumi first (teardown.ts).
 */

/** Kinds in the order of removal: what makes VMs, VMs, what hangs on them, the network around them. */
export const kinds = [
  'group',
  'node-group',
  'instance',
  'cluster',
  'volume',
  'endpoint',
  'interface',
  'launch-template',
  'security-group',
  'subnet',
  'route-table',
  'vpc',
  'schedule-group',
] as const;
export type Kind = (typeof kinds)[number];

export interface Leftover {
  readonly kind: Kind;
  readonly id: string;
}

/** A test brings its own. */
export interface SweptCloud {
  readonly find: (stack: string) => Promise<readonly Leftover[]>;
  readonly remove: (leftover: Leftover) => Promise<void>;
  readonly pause: () => Promise<void>;
}

export interface SweepResult {
  readonly removed: readonly Leftover[];
  readonly left: readonly Leftover[];
  readonly failures: readonly string[];
}

/** While one of these stands the schedules stay armed: they stop it if this sweep does not. */
const stopped: ReadonlySet<Kind> = new Set(['group', 'node-group', 'instance', 'cluster']);

const byOrder = (a: Leftover, b: Leftover): number =>
  kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.id < b.id ? -1 : 1);

/**
 * Rounds of looking and removing. A removal that fails (something still hangs on it) is tried again in the next round. Ends when
 * nothing is found, or after `roundsMost` rounds with what is left.
 */
export async function sweep(cloud: SweptCloud, stack: string, roundsMost = 60): Promise<SweepResult> {
  const removed = new Map<string, Leftover>();
  let failures: string[] = [];
  for (let round = 0; round < roundsMost; round += 1) {
    const found = [...(await cloud.find(stack))].sort(byOrder);
    if (found.length === 0) return { removed: [...removed.values()], left: [], failures: [] };
    failures = [];
    const isArmed = found.some(({ kind }) => stopped.has(kind));
    for (const leftover of found) {
      if (leftover.kind === 'schedule-group' && isArmed) continue;
      try {
        await cloud.remove(leftover);
        removed.set(`${leftover.kind} ${leftover.id}`, leftover);
      } catch (error) {
        failures.push(
          `${leftover.kind} ${leftover.id}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    await cloud.pause();
  }
  return { removed: [...removed.values()], left: await cloud.find(stack), failures };
}
