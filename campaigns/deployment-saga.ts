/**
 * Deploying, using and removing networks, each step journalled before and after it.
 * Owns: these steps for one session of a campaign, what stops them. Does not own: their order (next-action.ts), the network (a Target).
 *
 * Invariant: a destruction takes no signal at all. A wish to stop ends deploying, waiting and running; it never ends the removal.
 */
import type { PlannedDeployment } from '#campaigns/deployment-plan.ts';
import type { JournalEvent } from '#campaigns/journal-event.ts';
import type { PlannedCell } from '#campaigns/plan-record.ts';
import type { PoolOutcome } from '#campaigns/pool.ts';
import type { Progress, Target } from '#campaigns/targets/target.ts';

export interface ClusterRequest {
  /** Of the campaign, for what the deployment has to remember. */
  readonly folder: string;
  readonly campaign: string;
  readonly stack: string;
  readonly deployment: PlannedDeployment;
  /** A line for people: what the deployment does, what it costs. */
  readonly say: (text: string) => void;
}

export type ClusterFactory = (request: ClusterRequest) => Promise<Target>;

export interface SagaOptions {
  readonly folder: string;
  readonly campaign: string;
  readonly stack: string;
  /** Null: this program deploys nothing. */
  readonly cluster: ClusterFactory | null;
  readonly record: (event: JournalEvent) => void;
  /** The program is leaving at once: nothing is recorded any more. */
  readonly hasLeft: () => boolean;
  readonly say: (deployment: string, text: string) => void;
}

/** First line of what went wrong; journals are read by people. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().slice(0, 1_000) || 'no reason given';
}

export class DeploymentSaga {
  readonly #options: SagaOptions;
  readonly #targets = new Map<string, Promise<Target>>();
  readonly #steps = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: SagaOptions) {
    this.#options = options;
  }

  /** Steps that have begun and not ended; none of them rejects. */
  get running(): ReadonlySet<Promise<void>> {
    return this.#steps;
  }

  /** Deploying, waiting and running end safely; a destruction goes on. */
  interrupt(): void {
    this.#stop.abort();
  }

  deploy(deployment: PlannedDeployment): void {
    const { name, nodes, cells } = deployment;
    this.#begin({ kind: 'deploy-started', deployment: name }, async () => {
      this.#options.say(name, `deploying ${nodes} nodes for ${cells.length} runs`);
      try {
        await (await this.#target(deployment)).deploy(this.#stop.signal);
      } catch (error) {
        return { kind: 'deploy-failed', deployment: name, reason: reasonOf(error) };
      }
      return { kind: 'deploy-done', deployment: name };
    });
  }

  awaitReady(deployment: PlannedDeployment): void {
    const { name } = deployment;
    this.#begin({ kind: 'ready-started', deployment: name }, async () => {
      try {
        const isReady = await (await this.#target(deployment)).ready(this.#stop.signal);
        if (isReady) return { kind: 'ready-done', deployment: name };
        return { kind: 'ready-failed', deployment: name, reason: 'the network did not become ready in time' };
      } catch (error) {
        return { kind: 'ready-failed', deployment: name, reason: reasonOf(error) };
      }
    });
  }

  /** As a thread of the pool answers. Never rejects. */
  async measure(deployment: PlannedDeployment, cell: PlannedCell, progress: Progress): Promise<PoolOutcome> {
    try {
      const target = await this.#target(deployment);
      const outcome = await target.run(cell.spec, progress, this.#stop.signal);
      return this.#stop.signal.aborted ? { kind: 'stopped' } : { kind: 'outcome', outcome };
    } catch (error) {
      return this.#stop.signal.aborted ? { kind: 'stopped' } : { kind: 'failed', reason: reasonOf(error) };
    }
  }

  /** Ends with what the inventory still shows. */
  destroy(deployment: PlannedDeployment): void {
    const { name } = deployment;
    this.#begin({ kind: 'destroy-started', deployment: name }, async () => {
      this.#options.say(name, 'tearing down');
      const left = await this.#destroyed(deployment);
      this.#options.say(
        name,
        left.length === 0 ? 'nothing is left' : `${left.length} still there: ${left[0]}`,
      );
      return { kind: 'destroy-done', deployment: name, left };
    });
  }

  async #destroyed(deployment: PlannedDeployment): Promise<string[]> {
    try {
      const target = await this.#target(deployment);
      let refused: string | null = null;
      try {
        await target.destroy();
      } catch (error) {
        refused = reasonOf(error);
        this.#options.say(deployment.name, `the teardown complained: ${refused}`);
      }
      const left = await target.inventory();
      if (left.length === 0) this.#targets.delete(deployment.name);
      return [...left];
    } catch (error) {
      return [`the inventory could not be read: ${reasonOf(error)}`];
    }
  }

  #begin(before: JournalEvent, work: () => Promise<JournalEvent>): void {
    this.#options.record(before);
    const step = work().then((after) => {
      this.#steps.delete(step);
      if (!this.#options.hasLeft()) this.#options.record(after);
    });
    this.#steps.add(step);
  }

  #target(deployment: PlannedDeployment): Promise<Target> {
    const { cluster, folder, campaign, stack, say } = this.#options;
    if (cluster === null) return Promise.reject(new Error('this program deploys nothing'));
    const known = this.#targets.get(deployment.name);
    if (known !== undefined) return known;
    const target = cluster({
      folder,
      campaign,
      stack,
      deployment,
      say: (text) => say(deployment.name, text),
    });
    this.#targets.set(deployment.name, target);
    // What could not be made now is made anew by the next step.
    target.catch(() => this.#targets.delete(deployment.name));
    return target;
  }
}
