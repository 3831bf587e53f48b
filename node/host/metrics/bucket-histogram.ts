/**
 * Observations counted in a few fixed buckets, as Prometheus wants them, and their prom-client form.
 * Owns: counting as plain numbers (a tenth of the cost of prom-client's own observe), handing the totals over at a scrape.
 * Does not own: names, help texts and bounds (node-registry.ts).
 */
import { Histogram, type Registry } from 'prom-client';

/** Invariant: `counts[i]` are observations in (bounds[i - 1], bounds[i]]; the last entry holds what exceeds all bounds. */
export class BucketHistogram {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;
  total = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, weight = 1): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket += 1;
    this.counts[bucket]! += weight;
    this.sum += value * weight;
    this.total += weight;
  }
}

interface Sample {
  readonly labels: Record<string, string | number>;
  readonly sharedLabels: Record<string, string>;
  readonly value: number;
  readonly metricName: string;
}

interface ExportedHistogram {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram';
  readonly values: Sample[];
}

/** Shows a BucketHistogram under a name. */
export class ScrapedHistogram extends Histogram {
  readonly #source: () => BucketHistogram;
  readonly #name: string;
  readonly #help: string;

  constructor(name: string, help: string, source: () => BucketHistogram, registry: Registry) {
    super({ name, help, buckets: [...source().bounds], registers: [registry] });
    this.#source = source;
    this.#name = name;
    this.#help = help;
  }

  /** prom-client asks for this by name, for its text and, through `get`, for its JSON. */
  async getForPromString(): Promise<ExportedHistogram> {
    return this.#exported();
  }

  #exported(): ExportedHistogram {
    const { bounds, counts, sum, total } = this.#source();
    const values: Sample[] = [];
    const add = (suffix: string, labels: Sample['labels'], value: number): void => {
      values.push({ labels, sharedLabels: {}, value, metricName: `${this.#name}_${suffix}` });
    };
    let below = 0;
    bounds.forEach((bound, bucket) => {
      below += counts[bucket]!;
      add('bucket', { le: bound }, below);
    });
    add('bucket', { le: '+Inf' }, total);
    add('sum', {}, sum);
    add('count', {}, total);
    return { name: this.#name, help: this.#help, type: 'histogram', values };
  }
}
