/**
 * The text that Prometheus scrapes (exposition format 0.0.4), family by family.
 * Owns: the form of families, labels, numbers and histograms. Does not own: any metric (fleet-metrics.ts).
 * @source https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export type Labels = Readonly<Record<string, string>>;

/** Invariant: `counts[i]` are observations in (bounds[i - 1], bounds[i]]; the last entry holds what exceeds all bounds. */
export class FixedHistogram {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, weight: number): void {
    let low = 0;
    let high = this.bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value > this.bounds[middle]!) low = middle + 1;
      else high = middle;
    }
    this.counts[low]! += weight;
    this.sum += value * weight;
  }
}

function sample(name: string, labels: Labels, value: number): string {
  const inner = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
  return `${name}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${value}`;
}

export class MetricText {
  readonly #lines: string[] = [];

  #family(name: string, kind: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
  }

  gauge(name: string, help: string, value: number, labels: Labels = {}): void {
    this.gauges(name, help, [[labels, value]]);
  }

  gauges(name: string, help: string, samples: readonly (readonly [Labels, number])[]): void {
    this.#family(name, 'gauge', help);
    for (const [labels, value] of samples) this.#lines.push(sample(name, labels, value));
  }

  counter(name: string, help: string, value: number): void {
    this.#family(name, 'counter', help);
    this.#lines.push(sample(name, {}, value));
  }

  histogram(name: string, help: string, { bounds, counts, sum }: FixedHistogram): void {
    this.#family(name, 'histogram', help);
    let below = 0;
    for (const [bucket, bound] of [...bounds, Number.POSITIVE_INFINITY].entries()) {
      below += counts[bucket]!;
      const le = Number.isFinite(bound) ? String(bound) : '+Inf';
      this.#lines.push(sample(`${name}_bucket`, { le }, below));
    }
    this.#lines.push(sample(`${name}_sum`, {}, sum), sample(`${name}_count`, {}, below));
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

export const metricContentType = 'text/plain; version=0.0.4; charset=utf-8';
