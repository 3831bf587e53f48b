/**
 * The sweep over an account of moto in which an engine lost what attends a network: roles with policies and a profile, key, logs, queue,
 * rule, alarm. Owns: that all of the stack goes, and nothing goes that only looks like it. NOT RUN where moto is not built.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sweep } from '#infra/guard/sweep.ts';
import { sweptAws } from '#infra/guard/swept-aws.ts';
import { type MotoServer, startMoto } from '#test/bed/moto/moto-server.ts';
import { type Attendance, ServicesAccount } from '#test/bed/moto/services-account.ts';
import { missing, motoTool } from '#test/bed/tools.ts';

const region = 'us-west-2';
const ofStack = (stack: string, tags: Readonly<Record<string, string>>): Attendance => ({
  prefix: `bft-${stack}`,
  description: `Secrets of the cluster bft-${stack}`,
  tags,
});

describe('what attends a network', { skip: missing(motoTool) }, () => {
  let moto: MotoServer;
  let account: ServicesAccount;
  before(async () => {
    moto = await startMoto();
    Object.assign(process.env, moto.env);
    account = new ServicesAccount(moto.url);
  });
  after(async () => await moto?.stop());

  test('of the stack all of it goes; what has its names without its tag, or its tag without its names, stays', async (context) => {
    const others: readonly Attendance[] = [
      // Names that only a person could tell apart.
      ofStack('5k-nodes', {}),
      ofStack('10k-nodes', { 'bft:stack': '1k-nodes-of-mine' }),
      ofStack('1k', { 'bft:stack': '1k' }),
      ofStack('1k-nodes-copy', { 'bft:stack': '1k-nodes-copy' }),
      // Our tag on something of somebody's.
      { prefix: 'of-somebody', description: 'of somebody', tags: { 'bft:stack': '1k-nodes' } },
    ];
    for (const one of others) await account.add(one);
    const untouched = await account.inventory();
    await account.add(ofStack('1k-nodes', { 'bft:stack': '1k-nodes', 'bft:campaign': 'manual' }));
    assert.equal((await account.inventory()).length, untouched.length + 11);
    const cloud = sweptAws({ region, endpoint: moto.url }, 0);
    const result = await sweep(cloud, '1k-nodes', 5);
    assert.deepEqual(result.failures, []);
    assert.deepEqual(result.left, []);
    assert.equal(result.removed.length, 11);
    assert.deepEqual(await account.inventory(), untouched);
    context.diagnostic(`swept: ${result.removed.map(({ kind, id }) => `${kind} ${id}`).join(', ')}`);
    for (const stack of ['5k-nodes', '10k-nodes'])
      assert.deepEqual((await sweep(cloud, stack, 2)).removed, [], `${stack} is not proven`);
    assert.deepEqual(await account.inventory(), untouched);
    // A name that another begins with.
    const { removed, left } = await sweep(cloud, '1k', 5);
    assert.deepEqual([removed.length, left], [11, []]);
    const isOfCopy = (line: string): boolean => line.includes('1k-nodes-copy');
    assert.equal((await account.inventory()).length, untouched.length - 11);
    assert.deepEqual((await account.inventory()).filter(isOfCopy), untouched.filter(isOfCopy));
  });
});
