/**
 * Safety by simulation, short: sixty random networks, and every planted defect. A thousand: swarm.long.test.ts.
 */
import { test } from 'node:test';
import { defectNames } from '#test/swarm/defects.ts';
import { assertCaught, assertSound } from '#test/swarm/swarm-assertions.ts';

test('60 random networks stay safe, and finalise everything uncontested once they have healed', (context) =>
  assertSound(context, 1, 60));

for (const defect of defectNames) {
  test(`the planted defect ${defect} is caught`, (context) => assertCaught(context, defect, 1, 500));
}
