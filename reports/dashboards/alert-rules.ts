/**
 * The alerts of a network, in the form that Prometheus and vmalert read.
 * Owns: what is alarming, from which limit on, for how long, and what to do about it. Does not own: dashboards, or who is told.
 */
import { stringify } from 'yaml';

/** What the stack promises; the limits of the alerts follow it. */
export interface AlertLimits {
  readonly p95LatencySeconds: number;
  readonly memoryBytesPerNode: number;
  /** Nodes that may be silent before somebody has to look, as a share. */
  readonly silentShare: number;
}

export interface AlertRule {
  readonly name: string;
  /** A number at any time, whether it alarms or not. */
  readonly quantity: string;
  readonly comparison: string;
  readonly forSeconds: number;
  readonly severity: 'page' | 'warning' | 'info';
  readonly summary: string;
  readonly remedy: string;
}

/** Twenty of them would be noise; each of these changes what somebody does next. */
export function alertRules(limits: AlertLimits): readonly AlertRule[] {
  return [...safetyRules(), ...networkRules(limits), ...measurementRules(), ...moneyRules()];
}

function safetyRules(): AlertRule[] {
  return [
    {
      name: 'ConflictFinalised',
      quantity: 'max(fleet_conflicts_finalised_total)',
      comparison: '> 0',
      forSeconds: 0,
      severity: 'page',
      summary: 'Two conflicting vertices were both finalised',
      remedy: 'stop the run and keep its cell: this is a safety failure, not a slow network',
    },
    {
      name: 'FinalityStalled',
      quantity: 'sum(fleet_active_vertices) * (sum(rate(fleet_finalised_total[1m])) == bool 0)',
      comparison: '> 0',
      forSeconds: 30,
      severity: 'page',
      summary: 'Vertices wait and none was finalised for a minute',
      remedy: 'see the consensus page: silent nodes, chits, partitions that should have healed',
    },
    {
      name: 'PeersConvicted',
      quantity: 'sum(increase(fleet_convictions_reported_total[5m]))',
      comparison: '> 0',
      forSeconds: 0,
      severity: 'info',
      summary: 'Peers were convicted on evidence',
      remedy: 'expected in runs with attackers; in any other run, look for a defect',
    },
  ];
}

function networkRules({ p95LatencySeconds, memoryBytesPerNode, silentShare }: AlertLimits): AlertRule[] {
  return [
    {
      name: 'NodesSilent',
      quantity: '1 - sum(fleet_nodes_heard) / clamp_min(max(run_nodes_expected), 1)',
      comparison: `> ${silentShare} and max(run_progress_ratio) > 0.15`,
      forSeconds: 30,
      severity: 'warning',
      summary: 'More nodes are silent than the run can bear',
      remedy: 'look for interrupted machines and pods that restart; the run will be inconclusive',
    },
    {
      name: 'AgentsFailed',
      quantity: 'sum(conductor_agents{phase="failed"})',
      comparison: '> 0',
      forSeconds: 0,
      severity: 'warning',
      summary: 'Node processes could not carry out an order',
      remedy: 'GET /v1/status of the conductor names them and why',
    },
    {
      name: 'LatencyAboveTarget',
      quantity: 'histogram_quantile(0.95, sum by (le) (rate(fleet_consensus_latency_seconds_bucket[2m])))',
      comparison: `> ${p95LatencySeconds}`,
      forSeconds: 120,
      severity: 'warning',
      summary: 'Finality p95 is above the target of this size',
      remedy: 'compare polls, queries and event loops: which of them grew',
    },
    {
      name: 'MemoryNearLimit',
      quantity: 'max(fleet_resident_bytes_per_node_most)',
      comparison: `> ${Math.round(0.9 * memoryBytesPerNode)}`,
      forSeconds: 60,
      severity: 'warning',
      summary: 'A node process uses more than 90 % of its memory',
      remedy: 'it is about to be killed: lower the load or pack fewer nodes into a process',
    },
    {
      name: 'EventLoopSaturated',
      quantity: 'max(fleet_loop_busy_ratio_most)',
      comparison: '> 0.95',
      forSeconds: 120,
      severity: 'warning',
      summary: 'An event loop has no time left',
      remedy: 'latency is CPU from here on: pack fewer nodes into a process, or larger machines',
    },
  ];
}

function measurementRules(): AlertRule[] {
  return [
    {
      name: 'ReportsDropped',
      quantity: 'sum(increase(conductor_pushes_dropped_total[5m]))',
      comparison: '> 0',
      forSeconds: 0,
      severity: 'warning',
      summary: 'Agents had to drop reports: the run cannot be judged',
      remedy: 'the conductor is too slow or unreachable; give it more CPU and repeat the cell',
    },
    {
      name: 'TargetsNotScraped',
      quantity: '1 - avg(up)',
      comparison: '> 0.02',
      forSeconds: 60,
      severity: 'warning',
      summary: 'More than 2 % of the targets do not answer',
      remedy: 'look at pods, network policy and the token for metrics',
    },
  ];
}

function moneyRules(): AlertRule[] {
  return [
    {
      name: 'SpendNearCap',
      quantity: 'max(campaign_accrued_usd) / max(campaign_cap_usd)',
      comparison: '> 0.8',
      forSeconds: 0,
      severity: 'page',
      summary: 'The planned rate has used 80 % of the cap of the run',
      remedy: 'finish or stop the campaign; the guard stops it at the cap',
    },
    {
      name: 'DeadlineNear',
      quantity: 'max(campaign_deadline_timestamp_seconds) - time()',
      comparison: '< 900',
      forSeconds: 0,
      severity: 'warning',
      summary: 'The dead-man switch acts in less than 15 minutes',
      remedy: 'collect results now: npm run campaign resume',
    },
  ];
}

/** The rule file, as YAML. */
export function alertRuleFile(limits: AlertLimits): string {
  const rules = alertRules(limits).map((rule) => ({
    alert: rule.name,
    expr: `${rule.quantity} ${rule.comparison}`,
    for: `${rule.forSeconds}s`,
    labels: { severity: rule.severity },
    annotations: { summary: rule.summary, remedy: rule.remedy, value: '{{ $value }}' },
  }));
  return stringify({ groups: [{ name: 'bft-scale', interval: '15s', rules }] }, { lineWidth: 0 });
}
