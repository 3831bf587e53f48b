// Goal: 16 real nodes stay safe whatever is done to them, and come back: kill -9, SIGSTOP, partition, every Byzantine mode.
// Method: measured runs; the same checkers as the simulator's read the decisions of all honest nodes. Times are printed, and only
// the bound on rejoining is asserted: how fast this machine is today is no property of the product.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { createProcesses } from '#campaigns/targets/processes/target.ts';
import { attackNames } from '#node/byzantine/attacks.ts';
import { processSpec } from '#test/support/process-spec.ts';

const second = 1_000_000;
const target = createProcesses();

after(async () => {
  await target.destroy();
  assert.deepEqual(await target.inventory(), [], 'nothing is left');
});

async function measured(changes: Partial<RunSpec>): Promise<RunResult> {
  const spec = processSpec({ nodes: 16, ...changes });
  const { result } = await target.run(spec, () => undefined, new AbortController().signal);
  const { consensus_metrics } = result.results;
  assert.deepEqual(consensus_metrics.safety_violations, []);
  assert.equal(consensus_metrics.conflicts_finalized, 0);
  assert.ok(result.window.measured_s > 0, result.reason);
  assert.ok(result.results.throughput.total_vertices > 0, result.reason);
  return result;
}

test('16 separate processes: killed, stalled, cut in half, and all of them caught up', async (context) => {
  const duration = { warmupUs: 2 * second, measureUs: 16 * second, cooldownUs: 2 * second };
  const faults: RunSpec['faults'] = [
    { kind: 'stall', nodes: 2, atUs: second, forUs: 2 * second },
    { kind: 'partition', groups: [0.5, 0.5], atUs: 5 * second, forUs: 2 * second },
    {
      kind: 'kill',
      nodes: 3,
      everyUs: 16 * second,
      atUs: 9 * second,
      downUs: 2 * second,
      disk: 'kept',
      repeat: 1,
    },
  ];
  const result = await measured({ nodesPerProcess: 1, faults, duration });
  for (const fault of result.faults) {
    const took = (us: number | null): string => (us === null ? '-' : `${(us / 1e6).toFixed(1)} s`);
    context.diagnostic(
      `${fault.kind}: ${fault.evidence}; recovered after ${took(fault.recovery_us)}, rejoined after ${took(fault.rejoin_us)}`,
    );
    assert.equal(fault.observed, true, fault.evidence);
    assert.notEqual(fault.recovery_us, null, `${fault.kind} was not recovered from`);
  }
  const killed = result.faults.find(({ kind }) => kind === 'kill');
  assert.ok((killed?.rejoin_us ?? Number.POSITIVE_INFINITY) <= 30 * second, 'rejoined within 30 s');
  assert.equal(result.measurement?.processes, 16);
});

for (const attack of attackNames) {
  test(`attack ${attack}: two of 16 nodes, nobody is led astray`, async (context) => {
    const byzantine = { share: 0.125, attack, clusters: 1, identities: 2, exclusion: false };
    const result = await measured({ nodesPerProcess: 8, byzantine });
    assert.equal(result.configuration.byzantine_nodes, 2);
    const { finalized_share, byzantine_detected } = result.results.consensus_metrics;
    context.diagnostic(
      `${attack}: ${(100 * finalized_share).toFixed(1)} % finalised in time, ${byzantine_detected} of 2 detected`,
    );
  });
}
