/**
 * Real networks of 16 and 50 nodes beside their simulation with a calibration: how far the medians of finality are apart, and why.
 * Owns: which networks, running both, the table. Does not own: what is near enough (campaigns/analysis/calibration-check.ts).
 *
 * The poll interval is made longer until the nodes leave enough of the machine: nodes that wait for each other measure the
 * scheduler. Node processes get the priority of this program: started with a raised one, they are measured beside other work.
 */
import os from 'node:os';
import { type CheckedNetwork, checked, slowerIntervalUs } from '#campaigns/analysis/calibration-check.ts';
import { textTable } from '#campaigns/commands/text-table.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { loadSpec } from '#campaigns/targets/processes/load-run.ts';
import { createProcesses } from '#campaigns/targets/processes/target.ts';
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import type { Target } from '#campaigns/targets/target.ts';
import type { Calibration } from '#node/model/calibration.ts';

interface NetworkSize {
  readonly nodes: number;
  readonly processes: number;
  /** To begin with. */
  readonly pollIntervalUs: number;
}

const second = 1_000_000;
const sizes: readonly NetworkSize[] = [
  { nodes: 16, processes: 16, pollIntervalUs: 403_000 },
  { nodes: 16, processes: 2, pollIntervalUs: 263_000 },
  { nodes: 50, processes: 2, pollIntervalUs: 823_000 },
];
const verticesPerSecond = 2;
const batch = 5;

function specOf(
  { nodes, processes }: NetworkSize,
  pollIntervalUs: number,
  calibration: Calibration,
): RunSpec {
  return loadSpec({
    nodes,
    nodesPerProcess: Math.ceil(nodes / processes),
    pollIntervalUs,
    batch,
    tps: batch * verticesPerSecond,
    payloadBytes: 100,
    // Cold code and closed sessions are nothing that the simulator knows.
    warmupUs: 10 * second,
    measureUs: 20 * second,
    network: 'lan',
    calibration,
  });
}

async function runOn(target: Target, spec: RunSpec): Promise<RunResult> {
  const { result } = await target.run(spec, () => undefined, new AbortController().signal);
  return result;
}

async function checkNetwork(
  size: NetworkSize,
  calibration: Calibration,
  say: (line: string) => void,
): Promise<CheckedNetwork> {
  const title = `${size.nodes} nodes in ${size.processes} processes`;
  let intervalUs = size.pollIntervalUs;
  for (let attempt = 1; ; attempt += 1) {
    say(`measuring ${title}, a poll every ${intervalUs / 1_000} ms ...`);
    const spec = specOf(size, intervalUs, calibration);
    const measured = await runOn(createProcesses(), spec);
    if (measured.window.measured_s <= 0)
      throw new Error(`${title}: nothing was measured: ${measured.reason}`);
    const found = checked(title, await runOn(createSimulator(), spec), measured);
    const slowerUs = slowerIntervalUs(intervalUs, found.nodesShare, attempt);
    if (slowerUs === null) return found;
    say(`  the nodes took ${percent(found.nodesShare)} of the cores: slower`);
    intervalUs = slowerUs;
  }
}

export async function checkCalibration(
  calibration: Calibration,
  say: (line: string) => void,
): Promise<CheckedNetwork[]> {
  const found: CheckedNetwork[] = [];
  for (const size of sizes) found.push(await checkNetwork(size, calibration, say));
  return found;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const milliseconds = (ms: number | null): string => (ms === null ? '-' : `${Math.round(ms)} ms`);
const words = {
  near: 'within 20 %',
  far: 'NOT within 20 %',
  'disturbed-near': 'within 20 %, beside other work',
  'disturbed-far': 'not within 20 %: other work took the cores',
  nothing: 'the nodes alone kept the machine busy',
} as const;

export function checkText(networks: readonly CheckedNetwork[]): string {
  const right = 'right' as const;
  const columns = [
    { title: 'network', most: 40 },
    { title: 'poll every', align: right },
    { title: 'cores: nodes', align: right },
    { title: 'in all', align: right },
    { title: 'SIMULATED', align: right },
    { title: 'MEASURED', align: right },
    { title: 'error', align: right },
    { title: '' },
  ];
  const rows = networks.map((network) => [
    network.title,
    `${network.pollIntervalUs / 1_000} ms`,
    percent(network.nodesShare),
    percent(network.hostShare),
    milliseconds(network.simulatedMs),
    milliseconds(network.measuredMs),
    network.errorPercent === null ? '-' : `${network.errorPercent.toFixed(1)} %`,
    words[network.verdict],
  ]);
  const priority = os.getPriority();
  const causes = networks.map(
    ({ title, comparison }) => `${title}\n${comparison.causes.map((cause) => `  ${cause}\n`).join('')}`,
  );
  const how = priority === 0 ? '' : `node processes at priority ${priority}; `;
  const load = `load average ${(os.loadavg()[0] ?? 0).toFixed(1)} at the end`;
  return `median finality\n${textTable(columns, rows)}${how}${load}\n\n${causes.join('')}`;
}
