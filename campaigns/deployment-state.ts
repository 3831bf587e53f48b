/**
 * The life of a deployment as the journal tells it: written before and after every step outside of this machine.
 * Owns: these events and the state they add up to. Does not own: the file (journal.ts), what follows (next-action.ts).
 *
 * deploy-started -> deploy-done -> ready-started -> ready-done -> (cells) -> destroy-started -> destroy-done with nothing left
 */
import { z } from 'zod';

const deployment = z.string();
const reason = z.string();

export const deploymentEvents = [
  z.strictObject({ kind: z.literal('deploy-started'), deployment }),
  z.strictObject({ kind: z.literal('deploy-done'), deployment }),
  z.strictObject({ kind: z.literal('deploy-failed'), deployment, reason }),
  z.strictObject({ kind: z.literal('ready-started'), deployment }),
  z.strictObject({ kind: z.literal('ready-done'), deployment }),
  z.strictObject({ kind: z.literal('ready-failed'), deployment, reason }),
  z.strictObject({ kind: z.literal('destroy-started'), deployment }),
  /** `left`: the inventory after it; an inventory that could not be read is an entry, too. */
  z.strictObject({ kind: z.literal('destroy-done'), deployment, left: z.array(z.string()) }),
] as const;
type EventOf<T> = T extends z.ZodType<infer Event> ? Event : never;
export type DeploymentEvent = EventOf<(typeof deploymentEvents)[number]>;

/**
 * `absent`: proven to be gone, or never begun. `broken`: something may be there, nobody knows what: it is destroyed before
 * anything else. `left`: destroyed, and the inventory is not empty.
 */
export type DeploymentPhase =
  | 'absent'
  | 'deploying'
  | 'up'
  | 'waiting'
  | 'ready'
  | 'broken'
  | 'destroying'
  | 'left';

export interface DeploymentState {
  readonly phase: DeploymentPhase;
  /** How often it was begun, by any process. */
  readonly attempts: number;
  /** Why it did not come up, of this process; null when it did or was not tried. */
  readonly failure: string | null;
  /** Destructions of this process that left something. */
  readonly destroys: number;
  readonly left: readonly string[];
}

export const absentDeployment: DeploymentState = {
  phase: 'absent',
  attempts: 0,
  failure: null,
  destroys: 0,
  left: [],
};

export function afterDeploymentEvent(before: DeploymentState, event: DeploymentEvent): DeploymentState {
  switch (event.kind) {
    case 'deploy-started':
      return { ...before, phase: 'deploying', attempts: before.attempts + 1, left: [] };
    case 'deploy-done':
      return { ...before, phase: 'up' };
    case 'ready-started':
      return { ...before, phase: 'waiting' };
    case 'ready-done':
      return { ...before, phase: 'ready' };
    case 'deploy-failed':
    case 'ready-failed':
      return { ...before, phase: 'broken', failure: event.reason };
    case 'destroy-started':
      return { ...before, phase: 'destroying' };
    case 'destroy-done':
      return event.left.length === 0
        ? { ...before, phase: 'absent', left: [], destroys: 0 }
        : { ...before, phase: 'left', left: event.left, destroys: before.destroys + 1 };
  }
}

/** A new process took over: what stands goes on, but is looked at again; what was half done is undone. */
export function inNewSession(before: DeploymentState): DeploymentState {
  const fresh = { ...before, failure: null, destroys: 0 };
  switch (before.phase) {
    case 'absent':
      return fresh;
    case 'up':
    case 'waiting':
    case 'ready':
      return { ...fresh, phase: 'up' };
    case 'deploying':
    case 'broken':
    case 'destroying':
    case 'left':
      return { ...fresh, phase: 'broken' };
  }
}

/** For people: what went wrong with networks, and what of them may still be there. */
export function troublesOf(states: ReadonlyMap<string, DeploymentState>): {
  readonly deployments: readonly string[];
  /** A network is not proven to be gone. */
  readonly isStanding: boolean;
} {
  const deployments = [...states].flatMap(([name, { failure, left, phase }]) => [
    ...(failure === null ? [] : [`${name} did not come up: ${failure}`]),
    ...(phase === 'absent' ? [] : [`${name} is not proven to be gone (${phase})`]),
    ...left.map((one) => `${name} left: ${one}`),
  ]);
  return { deployments, isStanding: [...states.values()].some(({ phase }) => phase !== 'absent') };
}
