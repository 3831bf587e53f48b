/**
 * What a partition leaves open: the bound against networks that are really cut, and what makes it vanish.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contestedHealFinding } from '#campaigns/feasibility/contested-heal.ts';
import { runEvents } from '#campaigns/targets/simulator/run.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';
import { criterion } from './example-spec.ts';

const limit = [criterion('recovery.heal_time', 'at_most', 60)];

/** 40 nodes cut into the given groups for four of twelve seconds; a part of the payments conflict. */
function cutSpec(groups: readonly number[], conflictShare: number): ReturnType<typeof runSpecExample> {
  const base = runSpecExample({
    nodes: 40,
    consensus: { ...runSpecExample().consensus, k: 20, alphaConfidence: 16, alphaPreference: 16, beta: 8 },
    network: networkNamed('lan'),
    topology: { kind: 'mesh', degree: 8 },
    faults: [{ kind: 'partition', groups: [...groups], atUs: 4_000_000, forUs: 4_000_000 }],
    duration: { warmupUs: 500_000, measureUs: 12_000_000, cooldownUs: 1_000_000 },
    messageBudget: 1_000_000_000,
  });
  return { ...base, workload: { ...base.workload, kind: 'constant', tps: 20, batch: 1, conflictShare } };
}

function openAfter(spec: ReturnType<typeof cutSpec>): {
  readonly undecided: number;
  readonly healed: boolean;
} {
  const { result } = runEvents(spec, () => {}, new AbortController().signal);
  const [fault] = result.faults;
  assert.equal(fault?.observed, true);
  return {
    undecided: result.results.latency.undecided_share,
    healed: fault?.recovery_us !== null,
  };
}

test('an even cut freezes what conflicts across it, and only that', () => {
  const contested = cutSpec([0.5, 0.5], 0.5);
  const finding = contestedHealFinding(contested, limit);
  assert.equal(finding?.conclusion, 'cannot-pass');
  const { undecided, healed } = openAfter(contested);
  assert.ok(undecided > 0 && !healed, `${undecided} ${healed}`);
  const quiet = cutSpec([0.5, 0.5], 0);
  assert.equal(contestedHealFinding(quiet, limit), null);
  assert.deepEqual(openAfter(quiet), { undecided: 0, healed: true });
});

test('a side too small to score leaves nothing open for long', () => {
  const uneven = cutSpec([0.95, 0.05], 0.5);
  assert.equal(contestedHealFinding(uneven, limit)?.conclusion, 'possible');
  assert.equal(openAfter(uneven).undecided, 0);
});

test('the bound grows with the cut, and says nothing of a network that is whole', () => {
  const heals = (forUs: number): number => {
    const spec = cutSpec([0.5, 0.5], 0.1);
    const faults = [{ kind: 'partition', groups: [0.5, 0.5], atUs: 0, forUs } as const];
    // So many in a row that changing sides comes first.
    const consensus = { ...spec.consensus, beta: 40 };
    const found = contestedHealFinding({ ...spec, consensus, faults }, limit)!;
    return found.arithmetic.find(({ symbol }) => symbol === 'heals')!.value;
  };
  assert.ok(heals(8_000_000) > heals(4_000_000));
  assert.equal(contestedHealFinding({ ...cutSpec([0.5, 0.5], 0.5), faults: [] }, limit), null);
});
