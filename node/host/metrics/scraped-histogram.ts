/**
 * The prom-client form of a histogram that counts by itself.
 * Owns: handing its totals over at a scrape. Does not own: counting (bucket-histogram.ts), names and help texts (node-registry.ts).
 */
import { Histogram, type Registry } from 'prom-client';
import type { BucketHistogram } from './bucket-histogram.ts';

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
