/**
 * What this process costs: CPU time, memory, and how late its event loop is.
 * Owns: reading the figures, the CPU share over the last stretch. Does not own: sharing them out to packed nodes.
 */
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';

export interface ProcessReading {
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Worst delay of the event loop since the last `takeLoop`. */
  readonly loopDelayUs: number;
  readonly loopBusyShare: number;
}

/** Two scrapes close together share one CPU figure: a share over a few milliseconds is noise. */
const shortestStretchUs = 1_000_000;
/** Every look wakes the process: a finer one would be a tenth of what a quiet node costs. Shorter delays are seen in part. */
const resolutionMs = 50;

export class ProcessMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });
  #loop: EventLoopUtilization = performance.eventLoopUtilization();
  #sinceUs = performance.now() * 1_000;
  #sinceCpuUs = 0;
  #cpuPercent = 0;

  constructor() {
    this.#delay.enable();
  }

  /** Percent of one core over the last second or more; since the start of the process until then. */
  cpuPercent(): number {
    const nowUs = performance.now() * 1_000;
    const stretchUs = nowUs - this.#sinceUs;
    if (stretchUs >= shortestStretchUs || this.#cpuPercent === 0) {
      const { user, system } = process.cpuUsage();
      const spentUs = user + system - this.#sinceCpuUs;
      this.#cpuPercent = (100 * spentUs) / Math.max(this.#sinceCpuUs === 0 ? nowUs : stretchUs, 1);
      this.#sinceUs = nowUs;
      this.#sinceCpuUs = user + system;
    }
    return this.#cpuPercent;
  }

  /** The event loop's figures count since the last call. */
  read(): ProcessReading {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const loop = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop);
    this.#loop = loop;
    const worstUs = this.#delay.max / 1_000 - resolutionMs * 1_000;
    this.#delay.reset();
    return {
      cpuUserUs: user,
      cpuSystemUs: system,
      residentBytes: rss,
      heapBytes: heapUsed,
      loopDelayUs: Math.max(0, Math.round(worstUs)),
      loopBusyShare: Math.min(Math.max(Number.isFinite(utilization) ? utilization : 0, 0), 1),
    };
  }

  close(): void {
    this.#delay.disable();
  }
}
