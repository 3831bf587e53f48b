/**
 * Memory of the simulated nodes: what each holds, by the calibration, against what its resource profile leaves it.
 * Owns: when a node slows down, is killed and is started again. Does not own: taking nodes down (conduct.ts), CPU (cpu.ts).
 *
 * Above nine tenths of its limit a node does everything at half speed: its collector runs all the time (an assumption, not a
 * measurement). Above the limit it is killed, as a container is, and started again with its disk after 10 s, then 20 s, 40 s
 * and so on up to 5 minutes while it keeps dying (Kubernetes' back-off). It is not started while it could not even idle.
 */
import type { Core } from '#node/core/core.ts';
import { type Calibration, nodeMemoryBytes } from '#node/model/calibration.ts';
import type { Cpu } from './cpu.ts';

const tightShare = 0.9;
const tightFactor = 2;
const firstBackOffUs = 10_000_000;
const longestBackOffUs = 300_000_000;

export interface MemoryOptions {
  /** Of the resource profile. */
  readonly limitBytes: number;
  readonly calibration: Calibration;
}

export class Memory {
  readonly #options: MemoryOptions;
  readonly #core: Core;
  readonly #cpu: Cpu;
  /** Share of its limit that a node has, 1 without pressure. */
  readonly #share: Float64Array;
  readonly #tight: Uint8Array;
  /** When a killed node is tried again; infinite for all others. */
  readonly #againUs: Float64Array;
  readonly #backOffUs: Float64Array;
  readonly #idleBytes: number;
  #pressed = 0;
  #waiting = 0;
  #tightNodes = 0;
  /** Looks at a node whose memory is cut. */
  pressedLooks = 0;
  slowed = 0;
  killed = 0;

  constructor(options: MemoryOptions, core: Core, cpu: Cpu) {
    const nodes = core.members;
    this.#options = options;
    this.#core = core;
    this.#cpu = cpu;
    this.#share = new Float64Array(nodes).fill(1);
    this.#tight = new Uint8Array(nodes);
    this.#againUs = new Float64Array(nodes).fill(Number.POSITIVE_INFINITY);
    this.#backOffUs = new Float64Array(nodes).fill(firstBackOffUs);
    this.#idleBytes = nodeMemoryBytes(options.calibration, nodes, 0, 0);
  }

  /** From now on these nodes have `factor` of what they had; taken back with `on` = false. */
  setPressure(nodes: Int32Array, factor: number, on: boolean): void {
    for (const node of nodes)
      this.#share[node] = on ? this.#share[node]! * factor : this.#share[node]! / factor;
    this.#pressed += on ? nodes.length : -nodes.length;
  }

  /** Something else took the node down and will start it again. */
  forget(node: number): void {
    if (this.#againUs[node] !== Number.POSITIVE_INFINITY) this.#waiting -= 1;
    this.#againUs[node] = Number.POSITIVE_INFINITY;
    this.#relax(node);
  }

  /** Looks at every node, unless none can be near its limit. */
  look(nowUs: number, kill: (node: number) => void, start: (node: number) => void): void {
    const { limitBytes, calibration } = this.#options;
    const { active, table, standing, members } = this.#core;
    const live = table.liveCount;
    const most = nodeMemoryBytes(calibration, members, live, live);
    const isEasy = this.#pressed === 0 && this.#waiting === 0 && this.#tightNodes === 0;
    if (isEasy && most < tightShare * limitBytes) return;
    for (let node = 0; node < members; node++) {
      const share = this.#share[node]!;
      const limit = limitBytes * share;
      if (share < 1) this.pressedLooks += 1;
      if (active[node] === 0) {
        if (this.#againUs[node]! <= nowUs) this.#tryAgain(node, nowUs, limit, start);
        continue;
      }
      const undecided = standing.undecidedCount[node]!;
      const bytes = nodeMemoryBytes(calibration, members, undecided, Math.max(0, live - undecided));
      if (bytes > limit) this.#kill(node, nowUs, kill);
      else if (bytes > tightShare * limit) this.#tighten(node);
      else this.#relax(node);
    }
  }

  #kill(node: number, nowUs: number, kill: (node: number) => void): void {
    this.#relax(node);
    this.killed += 1;
    this.#againUs[node] = nowUs + this.#backOffUs[node]!;
    this.#lengthen(node);
    this.#waiting += 1;
    kill(node);
  }

  #lengthen(node: number): void {
    this.#backOffUs[node] = Math.min(longestBackOffUs, 2 * this.#backOffUs[node]!);
  }

  #tryAgain(node: number, nowUs: number, limit: number, start: (node: number) => void): void {
    if (this.#idleBytes > limit) {
      this.#againUs[node] = nowUs + this.#backOffUs[node]!;
      this.#lengthen(node);
      return;
    }
    this.#againUs[node] = Number.POSITIVE_INFINITY;
    this.#waiting -= 1;
    start(node);
  }

  #tighten(node: number): void {
    if (this.#tight[node] === 1) return;
    this.#tight[node] = 1;
    this.#tightNodes += 1;
    this.slowed += 1;
    this.#cpu.setFactor(Int32Array.of(node), tightFactor, true);
  }

  #relax(node: number): void {
    if (this.#tight[node] === 0) return;
    this.#tight[node] = 0;
    this.#tightNodes -= 1;
    this.#cpu.setFactor(Int32Array.of(node), tightFactor, false);
  }
}
