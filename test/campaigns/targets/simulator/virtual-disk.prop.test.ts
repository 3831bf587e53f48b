// Goal: a decision counts only once its sync has passed, in the order of writing, and a crash takes exactly what has not.
// Method: random writes, crashes and flushes of several nodes against a plain list; fixed seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualDisk } from '#campaigns/targets/simulator/virtual-disk.ts';

const seed = 20_260_307;
const nodes = 5;
const syncUs = 750;

interface Heard {
  readonly node: number;
  readonly slot: number;
  readonly serial: number;
  readonly status: number;
  readonly rounds: number;
  readonly confidence: number;
  readonly atUs: number;
}

function diskOf(): { disk: VirtualDisk; heard: Heard[] } {
  const heard: Heard[] = [];
  const disk = new VirtualDisk(nodes, syncUs, {
    decided: (node, slot, serial, status, rounds, confidence, atUs) => {
      heard.push({ node, slot, serial, status, rounds, confidence, atUs });
    },
  });
  return { disk, heard };
}

const step = fc.record({
  kind: fc.constantFrom('write', 'write', 'write', 'crash', 'flush'),
  node: fc.integer({ min: 0, max: nodes - 1 }),
  status: fc.constantFrom(1, 2),
  afterUs: fc.integer({ min: 0, max: 400 }),
});

test('what is heard of is what was written and synced before any crash of its node, in order, at its time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { disk, heard } = diskOf();
      const expected: Heard[] = [];
      let waiting: Heard[] = [];
      let nowUs = 0;
      const settle = (): void => {
        expected.push(...waiting.filter(({ atUs }) => atUs <= nowUs));
        waiting = waiting.filter(({ atUs }) => atUs > nowUs);
        disk.flush(nowUs);
        assert.deepEqual(heard, expected);
      };
      steps.forEach(({ kind, node, status, afterUs }, serial) => {
        nowUs += afterUs;
        settle();
        if (kind === 'write') {
          const [slot, rounds, confidence] = [serial % 64, serial % 9, serial / 1_000];
          disk.decide(node, slot, serial, status, rounds, confidence, nowUs);
          waiting.push({ node, slot, serial, status, rounds, confidence, atUs: nowUs + syncUs });
        } else if (kind === 'crash') {
          const lost = disk.crash(node);
          assert.deepEqual(lost, new Set(waiting.filter((one) => one.node === node).map(({ slot }) => slot)));
          waiting = waiting.filter((one) => one.node !== node);
        }
        const nextUs = disk.nextDurableUs;
        assert.ok(waiting.length === 0 || nextUs <= waiting[0]!.atUs, 'the next sync is never overslept');
      });
      nowUs += 10 * syncUs;
      settle();
      assert.equal(disk.nextDurableUs, Number.POSITIVE_INFINITY);
    }),
    { seed, numRuns: 200 },
  );
});

test('ten thousand writes within one sync survive the growth of the queue in order', () => {
  const { disk, heard } = diskOf();
  for (let serial = 0; serial < 3_000; serial++) disk.decide(0, 0, serial, 1, 0, 0, 0);
  disk.flush(syncUs);
  for (let serial = 3_000; serial < 13_000; serial++) disk.decide(serial % nodes, 0, serial, 1, 0, 0, 1_000);
  disk.flush(1_000 + syncUs - 1);
  assert.equal(heard.length, 3_000);
  disk.flush(1_000 + syncUs);
  assert.deepEqual(
    heard.map(({ serial }) => serial),
    Array.from({ length: 13_000 }, (_, i) => i),
  );
});

test('own sequence numbers count from one and are never given twice, crash or not', () => {
  const { disk } = diskOf();
  assert.deepEqual([disk.nextSequence(3), disk.nextSequence(3)], [1, 2]);
  disk.crash(3);
  assert.equal(disk.nextSequence(3), 3);
  assert.equal(disk.nextSequence(4), 1);
  assert.equal(disk.durableAt(100), 100 + syncUs);
});

test('a failed disk is known by its node, and forgotten when it is mended', () => {
  const { disk } = diskOf();
  assert.equal(disk.anyFailed, false);
  disk.setFailed(Int32Array.of(1, 2), true);
  disk.setFailed(Int32Array.of(2), false);
  assert.deepEqual(
    [0, 1, 2].map((node) => disk.works(node)),
    [true, false, true],
  );
  assert.equal(disk.anyFailed, true);
  disk.setFailed(Int32Array.of(1), false);
  assert.equal(disk.anyFailed, false);
});
