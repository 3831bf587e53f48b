/**
 * Kubernetes as a target: one deployment with Pulumi, its conductor asked through a port-forward, and a teardown that is proven.
 * Owns: the contract of a target over engine, conductor and sweep. Does not own: any of them, the order of steps (next-action.ts).
 *
 * The conductor goes on when this program dies: a run is handed in under the name of its cell, and handed in again it is the same run.
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { formatUsd } from '#budgets/money.ts';
import { AwsAccount } from '#campaigns/cloud/aws-account.ts';
import { codeVersion } from '#campaigns/code-version.ts';
import type { ClusterRequest } from '#campaigns/deployment-saga.ts';
import { cellId } from '#campaigns/plan.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { planRealTime } from '#campaigns/targets/processes/real-window.ts';
import type { Progress, RunOutcome, Target } from '#campaigns/targets/target.ts';
import { capabilities } from './capabilities.ts';
import { cloudInventory, clusterInventory, sweepCloud, sweepCluster } from './cluster-sweep.ts';
import { collectCell } from './collected-cell.ts';
import { ConductorLink } from './conductor-link.ts';
import { type Deployed, StackSession } from './stack-session.ts';
import {
  readSettings,
  repository,
  type Settings,
  type SettingsRequest,
  writeSettings,
} from './stack-settings.ts';

export interface KubernetesOptions {
  /** Folder of Pulumi.yaml; left out: this repository. */
  readonly project?: string;
  /** For the engine, beside the environment of this program. */
  readonly env?: Readonly<Record<string, string>>;
  /** File of a kubeconfig in place of the user's own. */
  readonly kubeconfig?: string;
}

/** Images are pulled, sessions are opened: 10,000 pods take a quarter of an hour. */
const readyWithinMs = 25 * 60_000;
/** After so long this share is enough: a few VMs of a spot pool are always late. */
const settledMs = 10 * 60_000;
const quorum = 0.98;
const pollMs = 1_000;
/** A conductor whose VM was taken away comes back within this time, with an empty disk and the run handed in again. */
const silentMostMs = 10 * 60_000;
const stopWithinMs = 60_000;

const statusShape = z.looseObject({ code_version: z.string(), nodes_offered: z.number() });
const runState = z.discriminatedUnion('state', [
  z.looseObject({ state: z.literal('unknown') }),
  z.looseObject({ state: z.literal('queued') }),
  z.looseObject({ state: z.literal('running'), progress: z.number() }),
  z.looseObject({ state: z.literal('done'), manifest_sha256: z.string() }),
  z.looseObject({ state: z.literal('failed'), reason: z.string() }),
]);
type RunState = z.infer<typeof runState>;

class KubernetesTarget implements Target {
  readonly capabilities = capabilities;
  readonly #request: ClusterRequest;
  readonly #options: KubernetesOptions;
  readonly #settings: Settings;
  readonly #where: SettingsRequest;
  readonly #session: StackSession;
  readonly #configFile: string;
  #link: ConductorLink | null = null;

  constructor(request: ClusterRequest, options: KubernetesOptions) {
    const { campaign, stack, deployment, folder, say } = request;
    const project = options.project ?? repository;
    this.#request = request;
    this.#options = options;
    this.#where = { project, campaign, stack, deployment };
    this.#settings = readSettings(this.#where, new Date());
    this.#configFile = path.join(folder, 'deployments', `${deployment.name}.yaml`);
    this.#session = new StackSession({
      project,
      stack,
      configFile: this.#configFile,
      pidFile: path.join(folder, 'deployments', `${deployment.name}.engine.json`),
      env: options.env ?? {},
      say,
    });
  }

  async deploy(signal: AbortSignal): Promise<void> {
    const { plan } = this.#settings;
    const { say } = this.#request;
    if (plan.cloud !== null)
      say(`FORECAST: at most ${formatUsd(plan.cloud.worstCase.total)} until its deadline, whatever happens`);
    writeSettings(this.#where, this.#configFile);
    const outputs = await this.#session.up(signal);
    say(
      `up: ${outputs.nodes} nodes, ends by itself at ${outputs.deadline}, at most $${outputs.worstCaseUsd}`,
    );
  }

  /** Every node, or after ten minutes 98 of 100. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    const { nodes } = this.#settings.plan;
    const since = performance.now();
    let said = -1;
    let trouble = 'nobody answered';
    while (performance.now() - since < readyWithinMs) {
      signal?.throwIfAborted();
      try {
        const { code_version: code, nodes_offered: offered } = await this.#status();
        if (code !== codeVersion())
          return this.#refuse(
            `the image holds code ${code}, this is ${codeVersion()}: build it again and name its digest`,
          );
        if (offered !== said) this.#request.say(`${offered} of ${nodes} nodes are there`);
        said = offered;
        const isSettled = performance.now() - since > settledMs;
        if (offered >= (isSettled ? Math.ceil(nodes * quorum) : nodes)) return true;
        trouble = `${offered} of ${nodes} nodes came`;
      } catch (error) {
        if (error instanceof NotReady) throw error;
        trouble = error instanceof Error ? error.message : String(error);
      }
      await pause(pollMs);
    }
    return this.#refuse(`not ready after ${readyWithinMs / 60_000} minutes: ${trouble}`);
  }

  async run(spec: RunSpec, progress: Progress, signal: AbortSignal): Promise<RunOutcome> {
    const cell = cellId(spec, codeVersion(), 'kubernetes');
    const { warmupUs, measureUs, cooldownUs } = planRealTime(spec);
    const mostMs = 15 * 60_000 + (3 * (warmupUs + measureUs + cooldownUs)) / 1_000;
    const since = performance.now();
    let heardMs = since;
    for (;;) {
      if (signal.aborted) return await this.#stopRun(cell);
      try {
        const state = await this.#stateOf(cell, spec);
        heardMs = performance.now();
        if (state.state === 'done') return await this.#collected(cell, state.manifest_sha256);
        if (state.state === 'failed') throw new RunFailed(state.reason);
        if (state.state === 'running') progress(state.progress);
      } catch (error) {
        if (error instanceof RunFailed) throw error;
        if (performance.now() - heardMs > silentMostMs) throw error;
      }
      if (performance.now() - since > mostMs) {
        await this.#ask('DELETE', `/v1/runs/${cell}`);
        throw new RunFailed(`the run did not end within ${(mostMs / 60_000).toFixed(0)} minutes`);
      }
      await pause(pollMs);
    }
  }

  /** Every run is collected when it ends: what the conductor still holds afterwards is a copy. */
  async collect(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#link = null;
    // Also when the deployment never got as far as writing it.
    writeSettings(this.#where, this.#configFile);
    let refused: unknown = null;
    try {
      await this.#session.destroy();
    } catch (error) {
      refused = error;
    }
    const { campaign, run } = this.#settings.plan.tags;
    if (this.#settings.plan.platform === 'aws')
      await this.#withAccount((account) => sweepCloud(account, this.#key));
    else if (this.#settings.config.kubeContext !== undefined)
      await sweepCluster(this.#ownCluster(), campaign, run);
    if (refused !== null) throw refused;
  }

  async inventory(): Promise<readonly string[]> {
    const { plan, config } = this.#settings;
    const { campaign, run } = plan.tags;
    const held = await this.#session.resources();
    const state = held === 0 ? [] : [`${held} resources in the state of stack ${plan.stack}`];
    if (plan.platform === 'aws')
      return [...state, ...(await this.#withAccount((account) => cloudInventory(account, this.#key)))];
    if (config.kubeContext !== undefined)
      return [...state, ...(await clusterInventory(this.#ownCluster(), campaign, run))];
    return state;
  }

  get #key() {
    const { campaign, stack } = this.#settings.plan.tags;
    return { campaign, stack };
  }

  #refuse(why: string): never {
    throw new NotReady(why);
  }

  async #withAccount<T>(work: (account: AwsAccount) => Promise<T>): Promise<T> {
    const account = new AwsAccount(this.#settings.config.region ?? process.env['AWS_REGION'] ?? 'us-west-2');
    try {
      return await work(account);
    } finally {
      account.close();
    }
  }

  /** The user's own cluster, which a teardown leaves standing. */
  #ownCluster(): KubeConfig {
    const config = new KubeConfig();
    if (this.#options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(this.#options.kubeconfig);
    const { kubeContext } = this.#settings.config;
    if (kubeContext !== undefined) config.setCurrentContext(kubeContext);
    return config;
  }

  #clusterOf({ kubeconfig }: Deployed): KubeConfig {
    if (kubeconfig === undefined) return this.#ownCluster();
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    return config;
  }

  async #ask(method: string, route: string, body?: string) {
    if (this.#link === null) {
      const outputs = await this.#session.outputs();
      if (outputs?.namespace === undefined) throw new Error('the stack has no conductor');
      this.#link = new ConductorLink(this.#clusterOf(outputs), outputs.namespace);
    }
    return await this.#link.ask(method, route, body);
  }

  async #status(): Promise<z.infer<typeof statusShape>> {
    const { code, text } = await this.#ask('GET', '/v1/status');
    if (code !== 200) throw new Error(`the conductor answered ${code}`);
    return statusShape.parse(JSON.parse(text));
  }

  /** Hands the run in unless the conductor knows it. */
  async #stateOf(cell: string, spec: RunSpec): Promise<RunState> {
    const asked = await this.#ask('GET', `/v1/runs/${cell}`);
    if (asked.code === 200) return runState.parse(JSON.parse(asked.text));
    const { code, text } = await this.#ask('PUT', `/v1/runs/${cell}`, JSON.stringify(spec));
    if (code === 409 || code === 400) throw new RunFailed(`the conductor refuses the run: ${text.trim()}`);
    if (code !== 202) throw new Error(`the conductor answered ${code}`);
    return runState.parse(JSON.parse(text));
  }

  async #collected(cell: string, manifestSha256: string): Promise<RunOutcome> {
    return await collectCell(cell, manifestSha256, async (name) => {
      const { code, text } = await this.#ask('GET', `/v1/runs/${cell}/files/${name}`);
      if (code !== 200) throw new Error(`${name} of cell ${cell}: the conductor answered ${code}`);
      return text;
    });
  }

  /** Ends it safely at the conductor; what it measured until then is no result. */
  async #stopRun(cell: string): Promise<never> {
    const since = performance.now();
    try {
      await this.#ask('DELETE', `/v1/runs/${cell}`);
      while (performance.now() - since < stopWithinMs) {
        const { code, text } = await this.#ask('GET', `/v1/runs/${cell}`);
        if (code !== 200 || runState.parse(JSON.parse(text)).state !== 'running') break;
        await pause(pollMs);
      }
    } catch {
      // The teardown that follows ends it in any case.
    }
    throw new RunFailed('stopped');
  }
}

/** Asking again would not help. */
class NotReady extends Error {
  override readonly name = 'NotReady';
}
class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

/** Throws ConfigError or BudgetError when the stack's configuration is not fit for the deployment. */
export function createKubernetes(request: ClusterRequest, options: KubernetesOptions = {}): Target {
  return new KubernetesTarget(request, options);
}
