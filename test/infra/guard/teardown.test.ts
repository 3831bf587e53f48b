/**
 * The unattended teardown over a cloud that refuses to delete what others hang on: nothing of the stack is left, nothing else is
 * touched, whatever Pulumi says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { kinds, type Leftover, type SweptCloud, sweep } from '#infra/guard/sweep.ts';
import { pulumiSteps, teardown } from '#infra/guard/teardown.ts';

/** What must be gone before a kind can be removed. */
const blockers: Partial<Record<Leftover['kind'], readonly Leftover['kind'][]>> = {
  cluster: ['node-group'],
  volume: ['instance'],
  subnet: ['instance', 'endpoint', 'interface', 'cluster'],
  'security-group': ['instance', 'endpoint', 'interface'],
  'route-table': ['subnet'],
  vpc: ['subnet', 'route-table', 'security-group', 'endpoint'],
};

/** Groups replace VMs that are only terminated; removals take a round to show. */
class SmallCloud implements SweptCloud {
  readonly things = new Map<string, { readonly stack: string; readonly leftover: Leftover }>();
  readonly #going = new Set<string>();

  add(stack: string, kind: Leftover['kind'], id: string): void {
    this.things.set(id, { stack, leftover: { kind, id } });
  }

  find = async (stack: string): Promise<readonly Leftover[]> =>
    [...this.things.values()].filter((one) => one.stack === stack).map((one) => one.leftover);

  remove = async ({ kind, id }: Leftover): Promise<void> => {
    const stack = this.things.get(id)?.stack;
    const inTheWay = [...this.things.values()].find(
      (one) =>
        one.stack === stack &&
        !this.#going.has(one.leftover.id) &&
        blockers[kind]?.includes(one.leftover.kind),
    );
    if (inTheWay !== undefined) throw new Error(`DependencyViolation: ${inTheWay.leftover.id}`);
    this.#going.add(id);
  };

  pause = async (): Promise<void> => {
    for (const id of this.#going) this.things.delete(id);
    this.#going.clear();
  };
}

test('whatever is left, in whatever order it is found: all of the stack goes, nothing of another', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...kinds), { maxLength: 60 }), async (found) => {
      const cloud = new SmallCloud();
      for (const [index, kind] of found.entries()) cloud.add('1k-nodes', kind, `${kind}-${index}`);
      cloud.add('5k-nodes', 'vpc', 'not-ours');
      const result = await sweep(cloud, '1k-nodes');
      assert.deepEqual(result.left, []);
      assert.equal(result.removed.length, found.length);
      assert.deepEqual([...cloud.things.keys()], ['not-ours']);
    }),
  );
});

test('as long as something of the stack can run, its schedules stay, and the role they act with', async () => {
  const cloud = new SmallCloud();
  cloud.add('1k-nodes', 'group', 'stubborn');
  cloud.add('1k-nodes', 'schedule-group', 'dead-man');
  cloud.add('1k-nodes', 'role', 'dead-man-role');
  const remove = cloud.remove;
  cloud.remove = async (leftover) => {
    if (leftover.kind === 'group') throw new Error('ScalingActivityInProgress');
    await remove(leftover);
  };
  const stuck = await sweep(cloud, '1k-nodes', 3);
  assert.deepEqual(stuck.left.map(({ id }) => id).sort(), ['dead-man', 'dead-man-role', 'stubborn']);
  cloud.remove = remove;
  assert.deepEqual((await sweep(cloud, '1k-nodes')).left, []);
});

test('when nobody could look, nothing proves that nothing is left', async () => {
  const cloud = new SmallCloud();
  cloud.add('1k-nodes', 'role', 'bft-1k-nodes-worker');
  const find = cloud.find;
  let looks = 0;
  cloud.find = async (stack) => {
    looks += 1;
    if (looks < 3) throw new Error('AccessDenied');
    return await find(stack);
  };
  const result = await teardown('1k-nodes', () => 0, cloud);
  assert.deepEqual([result.exitCode, cloud.things.size], [0, 0], 'it looks again');
  cloud.find = async () => {
    throw new Error('AccessDenied');
  };
  const blind = await teardown('1k-nodes', () => 0, cloud);
  assert.equal(blind.exitCode, 31);
  assert.deepEqual(blind.sweep.failures, ['looking: AccessDenied']);
});

test('what cannot be removed is named, and the exit code says so', async () => {
  const cloud = new SmallCloud();
  cloud.add('1k-nodes', 'vpc', 'vpc-1');
  cloud.remove = async () => {
    throw new Error('DependencyViolation');
  };
  const result = await teardown('1k-nodes', () => 0, cloud);
  assert.equal(result.exitCode, 31);
  assert.deepEqual(result.sweep.left, [{ kind: 'vpc', id: 'vpc-1' }]);
  assert.match(result.sweep.failures.join(), /DependencyViolation/);
});

test('the sweep happens although every step of Pulumi fails, in the order cancel, refresh, destroy', async () => {
  const cloud = new SmallCloud();
  cloud.add('1k-nodes', 'group', 'orphan');
  const ran: string[] = [];
  const result = await teardown(
    '1k-nodes',
    (command) => {
      ran.push(command[1] ?? '');
      return 255;
    },
    cloud,
  );
  assert.deepEqual(ran, ['cancel', 'refresh', 'destroy']);
  assert.equal(result.exitCode, 0);
  assert.equal(cloud.things.size, 0);
  assert.ok(pulumiSteps('1k-nodes').every((command) => command.includes('1k-nodes')));
});
