/**
 * Safety by simulation, short: sixty random networks, and the planted defects that few seeds show. A thousand, and every defect:
 * swarm.long.test.ts.
 */
import { test } from 'node:test';
import { defectNames } from '#test/swarm/defects.ts';
import { assertCaught, assertSound } from '#test/swarm/swarm-assertions.ts';

test('60 random networks stay safe, and finalise everything uncontested once they have healed', (context) =>
  assertSound(context, 1, 60));

/** Only in the long suite: hundreds of networks pass before one shows it. */
const rarelySeen: ReadonlySet<string> = new Set(['alpha-half']);

for (const defect of defectNames.filter((name) => !rarelySeen.has(name))) {
  test(`the planted defect ${defect} is caught`, (context) => assertCaught(context, defect, 1, 500));
}
