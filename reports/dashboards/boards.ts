/**
 * The dashboards of a network, all six: throughput, latency, resources, consensus, Byzantine behaviour, cost.
 * Owns: which panels there are and what they ask. Does not own: the metrics: `fleet_`, `run_`, `conductor_` and `campaign_` are the
 * conductor's (all nodes), names without prefix are those of single nodes, scraped at a sample of them in large networks.
 */
import { type Board, figure, graph, quantileOf, query, rateOf } from '#reports/dashboards/board.ts';

const perNode = (expr: string): string => `${expr} / clamp_min(sum(fleet_nodes_up), 1)`;

/** Of the rates of two counters; 0 while neither moves. */
const ratioOf = (part: string, whole: string): string =>
  `${rateOf(part)} / clamp_min(${rateOf(whole)}, 1e-9)`;

/** Stands on two boards. */
const conflictsFinalised = (about: string) =>
  figure('Conflicts finalised', 'short', about, 'max(fleet_conflicts_finalised_total)');

const throughput: Board = {
  uid: 'bft-throughput',
  title: 'Throughput',
  about: 'How much the network takes in, issues and finalises.',
  panels: [
    figure(
      'Finalised per second and node',
      'ops',
      'Vertices that the average node finalises; compare with the load.',
      perNode(rateOf('fleet_finalised_total')),
    ),
    figure('Nodes up', 'short', 'Nodes that reported within two seconds and are up.', 'sum(fleet_nodes_up)'),
    figure(
      'Progress of the run',
      'percentunit',
      'Share of set-up, warm-up, window and cool-down that is done.',
      'max(run_progress_ratio)',
    ),
    graph(
      'Transactions',
      'ops',
      'Handed in against refused: refusals mean that queues are full.',
      query('submitted', rateOf('fleet_transactions_submitted_total')),
      query('refused', rateOf('fleet_transactions_refused_total')),
    ),
    graph(
      'Vertices',
      'ops',
      'Issued once each; processed and finalised by every node, hence shown per node.',
      query('issued', rateOf('fleet_vertices_issued_total')),
      query('issued again', rateOf('fleet_vertices_reissued_total')),
      query('processed per node', perNode(rateOf('fleet_vertices_processed_total'))),
      query('finalised per node', perNode(rateOf('fleet_finalised_total'))),
    ),
    graph(
      'Waiting',
      'short',
      'Queued transactions and undecided vertices: what grows without end is the bottleneck.',
      query('queued transactions', 'sum(fleet_queued_transactions)'),
      query('undecided vertices per node', perNode('sum(fleet_active_vertices)')),
    ),
    graph(
      'Finalised at sampled nodes',
      'ops',
      'Spread over nodes that are scraped themselves: a node that lags stands out.',
      query('slowest', 'min(rate(finalized_vertices[$__rate_interval]))'),
      query('median', 'quantile(0.5, rate(finalized_vertices[$__rate_interval]))'),
      query('fastest', 'max(rate(finalized_vertices[$__rate_interval]))'),
    ),
  ],
};

const spread = (histogram: string) =>
  [
    query('p50', quantileOf(0.5, histogram)),
    query('p95', quantileOf(0.95, histogram)),
    query('p99', quantileOf(0.99, histogram)),
  ] as const;

const latency: Board = {
  uid: 'bft-latency',
  title: 'Latency',
  about: 'From the due time of a transaction to its durable finalisation, and what that time consists of.',
  panels: [
    figure(
      'Finality p95',
      's',
      '95 of 100 transactions are final at a node within this time.',
      quantileOf(0.95, 'fleet_consensus_latency_seconds'),
    ),
    figure(
      'Mean finality',
      's',
      'Mean over transactions and nodes.',
      ratioOf('fleet_consensus_latency_seconds_sum', 'fleet_consensus_latency_seconds_count'),
    ),
    graph(
      'Finality',
      's',
      'Open loop: a transaction that had to wait counts from its due time.',
      ...spread('fleet_consensus_latency_seconds'),
    ),
    graph('Polls', 's', 'Length of a poll, all nodes.', ...spread('fleet_round_duration_seconds')),
    graph(
      'Queries',
      's',
      'From a query to its answer: twice the one-way delay and the time at the peer.',
      ...spread('fleet_query_latency_seconds'),
    ),
    graph(
      'Finality at sampled nodes',
      's',
      'The worst and the best node that is scraped itself.',
      query(
        'worst node p95',
        'max(histogram_quantile(0.95, sum by (le, node) (rate(consensus_latency_seconds_bucket[$__rate_interval]))))',
      ),
      query(
        'best node p95',
        'min(histogram_quantile(0.95, sum by (le, node) (rate(consensus_latency_seconds_bucket[$__rate_interval]))))',
      ),
    ),
    graph(
      'Late answers',
      'ops',
      'Queries without an answer in time.',
      query('timed out', rateOf('fleet_queries_timed_out_total')),
    ),
  ],
};

const resources: Board = {
  uid: 'bft-resources',
  title: 'Resources',
  about: 'CPU, memory, network and disk of the node processes.',
  panels: [
    figure(
      'CPU per node',
      'percentunit',
      'Cores that the average node uses.',
      perNode(rateOf('fleet_cpu_seconds_total')),
    ),
    figure(
      'Memory per node, largest',
      'bytes',
      'Resident memory per node of the largest process.',
      'max(fleet_resident_bytes_per_node_most)',
    ),
    graph(
      'Event loops',
      'percentunit',
      'Busy share of the busiest process: at 1 it cannot keep up.',
      query('busiest', 'max(fleet_loop_busy_ratio_most)'),
    ),
    graph(
      'Loop delay',
      's',
      'Worst delay of an event loop: it adds to every latency.',
      query('worst', 'max(fleet_loop_delay_seconds_most)'),
    ),
    graph(
      'Memory',
      'bytes',
      'Of all processes, and at sampled nodes.',
      query('all processes', 'sum(fleet_resident_bytes)'),
      query('largest sampled node', 'max(memory_bytes)'),
      query('median sampled node', 'quantile(0.5, memory_bytes)'),
    ),
    graph(
      'CPU of sampled nodes',
      'percent',
      'Percent of one core.',
      query('most', 'max(cpu_usage_percent)'),
      query('median', 'quantile(0.5, cpu_usage_percent)'),
    ),
    graph(
      'Network per node',
      'Bps',
      'Bytes of frames and announcements.',
      query('sent', perNode(rateOf('fleet_bytes_sent_total'))),
      query('received', perNode(rateOf('fleet_bytes_received_total'))),
    ),
    graph(
      'Refused frames',
      'ops',
      'Full queues and lost sessions.',
      query('refused', rateOf('fleet_frames_refused_total')),
    ),
    graph(
      'Disk',
      'Bps',
      'Bytes that stores wrote, all nodes.',
      query('written', rateOf('fleet_store_bytes_written_total')),
    ),
    graph(
      'Signatures',
      'percentunit',
      'Cores that verify signatures, all nodes.',
      query('verifying', rateOf('fleet_verification_cpu_seconds_total')),
    ),
    graph(
      'Sessions',
      'short',
      'Open sessions per node, and how fast new ones are made.',
      query('open per node', perNode('sum(fleet_connections)')),
      query('dials per second', rateOf('fleet_dials_total')),
    ),
    graph(
      'Read cache',
      'percentunit',
      'Share of reads that the cache of the store answered, sampled nodes.',
      query('mean', 'avg(store_cache_hit_ratio)'),
    ),
  ],
};

const consensus: Board = {
  uid: 'bft-consensus',
  title: 'Consensus',
  about: 'Polls, decisions, confidence, and whether all nodes are heard.',
  panels: [
    conflictsFinalised(
      'Pairs of conflicting vertices that were both finalised: anything but 0 is a safety failure.',
    ),
    figure(
      'Silent nodes',
      'short',
      'Nodes of the run whose process did not report within two seconds.',
      'max(run_nodes_expected) - sum(fleet_nodes_heard)',
    ),
    graph(
      'Polls',
      'ops',
      'Polls that ended, per node.',
      query('polls', perNode(rateOf('fleet_polls_total'))),
    ),
    graph(
      'Chits',
      'percentunit',
      'Share of polled vertices whose poll succeeded.',
      query('chits', ratioOf('fleet_poll_chits_total', 'fleet_poll_vertices_total')),
    ),
    graph(
      'Polls per decision',
      'short',
      'Vertices polled per vertex finalised: the rounds a decision takes, without the order of polls.',
      query('rounds', ratioOf('fleet_poll_vertices_total', 'fleet_finalised_total')),
    ),
    graph(
      'Decisions',
      'ops',
      'Per second, over all nodes.',
      query('finalised', rateOf('fleet_finalised_total')),
      query('rejected', rateOf('fleet_rejected_total')),
      query('undecided at the round limit', rateOf('fleet_undecided_at_limit_total')),
    ),
    graph(
      'Confidence at finalisation',
      'percentunit',
      'Sampled nodes: median and the lowest of a hundred.',
      query('p50', quantileOf(0.5, 'confidence_score')),
      query('p1', quantileOf(0.01, 'confidence_score')),
    ),
    graph(
      'Agents',
      'short',
      'Node processes by phase.',
      query('{{phase}}', 'sum by (phase) (conductor_agents)'),
      query('connected', 'sum(conductor_agents_connected)'),
    ),
    graph(
      'Degraded nodes',
      'short',
      'By level, 0 normal and 4 worst.',
      query('level {{level}}', 'sum by (level) (fleet_nodes_degraded)'),
    ),
    graph(
      'State transfer',
      'ops',
      'Vertices that came by state transfer: nodes that were away catch up.',
      query('vertices', rateOf('fleet_sync_vertices_total')),
    ),
    graph(
      'Faults',
      'short',
      'Reports of agents about injected faults, by state.',
      query('{{state}}', 'sum by (state) (run_fault_reports)'),
    ),
  ],
};

const byzantine: Board = {
  uid: 'bft-byzantine',
  title: 'Byzantine behaviour',
  about: 'What attackers do, who is convicted, and what it costs the others.',
  panels: [
    figure(
      'Convictions',
      'short',
      'A node convicted a peer on evidence, summed over nodes.',
      'sum(fleet_convictions_reported_total)',
    ),
    conflictsFinalised('Must be 0, whatever attackers do.'),
    graph(
      'Convictions per second',
      'ops',
      'Over all nodes, and the sampled node that detects most.',
      query('all nodes', rateOf('fleet_convictions_total')),
      query('sampled node, most', 'max(rate(byzantine_detections[$__rate_interval]))'),
    ),
    graph(
      'Nodes that detected somebody',
      'short',
      'Of the sampled nodes.',
      query('detected', 'sum(byzantine_detections > bool 0)'),
      query('sampled', 'count(byzantine_detections)'),
    ),
    graph(
      'Lost polls',
      'percentunit',
      'Share of polled vertices without a chit: attackers and slow peers cost rounds.',
      query('without a chit', `1 - ${ratioOf('fleet_poll_chits_total', 'fleet_poll_vertices_total')}`),
    ),
    graph(
      'Rejected vertices',
      'ops',
      'Losing sides of conflicts, and vertices that had to be issued again.',
      query('rejected', rateOf('fleet_rejected_total')),
      query('issued again', rateOf('fleet_vertices_reissued_total')),
    ),
    graph(
      'Bad signatures',
      'ops',
      'Signatures that do not hold.',
      query('refused', rateOf('fleet_signatures_refused_total')),
    ),
    graph(
      'Distrust',
      'ops',
      'Peers that failure detectors suspect, and circuit breakers that open.',
      query('suspicions', rateOf('fleet_suspicions_total')),
      query('breakers opened', rateOf('fleet_breaker_openings_total')),
    ),
    graph(
      'Distrusted now',
      'short',
      'Summed over sampled nodes.',
      query('suspected', 'sum(peers_suspected)'),
      query('breaker open', 'sum(breakers_open)'),
    ),
  ],
};

const cost: Board = {
  uid: 'bft-cost',
  title: 'Cost and deadline',
  about:
    'FORECAST: the rate of the plan times the time that passed. What was billed stands in the cost report.',
  panels: [
    figure(
      'Accrued',
      'currencyUSD',
      'FORECAST: planned rate since the deployment.',
      'max(campaign_accrued_usd)',
    ),
    figure(
      'Left until the cap',
      'currencyUSD',
      'Cap of the run less what has accrued.',
      'max(campaign_cap_usd) - max(campaign_accrued_usd)',
    ),
    figure(
      'Until the deadline',
      'dtdurations',
      'Then the dead-man switch takes the machines away.',
      'max(campaign_deadline_timestamp_seconds) - time()',
    ),
    figure('Runs ended', 'short', 'Since the conductor started.', 'sum(run_ended_total)'),
    graph(
      'Burn-down',
      'currencyUSD',
      'Accrued, projected until the deadline, and the cap.',
      query('accrued', 'max(campaign_accrued_usd)'),
      query('projected', 'max(campaign_projected_usd)'),
      query('cap', 'max(campaign_cap_usd)'),
    ),
    graph(
      'Rate',
      'currencyUSD',
      'FORECAST dollars per hour.',
      query('per hour', 'max(campaign_planned_usd_per_hour)'),
    ),
    graph(
      'Dollars per million finalised vertices',
      'currencyUSD',
      'Planned rate over what the network does with it; a vertex counts at every node, so it is divided by the nodes.',
      query(
        'per million vertices',
        `1e6 * max(campaign_planned_usd_per_hour) / 3600 / clamp_min(${perNode(rateOf('fleet_finalised_total'))}, 1e-9)`,
      ),
    ),
    graph(
      'Scraping',
      'short',
      'Targets that answer: what is not scraped is not on these pages.',
      query('up {{job}}', 'sum by (job) (up)'),
      query('known {{job}}', 'count by (job) (up)'),
    ),
  ],
};

export const boards: readonly Board[] = [throughput, latency, resources, consensus, byzantine, cost];
