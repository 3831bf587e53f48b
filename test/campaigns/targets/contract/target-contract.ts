/**
 * The contract of a target as a suite: honest capabilities, valid results, an empty inventory in the end.
 * Owns: the expectations that every target must meet. Does not own: which targets there are (*.contract.test.ts).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runResult, runSeries } from '#campaigns/results/schema.ts';
import type { Fault, RunSpec } from '#campaigns/run-spec.ts';
import type { RunOutcome, Target } from '#campaigns/targets/target.ts';

export interface ContractEntry {
  readonly name: Target['capabilities']['name'];
  readonly create: () => Target;
  /** A short run without faults that this target can do. */
  readonly spec: RunSpec;
  /** Which faults and attacks are run; the others belong to a longer test of the same suite. */
  readonly faults: readonly Fault[];
  readonly attacks: readonly RunSpec['byzantine']['attack'][];
  /** The basic expectations, which need a run of their own. */
  readonly isBasic: boolean;
  /** Whether a ramp with an end is run, too. */
  readonly hasRamp: boolean;
}

const second = 1_000_000;
const window = { atUs: second, forUs: 2 * second } as const;

/** One of each kind. */
export const everyFault: readonly Fault[] = [
  { kind: 'partition', groups: [50, 50], ...window },
  { kind: 'kill', nodes: 3, everyUs: 2 * second, atUs: second, downUs: second, disk: 'kept', repeat: 1 },
  { kind: 'cascade', firstNodes: 1, factor: 2, waves: 2, everyUs: second, atUs: second, downUs: second },
  { kind: 'latency', addUs: 20_000, share: 0.5, ...window },
  { kind: 'loss', loss: 0.05, ...window },
  { kind: 'throttle', factor: 3, share: 0.5, ...window },
  { kind: 'clock-skew', ppm: 50_000, share: 0.5, ...window },
  { kind: 'disk', nodes: 2, ...window },
  { kind: 'memory', share: 0.5, factor: 0.5, ...window },
  { kind: 'churn', nodes: 2, everyUs: 2 * second, downUs: second, atUs: second, repeat: 2 },
  { kind: 'stall', nodes: 2, ...window },
];

function running(target: Target, spec: RunSpec): Promise<RunOutcome> {
  return target.run(spec, () => undefined, new AbortController().signal);
}

export function targetContract(entry: ContractEntry): void {
  describe(`target ${entry.name}`, () => {
    if (entry.isBasic) basics(entry);
    if (entry.hasRamp) rampTest(entry);
    for (const fault of entry.faults) faultTest(entry, fault);
    for (const attack of entry.attacks) attackTest(entry, attack);
  });
}

function basics({ name, create, spec }: ContractEntry): void {
  test('one run: ready once deployed, valid records, rising progress, nothing left behind', async () => {
    const target = create();
    assert.equal(target.capabilities.name, name);
    await target.deploy(new AbortController().signal);
    assert.equal(await target.ready(), true);
    const shares: number[] = [];
    const signal = new AbortController().signal;
    const { result, series, events } = await target.run(spec, (share) => shares.push(share), signal);
    assert.deepEqual(runResult.parse(result), result);
    assert.deepEqual(runSeries.parse(series), series);
    assert.ok(events.length > 0 && events.every((line) => typeof JSON.parse(line) === 'object'));
    assert.equal(result.test_status, 'PASSED', result.reason);
    assert.equal(series.test_run_id, result.test_run_id);
    assert.equal(result.configuration.node_count, spec.nodes);
    assert.equal(result.determinism.seed, spec.seed);
    assert.equal(result.provenance, name === 'simulator' ? 'SIMULATED' : 'MEASURED');
    assert.ok(result.window.measured_s > 0);
    assert.ok(result.results.throughput.avg_tps > 0);
    assert.ok(shares.length > 0);
    shares.forEach((share, i) => {
      assert.ok(share >= 0 && share <= 1 && share >= (shares[i - 1] ?? 0));
    });
    await target.collect();
    await target.destroy();
    assert.deepEqual(await target.inventory(), []);
    await target.destroy();
    assert.deepEqual(await target.inventory(), [], 'torn down twice');
  });

  test('a run that is told to stop says that it was aborted', async () => {
    const stop = new AbortController();
    stop.abort();
    const target = create();
    const { result } = await target.run(spec, () => undefined, stop.signal);
    assert.equal(result.test_status, 'ABORTED');
    assert.notEqual(result.reason, '');
    await target.destroy();
    assert.deepEqual(await target.inventory(), []);
  });

  const cannot = everyFault.filter(({ kind }) => !create().capabilities.faults.has(kind));
  for (const fault of cannot) {
    test(`the fault ${fault.kind} is reported as not possible`, async () => {
      const { result } = await running(create(), { ...spec, faults: [fault] });
      runResult.parse(result);
      const record = result.faults.find(({ kind }) => kind === fault.kind);
      assert.ok(['SKIPPED', 'INCONCLUSIVE'].includes(result.test_status), result.test_status);
      assert.match(result.reason, new RegExp(fault.kind));
      assert.notEqual(record?.observed, true);
    });
  }
}

function rampTest({ create, spec }: ContractEntry): void {
  test('the load of a ramp with an end falls to its first step and stays there, and the record says so', async () => {
    const { batch, payloadBytes, parents, conflictShare } = spec.workload;
    const ramp = { kind: 'ramp', fromTps: 10, toTps: 30, steps: 2, until: { cpuShare: 0.95 } } as const;
    const workload = { ...ramp, batch, payloadBytes, parents, conflictShare };
    const { result, series } = await running(create(), { ...spec, workload });
    runResult.parse(result);
    const fall = result.ramp;
    assert.ok(fall !== undefined);
    assert.equal(fall.to_tps, 10);
    const [fromUs, untilUs] = series.window_us;
    assert.ok(fall.fell_at_us > fromUs && fall.fell_at_us < untilUs, JSON.stringify(fall));
    const after = series.points.filter(({ at_us }) => at_us >= fall.fell_at_us && at_us < untilUs);
    assert.ok(after.length > 0 && after.every(({ offered_tps }) => offered_tps === 10));
    assert.ok(fall.recovered_us !== null, JSON.stringify(fall));
  });
}

function faultTest({ create, spec }: ContractEntry, fault: Fault): void {
  if (!create().capabilities.faults.has(fault.kind)) return;
  test(`the fault ${fault.kind} is injected and observed`, async () => {
    const target = create();
    const { result } = await running(target, { ...spec, faults: [fault] });
    runResult.parse(result);
    const record = result.faults.find(({ kind }) => kind === fault.kind);
    assert.equal(result.test_status, 'PASSED', result.reason);
    assert.equal(record?.observed, true);
    assert.notEqual(record?.evidence, '');
    assert.deepEqual(await target.inventory(), []);
  });
}

function attackTest({ create, spec }: ContractEntry, attack: RunSpec['byzantine']['attack']): void {
  assert.ok(create().capabilities.attacks.has(attack));
  test(`the attack ${attack} runs with its share of attackers and without a safety violation`, async () => {
    const share = Math.max(0.1, 1 / spec.nodes);
    const byzantine = { ...spec.byzantine, attack, share };
    const { result } = await running(create(), { ...spec, byzantine });
    runResult.parse(result);
    assert.equal(result.test_status, 'PASSED', result.reason);
    const attackers = attack === 'none' ? 0 : Math.floor(share * spec.nodes + 1e-9);
    assert.equal(result.configuration.byzantine_nodes, attackers);
    assert.deepEqual(result.results.consensus_metrics.safety_violations, []);
  });
}
