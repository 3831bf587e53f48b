// Goal: every target keeps the contract of the operator: honest capabilities, valid results, an empty inventory in the end.
// Method: the same tests for each target of the list; a new target is one more entry with a specification it can run.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runResult, runSeries } from '#campaigns/results/schema.ts';
import type { Fault, RunSpec } from '#campaigns/run-spec.ts';
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import type { RunOutcome, Target } from '#campaigns/targets/target.ts';
import { smallSpec } from './simulator/small-run.ts';

interface Entry {
  readonly name: Target['capabilities']['name'];
  readonly create: () => Target;
  /** A short run without faults that this target can do. */
  readonly spec: RunSpec;
}

const entries: readonly Entry[] = [{ name: 'simulator', create: createSimulator, spec: smallSpec() }];

const second = 1_000_000;
const window = { atUs: second, forUs: 2 * second } as const;

/** One of each kind. */
const faults: readonly Fault[] = [
  { kind: 'partition', groups: [50, 50], ...window },
  { kind: 'kill', nodes: 3, everyUs: 2 * second, atUs: second, downUs: second, disk: 'kept', repeat: 1 },
  { kind: 'cascade', firstNodes: 1, factor: 2, waves: 2, everyUs: second, atUs: second, downUs: second },
  { kind: 'latency', addUs: 20_000, share: 0.5, ...window },
  { kind: 'loss', loss: 0.05, ...window },
  { kind: 'throttle', factor: 3, share: 0.5, ...window },
  { kind: 'clock-skew', ppm: 50_000, share: 0.5, ...window },
  { kind: 'disk', nodes: 2, ...window },
  { kind: 'memory', share: 0.5, factor: 2, ...window },
  { kind: 'churn', nodes: 2, everyUs: 2 * second, downUs: second, atUs: second, repeat: 2 },
];

function running(target: Target, spec: RunSpec): Promise<RunOutcome> {
  return target.run(spec, () => undefined, new AbortController().signal);
}

for (const { name, create, spec } of entries) {
  describe(`target ${name}`, () => {
    test('is ready once deployed, and leaves nothing behind', async () => {
      const target = create();
      assert.equal(target.capabilities.name, name);
      await target.deploy(new AbortController().signal);
      assert.equal(await target.ready(), true);
      await running(target, spec);
      await target.collect();
      await target.destroy();
      assert.deepEqual(await target.inventory(), []);
      await target.destroy();
      assert.deepEqual(await target.inventory(), [], 'torn down twice');
    });

    test('answers with a valid result, series and JSON lines of the run it was given', async () => {
      const { result, series, events } = await running(create(), spec);
      assert.deepEqual(runResult.parse(result), result);
      assert.deepEqual(runSeries.parse(series), series);
      assert.ok(events.length > 0 && events.every((line) => typeof JSON.parse(line) === 'object'));
      assert.equal(result.test_status, 'PASSED', result.reason);
      assert.equal(series.test_run_id, result.test_run_id);
      assert.equal(result.configuration.node_count, spec.nodes);
      assert.equal(result.determinism.seed, spec.seed);
      assert.ok(result.window.measured_s > 0);
      assert.ok(result.results.throughput.avg_tps > 0);
    });

    test('reports progress that never falls and stays within 0 and 1', async () => {
      const seen: number[] = [];
      await create().run(spec, (share) => seen.push(share), new AbortController().signal);
      assert.ok(seen.length > 0);
      seen.forEach((share, i) => {
        assert.ok(share >= 0 && share <= 1 && share >= (seen[i - 1] ?? 0));
      });
    });

    test('a run that is told to stop says that it was aborted', async () => {
      const stop = new AbortController();
      stop.abort();
      const { result } = await create().run(spec, () => undefined, stop.signal);
      assert.equal(result.test_status, 'ABORTED');
      assert.notEqual(result.reason, '');
    });

    for (const fault of faults) {
      const can = create().capabilities.faults.has(fault.kind);
      test(`the fault ${fault.kind} is ${can ? 'injected and observed' : 'reported as not possible'}`, async () => {
        const { result } = await running(create(), { ...spec, faults: [fault] });
        runResult.parse(result);
        const record = result.faults.find(({ kind }) => kind === fault.kind);
        if (can) {
          assert.equal(result.test_status, 'PASSED', result.reason);
          assert.equal(record?.observed, true);
          assert.notEqual(record?.evidence, '');
        } else {
          assert.ok(['SKIPPED', 'INCONCLUSIVE'].includes(result.test_status), result.test_status);
          assert.match(result.reason, new RegExp(fault.kind));
          assert.notEqual(record?.observed, true);
        }
      });
    }

    for (const attack of create().capabilities.attacks) {
      test(`the attack ${attack} runs with its share of attackers and without a safety violation`, async () => {
        const byzantine = { ...spec.byzantine, attack: attack as RunSpec['byzantine']['attack'], share: 0.1 };
        const { result } = await running(create(), { ...spec, byzantine });
        runResult.parse(result);
        assert.equal(result.test_status, 'PASSED', result.reason);
        const attackers = attack === 'none' ? 0 : Math.floor(0.1 * spec.nodes);
        assert.equal(result.configuration.byzantine_nodes, attackers);
        assert.deepEqual(result.results.consensus_metrics.safety_violations, []);
      });
    }
  });
}
