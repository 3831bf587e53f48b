/**
 * What the machine under a measured run did: CPU of the whole host and of single processes, bytes over the loopback interface.
 * Owns: reading these counters and the shares over a stretch of time. Does not own: what is concluded from them (trust.ts).
 * Where the system keeps no such counter (/proc is Linux's) the figure is null and the report says "not measured".
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Counters since the machine (or the process) started; only differences mean anything. */
export interface HostSample {
  /** Monotonic, microseconds. */
  readonly atUs: number;
  readonly cores: number;
  readonly busyMs: number;
  readonly totalMs: number;
  /** Sent over the loopback interface; null where the system does not say. */
  readonly loopbackBytes: number | null;
}

export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

function loopbackBytes(): number | null {
  try {
    const line = readFileSync('/proc/net/dev', 'utf8')
      .split('\n')
      .find((text) => text.trimStart().startsWith('lo:'));
    const sent = line?.split(':')[1]?.trim().split(/\s+/)[8];
    return sent === undefined ? null : Number(sent);
  } catch {
    return null;
  }
}

export function sampleHost(): HostSample {
  const cpus = os.cpus();
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus) {
    busyMs += times.user + times.nice + times.sys + times.irq;
    totalMs += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { atUs: nowUs(), cores: cpus.length, busyMs, totalMs, loopbackBytes: loopbackBytes() };
}

/** Busy share of all cores between two samples, 0..1; whatever else the machine did counts too. */
export function busyShare(from: HostSample, until: HostSample): number {
  const totalMs = until.totalMs - from.totalMs;
  return totalMs > 0 ? Math.min(1, (until.busyMs - from.busyMs) / totalMs) : 0;
}

/** Bytes over the loopback interface between two samples; null when they cannot be counted. */
export function loopbackBetween(from: HostSample, until: HostSample): number | null {
  if (from.loopbackBytes === null || until.loopbackBytes === null) return null;
  return until.loopbackBytes - from.loopbackBytes;
}

/** Samples the host at a steady pace, so that the busiest stretch is seen beside the mean. */
export class HostWatch {
  readonly samples: HostSample[] = [sampleHost()];
  readonly #timer: NodeJS.Timeout;

  constructor(everyMs = 500) {
    this.#timer = setInterval(() => this.samples.push(sampleHost()), everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.samples.push(sampleHost());
  }

  /** Mean and busiest stretch of [fromUs, untilUs]; zeros without a sample in it. */
  busy(fromUs: number, untilUs: number): { readonly mean: number; readonly most: number } {
    const inside = this.samples.filter(({ atUs }) => atUs >= fromUs && atUs <= untilUs);
    const [first] = inside;
    const last = inside.at(-1);
    if (first === undefined || last === undefined || first === last) return { mean: 0, most: 0 };
    const stretches = inside.slice(1).map((sample, i) => busyShare(inside[i] ?? first, sample));
    return { mean: busyShare(first, last), most: Math.max(...stretches) };
  }

  /** Loopback bytes over [fromUs, untilUs]. */
  loopback(fromUs: number, untilUs: number): number | null {
    const inside = this.samples.filter(({ atUs }) => atUs >= fromUs && atUs <= untilUs);
    const [first] = inside;
    const last = inside.at(-1);
    return first === undefined || last === undefined ? null : loopbackBetween(first, last);
  }
}
