/**
 * A cloud whose machines are files: a target that obeys the contract, survives the death of its operator as a cloud does, and knows
 * what was created or conducted twice.
 * Owns: that target with its failpoints. Does not own: expectations, or anything of Kubernetes.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { ClusterFactory } from '#campaigns/deployment-saga.ts';
import { failpoint } from '#campaigns/failpoint.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { RunOutcome, Target } from '#campaigns/targets/target.ts';
import { createFakeTarget, fakeOutcome } from '#test/support/fake-target.ts';

export const folderCloudName = 'cloud';
const machines = ['vm-1', 'vm-2', 'vm-3'];

export interface FolderCloudFaults {
  /** Creation stops after so many machines. */
  readonly deployStopsAfter?: number;
  readonly isNeverReady?: boolean;
  /** A machine that no destruction removes. */
  readonly staysForever?: string;
  /** Called before each machine is removed, and while a run goes on. */
  readonly onRemove?: () => void;
  readonly onRun?: (signal: AbortSignal) => Promise<void>;
}

class FolderCloud implements Target {
  readonly capabilities = { ...createFakeTarget().capabilities, name: 'kubernetes' as const };
  readonly #folder: string;
  readonly #standing: string;
  readonly #faults: FolderCloudFaults;

  constructor(folder: string, faults: FolderCloudFaults) {
    this.#folder = folder;
    this.#standing = path.join(folder, 'standing');
    this.#faults = faults;
    mkdirSync(this.#standing, { recursive: true });
  }

  async deploy(signal: AbortSignal): Promise<void> {
    if (readdirSync(this.#standing).length > 0) this.#twice('deployed beside a network that stands');
    for (const [index, machine] of machines.entries()) {
      if (signal.aborted) throw new Error('stopped');
      if (index === this.#faults.deployStopsAfter) throw new Error('the cloud has no more machines');
      writeFileSync(path.join(this.#standing, machine), '');
      failpoint('cloud.created');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async ready(): Promise<boolean> {
    const missing = machines.filter((machine) => !existsSync(path.join(this.#standing, machine)));
    return missing.length === 0 && this.#faults.isNeverReady !== true;
  }

  async run(spec: RunSpec, progress: (share: number) => void, signal: AbortSignal): Promise<RunOutcome> {
    const kept = path.join(this.#standing, `run-${spec.nodes}-${spec.seed}`);
    await this.#faults.onRun?.(signal);
    // The conductor conducts a run once, whoever asks again.
    if (!existsSync(kept)) {
      writeFileSync(kept, '');
      failpoint('cloud.conducted');
    }
    progress(1);
    return fakeOutcome(spec, new Date().toISOString());
  }

  async collect(): Promise<void> {}

  async destroy(): Promise<void> {
    for (const name of readdirSync(this.#standing)) {
      this.#faults.onRemove?.();
      if (name === this.#faults.staysForever) continue;
      rmSync(path.join(this.#standing, name));
      failpoint('cloud.removed');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async inventory(): Promise<readonly string[]> {
    return readdirSync(this.#standing);
  }

  #twice(what: string): void {
    appendFileSync(path.join(this.#folder, 'twice'), `${what}\n`);
  }
}

export function folderCloud(folder: string, faults: FolderCloudFaults = {}): ClusterFactory {
  return async () => new FolderCloud(folder, faults);
}

export function readFolderCloud(folder: string): { standing: string[]; twice: string[] } {
  const standing = path.join(folder, 'standing');
  const twice = path.join(folder, 'twice');
  return {
    standing: existsSync(standing) ? readdirSync(standing) : [],
    twice: existsSync(twice) ? readFileSync(twice, 'utf8').trim().split('\n') : [],
  };
}
