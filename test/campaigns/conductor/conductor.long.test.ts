// Goal: the conductor turns what agents report into the record every target writes, and never passes a run it cannot vouch for.
// Method: agents that speak the real protocol over WebSocket, with planted defects; each must be named in the record.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { AgentServer } from '#campaigns/conductor/agent-server.ts';
import { conduct } from '#campaigns/conductor/conductor.ts';
import { runResult, runSeries } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { agentPath } from '#node/agent-fields.ts';
import { smallSpec } from '#test/campaigns/targets/simulator/small-run.ts';
import { type Defects, FakeAgents } from '#test/support/fake-agents.ts';

const token = 'a token of the conductor test';

const plan: WindowPlan = {
  warmupUs: 200_000,
  measureUs: 1_500_000,
  cooldownUs: 300_000,
  compression: 1,
  scale: 1,
  finalityUs: 60_000,
  bins: 3,
  estimatedMessages: 1,
  decisions: null,
  notes: [],
};

const spec: RunSpec = {
  ...smallSpec({ nodes: 4 }),
  workload: {
    kind: 'constant',
    tps: 40,
    batch: 1,
    payloadBytes: 10,
    parents: { kind: 'count', least: 1, most: 2 },
    conflictShare: 0,
  },
  duration: { warmupUs: 200_000, measureUs: 1_500_000, cooldownUs: 300_000 },
};

interface Setting {
  readonly spec?: RunSpec;
  readonly defects?: Defects;
  readonly nodesPerProcess?: number;
  readonly during?: (agents: FakeAgents) => void;
  readonly signal?: AbortSignal;
  readonly plan?: WindowPlan;
}

async function conducted(setting: Setting): Promise<{ outcome: RunOutcome; agents: FakeAgents }> {
  const server = new AgentServer({ token, host: '127.0.0.1', port: 0 });
  await server.listen();
  const run = setting.spec ?? spec;
  const each = setting.nodesPerProcess ?? 2;
  const agents = new FakeAgents(server.url, token, each, setting.defects);
  for (let i = 0; i < run.nodes / each; i += 1) agents.start(`p${i}`);
  let began = false;
  try {
    const outcome = await conduct({
      spec: run,
      plan: setting.plan ?? plan,
      server,
      crew: agents,
      agents: run.nodes / each,
      limits: 'none',
      isEnforced: false,
      isNetworkShaped: true,
      progress: (share) => {
        if (share <= 0.35 || began) return;
        began = true;
        setting.during?.(agents);
      },
      signal: setting.signal ?? new AbortController().signal,
      crashes: [],
      onStop: () => undefined,
    });
    runResult.parse(outcome.result);
    runSeries.parse(outcome.series);
    return { outcome, agents };
  } finally {
    agents.end();
    await server.close();
  }
}

describe('a conducted run', { concurrency: true }, () => {
  test('a whole run becomes a measured record with latency from the due time', async () => {
    const { outcome } = await conducted({ defects: { clockBehindUs: 7_000_000 } });
    const { result, series } = outcome;
    assert.equal(result.test_status, 'PASSED', result.reason);
    assert.equal(result.provenance, 'MEASURED');
    assert.ok(Math.abs((result.results.latency.p50_ms ?? 0) - 60) < 2, String(result.results.latency.p50_ms));
    assert.equal(result.results.latency.undecided_share, 0);
    assert.equal(result.results.consensus_metrics.all_honest_share, 1);
    assert.equal(result.results.consensus_metrics.rounds.mean, 5);
    assert.ok(
      Math.abs(result.results.throughput.avg_tps - 40) < 6,
      String(result.results.throughput.avg_tps),
    );
    assert.ok(series.points.every(({ live_nodes }) => live_nodes === 4));
    assert.equal(result.measurement?.processes, 2);
    assert.ok((result.measurement?.probes.answered ?? 0) > 0);
  });

  test('a lost connection loses no report: pushes are repeated and counted once', async () => {
    const longer = { ...plan, measureUs: 3_000_000, cooldownUs: 1_000_000 };
    const { outcome } = await conducted({ plan: longer, during: (agents) => agents.drop('p1') });
    assert.equal(outcome.result.test_status, 'PASSED', outcome.result.reason);
    assert.equal(outcome.result.results.latency.undecided_share, 0);
  });

  test('a ramp with an end falls while it runs, by the CPU that the agents report, and recovers', async () => {
    const { kind: _kind, ...shape } = { ...spec.workload };
    const workload = {
      ...shape,
      kind: 'ramp',
      fromTps: 40,
      toTps: 200,
      steps: 3,
      until: { cpuShare: 0.01 },
    } as const;
    const climb = { climbUs: 4_500_000, measureUs: 6_000_000, bins: 12, cooldownUs: 500_000 };
    const { outcome } = await conducted({ spec: { ...spec, workload }, plan: { ...plan, ...climb } });
    const { ramp } = outcome.result;
    assert.ok(ramp !== undefined);
    assert.equal(ramp.cause, 'cpu');
    assert.equal(ramp.from_tps, 40);
    // After the first step, its reports and the load that was on its way; before the top, which is at 4.7 s.
    assert.ok(ramp.fell_at_us > 3_600_000 && ramp.fell_at_us < 4_700_000, String(ramp.fell_at_us));
    assert.ok(ramp.recovered_us !== null);
    const after = outcome.series.points.filter(
      ({ at_us }) => at_us >= ramp.fell_at_us && at_us < outcome.series.window_us[1],
    );
    assert.ok(after.length > 0 && after.every(({ offered_tps }) => offered_tps === 40));
    const due = outcome.series.points.reduce((sum, point) => sum + point.offered_tps * point.for_us, 0) / 1e6;
    const issued = outcome.result.results.throughput.total_transactions;
    assert.ok(Math.abs(issued / due - 1) < 0.1, `${issued} of ${due}`);
    assert.equal(outcome.result.results.latency.undecided_share, 0);
  });

  test('what spoils a run makes it inconclusive and is named', async () => {
    const cases: readonly (readonly [Defects, RegExp])[] = [
      [{ roundTripUs: 100 }, /delays not observed/],
      [{ hasNoProbes: true }, /network not observed/],
      [{ dropsPushes: true }, /truncated/],
      [{ failsWith: 'no room on the disk' }, /p0 failed: no room on the disk/],
    ];
    const outcomes = await Promise.all(cases.map(([defects]) => conducted({ defects })));
    for (const [i, { outcome }] of outcomes.entries()) {
      assert.equal(outcome.result.test_status, 'INCONCLUSIVE');
      assert.match(outcome.result.reason, cases[i]![1]);
    }
  });

  test('two nodes that decide differently fail the run', async () => {
    const { outcome } = await conducted({ defects: { contradicts: true } });
    assert.equal(outcome.result.test_status, 'FAILED');
    assert.notDeepEqual(outcome.result.results.consensus_metrics.safety_violations, []);
  });

  test('a killed process is started again, gets its load again and is seen to catch up', async () => {
    const at = { atUs: 300_000, everyUs: 1_000_000 };
    const kill = { kind: 'kill', nodes: 1, ...at, downUs: 400_000, disk: 'kept', repeat: 1 } as const;
    const { outcome, agents } = await conducted({ spec: { ...spec, faults: [kill] }, nodesPerProcess: 1 });
    const { result } = outcome;
    assert.equal(agents.killed.length, 1);
    assert.equal(result.test_status, 'PASSED', result.reason);
    const [fault] = result.faults;
    assert.equal(fault?.observed, true);
    assert.match(fault?.evidence ?? '', /1 times a node went down.*1 restarted, 1 caught up/);
    assert.ok((fault?.rejoin_us ?? -1) >= 0);
    assert.equal(result.results.latency.undecided_share, 0, 'its clients submitted again');
  });

  test('a stall and an ordered fault are recorded with their effects', async () => {
    const forUs = 400_000;
    const faults: RunSpec['faults'] = [
      { kind: 'stall', nodes: 1, atUs: 300_000, forUs },
      { kind: 'partition', groups: [0.5, 0.5], atUs: 300_000, forUs },
    ];
    const { outcome } = await conducted({ spec: { ...spec, faults }, nodesPerProcess: 1 });
    assert.equal(outcome.result.test_status, 'PASSED', outcome.result.reason);
    const [stall, partition] = outcome.result.faults;
    assert.match(stall?.evidence ?? '', /1 processes stood still/);
    assert.match(partition?.evidence ?? '', /12 frames cut/);
    assert.ok(Math.abs((partition?.until_us ?? 0) - (partition?.at_us ?? 0) - forUs) < 1_000);
  });

  test('a run that is told to stop says so', async () => {
    const stop = new AbortController();
    const { outcome } = await conducted({ signal: stop.signal, during: () => stop.abort() });
    assert.equal(outcome.result.test_status, 'ABORTED');
  });

  test('without the token nobody gets in, and a stranger to the protocol is refused and named', async () => {
    const server = new AgentServer({ token, host: '127.0.0.1', port: 0 });
    await server.listen();
    const dial = (bearer: string): WebSocket =>
      new WebSocket(`${server.url}${agentPath}`, { headers: { authorization: `Bearer ${bearer}` } });
    const refused = await new Promise<Error>((resolve) => dial('another token').once('error', resolve));
    assert.match(refused.message, /401/);
    const stranger = dial(token);
    stranger.once('open', () => stranger.send('{"kind":"hello"}'));
    const answer = await new Promise<string>((resolve) =>
      stranger.once('message', (data) => resolve(data.toString())),
    );
    assert.match(answer, /"refused".*"isFinal":true/);
    assert.equal(server.refusals.length, 1);
    await server.close();
  });
});
