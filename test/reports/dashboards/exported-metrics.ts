/**
 * The names that a scrape of conductor and nodes really has, read from the exporters themselves; the names that an expression uses.
 * Owns: both lists. Does not own: expectations.
 */
import { FleetMeter } from '#campaigns/conductor/fleet-meter.ts';
import { fleetMetrics } from '#campaigns/conductor/fleet-metrics.ts';
import { Measurements } from '#node/host/metrics/measurements.ts';
import { createNodeRegistry, mergedText } from '#node/host/metrics/node-registry.ts';
import { ProcessMeter } from '#node/host/metrics/process-meter.ts';

function namesIn(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('#') ? [] : (/^\w+/.exec(line)?.[0] ?? [])));
}

export const money = { usdPerHour: 90, capUsd: 1_000, sinceMs: 0, deadlineMs: 7_200_000 };

export function conductorText(): string {
  return fleetMetrics({ meter: new FleetMeter(), agents: new Map(), refusals: [], money }, 0, 3_600_000);
}

export async function exportedNames(): Promise<ReadonlySet<string>> {
  const meter = new ProcessMeter();
  const measurements = new Measurements();
  const registry = createNodeRegistry({
    label: '0',
    measurements: () => measurements,
    meter,
    nodesInProcess: 1,
  });
  const ofNode = await mergedText([registry]);
  meter.close();
  // Every target has `up`: Prometheus itself writes it.
  return new Set([...namesIn(conductorText()), ...namesIn(ofNode), 'up']);
}

/** Words of PromQL, and of its labels where these stand in `by (...)` or braces, are no metrics. */
export function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(by|without) \([^)]*\)/g, '')
    .replaceAll(/\[[^\]]*\]/g, '');
  return [...bare.matchAll(/\b([a-z_][a-z0-9_]*)\b(?!\s*\()/gi)]
    .map(([, name]) => name!)
    .filter((name) => !/^(and|or|unless|bool|on|ignoring|e\d*|inf)$/i.test(name));
}
