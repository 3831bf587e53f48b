/**
 * Every attack against a network of hosts: whatever becomes of liveness, nothing unsafe is finalised.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackNames } from '#node/byzantine/attacks.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { HostNetwork } from '../../../support/host-network.ts';

const lan = networkProfiles.find(({ name }) => name === 'lan')!;

for (const attack of attackNames) {
  test(`attack ${attack}: two of ten members, with double spends`, async () => {
    const network = new HostNetwork({
      nodes: 10,
      profile: lan,
      consensus: { k: 6, alphaPreference: 4, alphaConfidence: 5, beta: 6 },
      attackers: new Map([
        [4, attack],
        [7, attack],
      ]),
    });
    await network.start();
    for (let i = 0; i < 12; i++) {
      network.submit([0, 1, 2, 3, 5, 6, 8, 9][i % 8]!, i % 4 < 2 ? [] : [100 + Math.floor(i / 4)]);
      if (attack === 'equivocation') network.submit(i % 2 === 0 ? 4 : 7);
      await network.run(30_000);
    }
    await network.run(3_000_000);
    network.assertSafe();
    const { figures } = network.cells[4]!.host;
    assert.ok(figures.answersDecorated > 0, 'the attackers were never asked');
    assert.ok(network.finalisedBy(0) >= 6, `only ${network.finalisedBy(0)} vertices finalised`);
    if (attack !== 'equivocation') return;
    assert.ok(figures.twinsIssued > 0);
    assert.ok(
      network.convictions.some(({ peer }) => peer === 4),
      'nobody was convicted of two vertices with one sequence',
    );
    assert.ok(
      network.convictions.every(({ node, peer }) => peer === 4 || peer === 7 || node === 4 || node === 7),
    );
  });
}
