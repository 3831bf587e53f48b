/**
 * The breaking points against the run-length law: where the formulas know an attack's votes, liveness ends within one attacker of where
 * they say. And where equivocation makes a small network unsafe, the search finds it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setting } from './breaking-run.ts';
import { breakingTable } from './breaking-table.ts';

const at = '2026-01-01';
const table = breakingTable({ attacks: ['always-reject', 'silent'], seeds: 3, at }, () => undefined);
const rowOf = (attack: string) => table.rows.find((row) => row.attack === attack)!;

for (const attack of ['always-reject', 'silent'])
  test(`${attack}: liveness ends where the formula says, within two attackers`, () => {
    const { liveness, liveByFormula } = rowOf(attack);
    // The formula names the last number that is borne, the curve the one at which half of the runs break.
    const distance = setting.nodes * (liveness.at! - liveByFormula!);
    assert.ok(distance > 0 && distance <= 2, `${distance} attackers`);
    assert.ok(liveness.low! <= liveness.at! && liveness.at! <= liveness.high!);
  });

test('equivocation is unsafe above what the formulas bear and nowhere below; the rejecting attack nowhere', () => {
  assert.equal(rowOf('always-reject').safety.at, null);
  const { rows, safeByFormula } = breakingTable({ attacks: ['equivocation'], seeds: 8, at }, () => undefined);
  const { safety } = rows[0]!;
  assert.ok(safety.low! > safeByFormula);
  // Half of the runs break at 10 or 11 of 30; fewer at 12, and again more from 15 on, with few honest nodes left.
  assert.ok(safety.at! < 0.4, `${safety.at}`);
});
