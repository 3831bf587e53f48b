/**
 * Safety by simulation, long: a thousand random networks, and every planted defect in another series of seeds.
 */
import { test } from 'node:test';
import { defectNames } from '#test/swarm/defects.ts';
import { assertCaught, assertSound } from '#test/swarm/swarm-assertions.ts';

test('1,000 random networks stay safe, and finalise everything uncontested once they have healed', (context) =>
  assertSound(context, 1, 1_000));

for (const defect of defectNames) {
  test(`the planted defect ${defect} is caught in a second series`, (context) =>
    assertCaught(context, defect, 2, 500));
}
