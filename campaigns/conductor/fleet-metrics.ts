/**
 * The metrics of the conductor, under the names that dashboards and alerts use: the network as a whole, the run, its money.
 * Owns: names, help texts, units. Does not own: counting (fleet-meter.ts), the form of the text (metric-text.ts), who may read.
 *
 * Ten thousand nodes are one set of series here; single nodes are scraped at the nodes themselves, a sample of them in large networks.
 */
import type { AgentSession } from '#campaigns/conductor/agent-session.ts';
import type { AgentFigures, FleetMeter } from '#campaigns/conductor/fleet-meter.ts';
import { MetricText } from '#campaigns/conductor/metric-text.ts';
import { silentUs } from '#campaigns/conductor/progress-track.ts';
import { agentPhases } from '#node/agent-protocol.ts';
import { type NodeCounter, nodeCounters } from '#node/agent-push.ts';

/** What the network costs by the plan: FORECAST rates, never bills. Times in milliseconds of the Unix epoch. */
export interface PlannedMoney {
  readonly usdPerHour: number;
  readonly capUsd: number;
  readonly sinceMs: number;
  readonly deadlineMs: number;
}

export interface FleetSource {
  readonly meter: FleetMeter;
  readonly agents: ReadonlyMap<string, AgentSession>;
  readonly refusals: readonly string[];
  /** Null: nothing is paid for. */
  readonly money: PlannedMoney | null;
}

const wordsOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `fleet_<counter>_total`; the one that counts microseconds is shown in seconds. */
export function fleetCounterName(counter: NodeCounter): string {
  return counter === 'verificationUs'
    ? 'fleet_verification_cpu_seconds_total'
    : `fleet_${wordsOf(counter)}_total`;
}

/** One scrape. `nowUs`: the conductor's monotonic clock, `nowMs`: the wall clock. */
export function fleetMetrics(source: FleetSource, nowUs: number, nowMs: number): string {
  const text = new MetricText();
  addFleet(text, source.meter, nowUs);
  addRun(text, source);
  if (source.money !== null) addMoney(text, source.money, nowMs);
  return text.toString();
}

function addFleet(text: MetricText, meter: FleetMeter, nowUs: number): void {
  const { counters, cpuUs } = meter.totals();
  for (const counter of nodeCounters) {
    const scale = counter === 'verificationUs' ? 1e-6 : 1;
    text.counter(
      fleetCounterName(counter),
      `${counter} of all nodes, restarts included`,
      counters[counter] * scale,
    );
  }
  text.counter('fleet_cpu_seconds_total', 'CPU time of all node processes', cpuUs / 1e6);
  text.histogram(
    'fleet_consensus_latency_seconds',
    'From due time to durable finalisation, per transaction and node',
    meter.latencySeconds,
  );
  text.histogram('fleet_round_duration_seconds', 'Length of a poll, all nodes', meter.roundSeconds);
  text.histogram('fleet_query_latency_seconds', 'From a query to its answer, all nodes', meter.querySeconds);
  const agents = [...meter.agents.values()];
  const heard = agents.filter(({ atUs }) => nowUs - atUs <= silentUs);
  addGauges(text, heard);
}

function addGauges(text: MetricText, heard: readonly AgentFigures[]): void {
  const nodes = heard.flatMap((agent) => agent.nodes);
  const sum = (value: (node: (typeof nodes)[number]) => number): number =>
    nodes.reduce((total, node) => total + value(node), 0);
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
  const bytesOf = ({ residentBytes, nodes: own }: AgentFigures): number =>
    residentBytes / Math.max(1, own.length);
  text.gauge('fleet_nodes_heard', 'Nodes whose process reported within two seconds', nodes.length);
  text.gauge(
    'fleet_nodes_up',
    'Of them, nodes that are up',
    sum(({ isUp }) => Number(isUp)),
  );
  text.gauge(
    'fleet_active_vertices',
    'Undecided vertices, summed over nodes',
    sum((node) => node.activeVertices),
  );
  text.gauge(
    'fleet_queued_transactions',
    'Transactions that wait to be issued',
    sum((node) => node.queuedTransactions),
  );
  text.gauge(
    'fleet_connections',
    'Open sessions, counted at both ends',
    sum((node) => node.connections),
  );
  text.gauges(
    'fleet_nodes_degraded',
    'Nodes by degraded level, 0 normal and 4 worst',
    [0, 1, 2, 3, 4].map((level) => [
      { level: String(level) },
      nodes.filter(({ degradedLevel }) => degradedLevel === level).length,
    ]),
  );
  text.gauge(
    'fleet_resident_bytes',
    'Resident memory of all node processes',
    heard.reduce((total, agent) => total + agent.residentBytes, 0),
  );
  text.gauge(
    'fleet_resident_bytes_per_node_most',
    'Resident memory per node of the largest process',
    most(heard.map(bytesOf)),
  );
  text.gauge(
    'fleet_loop_busy_ratio_most',
    'Busy share of the busiest event loop',
    most(heard.map(({ loopBusyShare }) => loopBusyShare)),
  );
  text.gauge(
    'fleet_loop_delay_seconds_most',
    'Worst delay of an event loop since the push before',
    most(heard.map(({ loopDelayUs }) => loopDelayUs / 1e6)),
  );
}

function addRun(text: MetricText, { meter, agents, refusals }: FleetSource): void {
  meter.reviewDecisions();
  const sessions = [...agents.values()];
  text.gauges(
    'conductor_agents',
    'Agents by phase',
    agentPhases.map((phase) => [{ phase }, sessions.filter((session) => session.phase === phase).length]),
  );
  text.gauge(
    'conductor_agents_connected',
    'Agents with an open connection',
    sessions.filter(({ isConnected }) => isConnected).length,
  );
  text.counter('conductor_pushes_total', 'Reports of agents that arrived', meter.pushes);
  text.counter(
    'conductor_pushes_dropped_total',
    'Reports that agents had to drop: the run cannot be judged',
    meter.pushesDropped,
  );
  text.counter(
    'conductor_refusals_total',
    'Agents that broke the protocol and were sent away',
    refusals.length,
  );
  text.gauge('run_nodes_expected', 'Nodes of the run; 0 between runs', meter.run?.nodes ?? 0);
  text.gauge('run_progress_ratio', 'Progress of the run, set-up included, 0..1', meter.run?.progress ?? 0);
  text.counter('run_ended_total', 'Runs that ended since the conductor started', meter.runsEnded);
  text.counter('run_load_refused_total', 'Load items that no node took', meter.loadRefused);
  text.gauges(
    'run_fault_reports',
    'Reports of agents about faults, by state',
    Object.entries(meter.faults).map(([state, count]) => [{ state }, count]),
  );
  text.counter('fleet_convictions_reported_total', 'Convictions of peers, over all nodes', meter.convictions);
  text.counter(
    'fleet_conflicts_finalised_total',
    'Pairs of conflicting vertices that were both finalised: must be 0',
    meter.conflictsFinalised,
  );
}

/** FORECAST: planned rate x elapsed time. What was billed stands in the cost report. */
function addMoney(
  text: MetricText,
  { usdPerHour, capUsd, sinceMs, deadlineMs }: PlannedMoney,
  nowMs: number,
): void {
  const hours = (untilMs: number): number => Math.max(0, untilMs - sinceMs) / 3_600_000;
  text.gauge('campaign_planned_usd_per_hour', 'FORECAST: burn rate of the plan', usdPerHour);
  text.gauge(
    'campaign_accrued_usd',
    'FORECAST: planned rate times the time since the deployment',
    usdPerHour * hours(nowMs),
  );
  text.gauge(
    'campaign_projected_usd',
    'FORECAST: planned rate until the deadline',
    usdPerHour * hours(deadlineMs),
  );
  text.gauge('campaign_cap_usd', 'Limit of the run', capUsd);
  text.gauge('campaign_deadline_timestamp_seconds', 'When the dead-man switch acts', deadlineMs / 1000);
}
