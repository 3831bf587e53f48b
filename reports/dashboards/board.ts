/**
 * What a dashboard consists of, before it is any tool's format: panels with queries, units and words.
 * Owns: these shapes. Does not own: the boards (one file each), Grafana's JSON (grafana-board.ts), alerts (alert-rules.ts).
 */

export interface Query {
  /** PromQL; `$__rate_interval` stands for Grafana's window. */
  readonly expr: string;
  /** What a series is called; may name labels as {{label}}. */
  readonly legend: string;
}

/** Units by Grafana's names: seconds, bytes, bytes per second, operations per second, share of 1, dollars. */
export type Unit =
  | 's'
  | 'bytes'
  | 'Bps'
  | 'ops'
  | 'percentunit'
  | 'percent'
  | 'currencyUSD'
  | 'short'
  | 'dtdurations';

export interface Panel {
  readonly title: string;
  /** One sentence: what it shows, and what to look for. */
  readonly about: string;
  readonly kind: 'graph' | 'number';
  readonly unit: Unit;
  readonly queries: readonly [Query, ...Query[]];
}

export interface Board {
  /** Stable: links and files use it. */
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly panels: readonly Panel[];
}

export const graph = (title: string, unit: Unit, about: string, ...queries: [Query, ...Query[]]): Panel => ({
  title,
  about,
  kind: 'graph',
  unit,
  queries,
});

/** The last value, large. */
export const figure = (title: string, unit: Unit, about: string, expr: string): Panel => ({
  title,
  about,
  kind: 'number',
  unit,
  queries: [{ expr, legend: title }],
});

export const query = (legend: string, expr: string): Query => ({ expr, legend });

/** Per second, over all nodes. */
export const rateOf = (counter: string): string => `sum(rate(${counter}[$__rate_interval]))`;

export const quantileOf = (quantile: number, histogram: string): string =>
  `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket[$__rate_interval])))`;
