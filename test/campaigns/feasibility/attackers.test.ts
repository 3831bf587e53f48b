// Goal: attacks, their number and the nodes that faults keep down are counted as the protocol defines them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackerCount, attackModel, offlineShare } from '#campaigns/feasibility/attackers.ts';

test('attackers are floor(share x nodes), also where the product is a little below an integer', () => {
  assert.equal(attackerCount({ share: 0.33, attack: 'random' }, 150), 49);
  assert.equal(attackerCount({ share: 0.29, attack: 'random' }, 100), 29);
  assert.equal(attackerCount({ share: 0.3, attack: 'none' }, 100), 0);
});

test('only attacks with a fixed answer are exact', () => {
  assert.deepEqual(attackModel('silent'), { voter: 'silent', exact: true });
  assert.deepEqual(attackModel('equivocation'), { voter: 'reject', exact: false });
});

test('kills that overlap add up, cascades grow by their factor', () => {
  const kill = {
    kind: 'kill',
    nodes: 10,
    everyUs: 100,
    atUs: 0,
    downUs: 250,
    disk: 'kept',
    repeat: 24,
  } as const;
  assert.equal(offlineShare([kill], 100), 0.3);
  assert.equal(offlineShare([{ ...kill, repeat: 1 }], 100), 0.1);
  const cascade = {
    kind: 'cascade',
    firstNodes: 2,
    factor: 2,
    waves: 3,
    everyUs: 10,
    atUs: 0,
    downUs: 1_000,
  } as const;
  assert.equal(offlineShare([cascade], 100), 0.14);
  assert.equal(offlineShare([], 100), 0);
});
