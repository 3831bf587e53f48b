/**
 * The runs of a conductor that stands alone: taken in, kept until they are done, conducted one after the other.
 * Owns: the queue on disk, which run is next, what became of each. Does not own: conducting (conductor.ts), files of a cell
 * (results/writer.ts), HTTP (conductor-routes.ts).
 *
 * Invariant: a run that was accepted is done in the end, also when operator or conductor die meanwhile: it waits as a file, and a
 * finished cell is never conducted again.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { AgentServer } from '#campaigns/conductor/agent-server.ts';
import { conduct } from '#campaigns/conductor/conductor.ts';
import type { Crew } from '#campaigns/conductor/crew.ts';
import type { FleetMeter } from '#campaigns/conductor/fleet-meter.ts';
import { cellId } from '#campaigns/plan.ts';
import { wholeCell } from '#campaigns/results/reader.ts';
import { cellFolder, prettyJson, writeCell, writeFileAtomic } from '#campaigns/results/writer.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';

export type RunState =
  | { readonly state: 'unknown' }
  | { readonly state: 'queued' }
  | { readonly state: 'running'; readonly progress: number }
  | { readonly state: 'done'; readonly manifest_sha256: string }
  | { readonly state: 'failed'; readonly reason: string };

export interface RunDeskOptions {
  readonly server: AgentServer;
  readonly meter: FleetMeter;
  readonly agents: number;
  readonly nodesPerProcess: number;
  readonly limits: string;
  readonly folder: string;
  readonly codeVersion: string;
  readonly planOf: (spec: RunSpec) => WindowPlan;
  readonly log: (line: string) => void;
}

export const runsWaitingMost = 1_024;
const waitingFolder = 'waiting';
const cellName = /^[0-9a-f]{16}$/;
export const cellFiles = [
  'manifest.json',
  'result.json',
  'series.json',
  'events.jsonl',
  'spec.json',
] as const;

/** Pods are not ended from here: the service account of the conductor may do nothing at all. */
class PodCrew implements Crew {
  readonly nodesPerProcess: number;
  readonly canEndProcesses = false;

  constructor(nodesPerProcess: number) {
    this.nodesPerProcess = nodesPerProcess;
  }

  async kill(): Promise<void> {}
  restart(): void {}
  stall(): boolean {
    return false;
  }
  resume(): void {}
}

export class RunDesk {
  readonly #options: RunDeskOptions;
  readonly #failed = new Map<string, string>();
  #running: { readonly cell: string; readonly abort: AbortController; progress: number } | null = null;
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: RunDeskOptions) {
    this.#options = options;
    mkdirSync(this.#waiting, { recursive: true });
  }

  get #waiting(): string {
    return path.join(this.#options.folder, waitingFolder);
  }

  /** In the order in which they will be conducted. */
  get queue(): readonly string[] {
    return readdirSync(this.#waiting)
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length).split('-').at(-1)!)
      .filter((cell) => cell !== this.#running?.cell);
  }

  stateOf(cell: string): RunState {
    if (!cellName.test(cell)) return { state: 'unknown' };
    if (this.#running?.cell === cell) return { state: 'running', progress: this.#running.progress };
    const manifest = wholeCell(this.#options.folder, cell);
    if (manifest !== null) return { state: 'done', manifest_sha256: manifest };
    const reason = this.#failed.get(cell);
    if (reason !== undefined) return { state: 'failed', reason };
    return this.queue.includes(cell) ? { state: 'queued' } : { state: 'unknown' };
  }

  /** Why a specification is not taken, or null: it waits now, runs, or is done. */
  add(cell: string, spec: RunSpec): string | null {
    const { codeVersion, agents, nodesPerProcess } = this.#options;
    const own = cellId(spec, codeVersion, 'kubernetes');
    if (own !== cell)
      return `cell ${cell} is not of this specification and code ${codeVersion}: ${own} would be`;
    const { state } = this.stateOf(cell);
    if (state !== 'unknown' && state !== 'failed') return null;
    if (this.#isClosed) return 'the conductor is stopping';
    if (spec.nodes !== agents * nodesPerProcess)
      return `the run needs ${spec.nodes} nodes, ${agents} processes with ${nodesPerProcess} each carry ${agents * nodesPerProcess}`;
    if (this.queue.length >= runsWaitingMost) return `${runsWaitingMost} runs wait already`;
    this.#failed.delete(cell);
    const number =
      1 + Math.max(0, ...readdirSync(this.#waiting).map((name) => Number.parseInt(name, 10) || 0));
    writeFileAtomic(
      path.join(this.#waiting, `${String(number).padStart(8, '0')}-${cell}.json`),
      prettyJson(spec),
    );
    this.start();
    return null;
  }

  /** Goes on with what waits. */
  start(): void {
    this.#working = this.#working.then(async () => {
      while (!this.#isClosed && (await this.#next())) {
        // One after the other.
      }
    });
  }

  /** The run ends safely and is recorded as ABORTED; one that waits is forgotten. */
  stop(cell: string): void {
    if (this.#running?.cell === cell) this.#running.abort.abort();
    else this.#forget(cell);
  }

  /** A running run is aborted without a record: it waits for the next start of the conductor. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#running?.abort.abort();
    await this.#working;
  }

  file(cell: string, name: string): string | null {
    const known = cellFiles.find((file) => file === name);
    if (known === undefined || this.stateOf(cell).state !== 'done') return null;
    return readFileSync(path.join(cellFolder(this.#options.folder, cell), known), 'utf8');
  }

  #forget(cell: string): void {
    for (const name of readdirSync(this.#waiting))
      if (name.endsWith(`-${cell}.json`)) rmSync(path.join(this.#waiting, name));
  }

  async #next(): Promise<boolean> {
    const [file] = readdirSync(this.#waiting)
      .filter((name) => name.endsWith('.json'))
      .sort();
    if (file === undefined) return false;
    const cell = file.slice(0, -'.json'.length).split('-').at(-1)!;
    try {
      if (wholeCell(this.#options.folder, cell) === null) await this.#conduct(cell, file);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#failed.set(cell, reason.slice(0, 1_000));
      this.#options.log(`run ${cell} failed: ${reason}`);
    }
    this.#running = null;
    if (!this.#isClosed) this.#forget(cell);
    return true;
  }

  async #conduct(cell: string, file: string): Promise<void> {
    const { server, meter, agents, nodesPerProcess, limits, folder, planOf, log } = this.#options;
    const spec = JSON.parse(readFileSync(path.join(this.#waiting, file), 'utf8')) as RunSpec;
    const running = { cell, abort: new AbortController(), progress: 0 };
    this.#running = running;
    log(`run ${cell}: ${spec.scenarioId}, ${spec.nodes} nodes`);
    try {
      const outcome = await conduct({
        spec,
        plan: planOf(spec),
        server,
        crew: new PodCrew(nodesPerProcess),
        agents,
        limits,
        // Pods are limited from outside; a process that compared a profile with what it sees would refuse larger pods.
        isEnforced: false,
        isNetworkShaped: true,
        progress: (share) => {
          running.progress = share;
          if (meter.run !== null) meter.run.progress = share;
        },
        signal: running.abort.signal,
        crashes: [],
        onStop: () => undefined,
        keepsProcesses: true,
        meter,
      });
      if (this.#isClosed) return;
      writeCell(folder, cell, spec, outcome);
      log(`run ${cell}: ${outcome.result.test_status}`);
    } finally {
      meter.end();
      server.onHello = () => {};
      server.onPush = () => {};
    }
  }
}
