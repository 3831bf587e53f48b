/**
 * What is left of a stack in the cloud, found by its tag and not by anybody's state, and its removal in the order that works.
 * Owns: the kinds that bill, block others or the next `up`; looking and removing until nothing is found.
 * Does not own: destroying through Pulumi first (teardown.ts).
 */

/** What served the machines from outside of their network, in the order of removal (swept-services.ts). */
export const serviceKinds = [
  'alarm',
  'rule',
  'queue',
  'log-group',
  'key',
  'instance-profile',
  'role',
] as const;
export type ServiceKind = (typeof serviceKinds)[number];

/** Kinds in the order of removal: what makes VMs, VMs, what hangs on them, the network around them, the dead-man, what served them. */
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
  ...serviceKinds,
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

/** While one of these stands the schedules stay armed, and their role stays: they stop it if this sweep does not. */
const stopped: ReadonlySet<Kind> = new Set(['group', 'node-group', 'instance', 'cluster']);

const isOfDeadMan = ({ kind }: Leftover): boolean => kinds.indexOf(kind) >= kinds.indexOf('schedule-group');

const byOrder = (a: Leftover, b: Leftover): number =>
  kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.id < b.id ? -1 : 1);

/** Null when it failed: the words are then in `failures`. */
async function attempt<T>(what: string, failures: string[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/**
 * Rounds of looking and removing. A removal that fails (something still hangs on it) is tried again in the next round. Ends when
 * nothing is found, or after `roundsMost` rounds with what is left. Looking may fail, too: then nothing proves that nothing is left.
 */
export async function sweep(cloud: SweptCloud, stack: string, roundsMost = 60): Promise<SweepResult> {
  const removed = new Map<string, Leftover>();
  let failures: string[] = [];
  for (let round = 0; ; round += 1) {
    const unseen: string[] = [];
    const left = [...((await attempt('looking', unseen, () => cloud.find(stack))) ?? [])].sort(byOrder);
    if (left.length === 0 && unseen.length === 0)
      return { removed: [...removed.values()], left, failures: [] };
    if (round === roundsMost)
      return { removed: [...removed.values()], left, failures: [...new Set([...failures, ...unseen])] };
    failures = unseen;
    const isArmed = left.some(({ kind }) => stopped.has(kind));
    for (const leftover of left) {
      if (isArmed && isOfDeadMan(leftover)) continue;
      const what = `${leftover.kind} ${leftover.id}`;
      await attempt(what, failures, async () => {
        await cloud.remove(leftover);
        removed.set(what, leftover);
      });
    }
    await cloud.pause();
  }
}
