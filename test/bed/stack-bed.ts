/**
 * One stack of this repository on the real engine over a fake cloud: configured as a user would, driven, looked at.
 * Owns: the configuration file beside the repository's, the commands, what the cloud holds. Does not own: expectations.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { cloudEnvironment, FakeCloud } from './providers/fake-cloud.ts';
import { type Ended, Engine, type Running } from './pulumi/engine.ts';

export const repository = path.resolve(import.meta.dirname, '../..');

/** What only a user can say. */
const userKeys: Readonly<Record<string, unknown>> = {
  'bft-scale:owner': 'someone',
  'bft-scale:image': `registry.invalid/bft-scale@sha256:${'a'.repeat(64)}`,
  'bft-scale:account': '123456789012',
  'bft-scale:project': 'fake-project',
  'bft-scale:apiAccessCidrs': ['203.0.113.7/32'],
};

export type CloudName = 'aws' | 'gcp';

export interface StackBedOptions {
  readonly stack: string;
  readonly cloud: CloudName;
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** For tests that deploy the guard too: the engine writes its settings beside its program. */
  readonly isCopied?: boolean;
}

const settings = z.object({ config: z.record(z.string(), z.unknown()) });

export class StackBed {
  readonly engine: Engine;
  readonly cloud: FakeCloud;
  readonly stack: string;
  readonly #config: string;

  constructor({ stack, cloud, changes = {}, env = {}, isCopied = false }: StackBedOptions) {
    this.stack = stack;
    this.engine = new Engine({ project: repository, env, isCopied });
    this.cloud = new FakeCloud(path.join(this.engine.home, 'cloud'));
    this.#config = path.join(this.engine.home, `${stack}.yaml`);
    const written = settings.parse(
      parse(readFileSync(path.join(repository, 'stacks', `Pulumi.${stack}.yaml`), 'utf8')),
    );
    const region = cloud === 'gcp' ? { 'bft-scale:region': 'us-central1' } : {};
    const own = { 'bft-scale:platform': cloud, ...region, ...userKeys };
    writeFileSync(this.#config, stringify({ config: { ...written.config, ...own, ...changes } }));
  }

  /** The stack exists afterwards, with nothing in it. */
  async init(): Promise<void> {
    await this.engine.run(['stack', 'init', this.stack]);
  }

  /** As they are at this moment. */
  settings(): Readonly<Record<string, unknown>> {
    return settings.parse(parse(readFileSync(this.#config, 'utf8'))).config;
  }

  replace(config: Readonly<Record<string, unknown>>): void {
    writeFileSync(this.#config, stringify({ config }));
  }

  /** A setting of the stack from now on. */
  set(changes: Readonly<Record<string, unknown>>): void {
    this.replace({ ...this.settings(), ...changes });
  }

  start(command: string, words: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Running {
    const common = ['--yes', '--skip-preview', '--stack', this.stack, '--config-file', this.#config];
    return this.engine.start([command, ...common, ...words], { ...this.#cloudEnv, ...env });
  }

  async end(
    command: string,
    words: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    return await this.start(command, words, env).ended;
  }

  /** Throws with everything that was printed unless the exit code is 0. */
  async run(command: string, ...words: string[]): Promise<string> {
    const { code, output } = await this.end(command, words);
    if (code !== 0) throw new Error(`pulumi ${command} ended with ${code}:\n${output}`);
    return output;
  }

  /** What `up` would do, as text. */
  async preview(env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const words = ['preview', '--stack', this.stack, '--config-file', this.#config];
    return await this.engine.start(words, { ...this.#cloudEnv, ...env }).ended;
  }

  /**
   * What a person does after an engine was killed: torn files mended, lock away, what is pending forgotten. Objects that the state has
   * lost stay in the cloud until they are swept by tag. Returns what was mended.
   */
  async recover(): Promise<readonly string[]> {
    const mended = await this.engine.unlock(this.stack);
    await this.run('refresh', '--clear-pending-creates');
    return mended;
  }

  close(): void {
    this.engine.close();
  }

  get #cloudEnv(): Record<string, string> {
    return { [cloudEnvironment.folder]: this.cloud.folder };
  }
}
