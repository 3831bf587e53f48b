/**
 * What each mechanism of resilience of a node is worth: a figure of the scenario that it exists for, with it and without it.
 * Owns: the words of this section. Does not own: the record (resilience-table.ts) or finding it out (test/resilience).
 */
import { type Html, html, table } from '#reports/html.ts';
import { formatNumber } from '#reports/scale/figure-format.ts';
import { reportSection } from '#reports/scale/report-parts.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';

const names: Readonly<Record<string, string>> = {
  failureDetector: 'failure detector',
  circuitBreaker: 'circuit breaker',
  adaptiveTimeouts: 'adaptive timeouts',
  priorities: 'priority queues',
  degradedMode: 'degraded mode',
  transfers: 'delta and snapshot transfer',
  reconciliation: 'reconciliation of two sides',
};

/** Simulated whatever this campaign's own rows are: the hosts are a real node's, their time and their transport are not. */
export function resilienceSection({ resilience, codeVersion }: ScaleDocument): Html {
  const title = 'Mechanisms of resilience, on and off';
  if (resilience === null) {
    const words = html`<p>Not looked at: <code>npm run resilience</code> has stored no table.</p>`;
    return reportSection('resilience', title, 'SIMULATED', words);
  }
  const same = resilience.codeVersion === codeVersion ? ', the code of this campaign' : '';
  const left = (label: string): { label: string; align: 'left' } => ({ label, align: 'left' });
  const right = (label: string): { label: string; align: 'right' } => ({ label, align: 'right' });
  const body = html`<p>SIMULATED, by the hosts of real nodes on virtual time, over a transport in memory, on ${resilience.at} with code ${resilience.codeVersion}${same}. Every mechanism can be switched off alone; each line is the scenario that it exists for.</p>
${table({
  columns: [left('Mechanism'), left('Scenario'), left('Figure'), right('On'), right('Off')],
  rows: resilience.rows.map(({ mechanism, name, figure, unit, on, off }) => [
    names[mechanism] ?? mechanism,
    name,
    figure,
    `${formatNumber(on)} ${unit}`.trim(),
    `${formatNumber(off)} ${unit}`.trim(),
  ]),
})}`;
  return reportSection('resilience', title, 'SIMULATED', body);
}
