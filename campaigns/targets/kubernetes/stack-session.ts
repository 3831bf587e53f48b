/**
 * One stack on the real engine, through the Automation API: up, and a destruction that recovers from whatever came before.
 * Owns: the workspace over the repository's own Pulumi.yaml, events in words, the ladder of a destruction. Does not own: the program
 * (infra), the sweep by tag (cloud-sweep.ts), the cluster.
 */

import type { EngineEvent } from '@pulumi/pulumi/automation/events.js';
import { LocalWorkspace, type Stack } from '@pulumi/pulumi/automation/index.js';
import { z } from 'zod';
import { fileBackend, mendState } from '#infra/guard/torn-state.ts';
import { stackOutputs } from '#infra/outputs.ts';
import { endOrphan, engineCommand } from './engine-process.ts';

/** What a campaign reads of the outputs; the rest is for people. */
const deployed = z.looseObject({
  ...stackOutputs.shape,
  namespace: z.string().optional(),
  kubeconfig: z.string().optional(),
  kubeContext: z.string().optional(),
});
export type Deployed = z.infer<typeof deployed>;

export interface StackSessionOptions {
  /** Folder of Pulumi.yaml. */
  readonly project: string;
  readonly stack: string;
  readonly configFile: string;
  readonly pidFile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly say: (text: string) => void;
}

/** At most one line in this time. */
const lineEveryMs = 5_000;

export class StackSession {
  readonly #options: StackSessionOptions;
  #stack: Stack | null = null;

  constructor(options: StackSessionOptions) {
    this.#options = options;
  }

  async up(signal: AbortSignal): Promise<Deployed> {
    const { configFile } = this.#options;
    const stack = await this.#selected();
    await stack.up({
      configFile,
      signal,
      onEvent: this.#watch('created'),
      suppressProgress: true,
      color: 'never',
    });
    const outputs = await this.outputs();
    if (outputs === null) throw new Error('the stack is up and has no outputs');
    return outputs;
  }

  /** Of the last `up`; null when there are none. */
  async outputs(): Promise<Deployed | null> {
    const { network } = await (await this.#selected()).outputs();
    const read = deployed.safeParse(network?.value);
    return read.success ? read.data : null;
  }

  /**
   * Torn state mended, cancel, refresh, destroy. Takes no signal. What an interrupted `up` had begun and the state has lost is not found here: it
   * carries tags, and the sweep comes after.
   */
  async destroy(): Promise<void> {
    const { configFile, pidFile, say } = this.#options;
    await endOrphan(pidFile, say);
    await this.#mend();
    const stack = await this.#selected();
    try {
      await stack.cancel();
    } catch {
      // There was no lock: nothing to take away.
    }
    const common = { configFile, suppressProgress: true, color: 'never' } as const;
    try {
      await stack.refresh({ ...common, clearPendingCreates: true });
    } catch (error) {
      // A cluster that cannot be reached any more can still be destroyed.
      say(`refresh: ${error instanceof Error ? error.message : String(error)}`);
    }
    await stack.destroy({ ...common, onEvent: this.#watch('removed'), continueOnError: true });
  }

  /** How many resources the state holds, the stack itself not counted. */
  async resources(): Promise<number> {
    const { deployment } = await (await this.#selected()).exportStack();
    const { resources = [] } = z
      .object({ resources: z.array(z.object({ type: z.string() })).optional() })
      .parse(deployment ?? {});
    return resources.filter(({ type }) => type !== 'pulumi:pulumi:Stack').length;
  }

  async #workspace(): Promise<LocalWorkspace> {
    const { project, pidFile, env } = this.#options;
    const pulumiCommand = await engineCommand(pidFile);
    return await LocalWorkspace.create({ workDir: project, envVars: { ...env }, pulumiCommand });
  }

  /** An engine that was killed while it wrote into a file back end leaves what no command of it reads any more. */
  async #mend(): Promise<void> {
    const { url = '' } = await (await this.#workspace()).whoAmI();
    const backend = fileBackend(url);
    if (backend === null) return;
    for (const line of mendState(backend, this.#options.stack)) this.#options.say(line);
  }

  async #selected(): Promise<Stack> {
    if (this.#stack !== null) return this.#stack;
    const { stack } = this.#options;
    const workspace = await this.#workspace();
    const { Stack } = await import('@pulumi/pulumi/automation/index.js');
    const known = await workspace.listStacks();
    if (known.some(({ name }) => name.split('/').at(-1) === stack))
      this.#stack = await Stack.select(stack, workspace);
    else this.#stack = await this.#created(() => Stack.create(stack, workspace));
    return this.#stack;
  }

  /** A back end where nobody ran `stacks:init`: the stack is created, if the engine knows what guards secrets there. */
  async #created(create: () => Promise<Stack>): Promise<Stack> {
    const { stack, say } = this.#options;
    try {
      const created = await create();
      say(`stack ${stack} was never initialised in this back end: it is now`);
      return created;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(
        `stack ${stack} was never initialised in this back end, and could not be now: ${why}. ` +
          'npm run stacks:init -- --secrets-provider URL does it once for all stacks',
      );
    }
  }

  #watch(word: string): (event: EngineEvent) => void {
    let done = 0;
    let saidMs = performance.now();
    const startedMs = saidMs;
    return ({ resOutputsEvent, diagnosticEvent }) => {
      if (diagnosticEvent?.severity === 'error')
        this.#options.say(diagnosticEvent.message.trim().slice(0, 400));
      if (resOutputsEvent === undefined || resOutputsEvent.metadata.op === 'same') return;
      done += 1;
      if (performance.now() - saidMs < lineEveryMs) return;
      saidMs = performance.now();
      this.#options.say(`${done} resources ${word} in ${((saidMs - startedMs) / 1_000).toFixed(0)} s`);
    };
  }
}
