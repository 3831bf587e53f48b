/**
 * The loops over queries and answers in WebAssembly: a run is the same with and without them, also when their memory is full, and
 * the module was made from the source that lies beside it.
 * Does not own: what a run gives (golden-trace.ts, exchange.test.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Fault, RunSpec } from '#campaigns/run-spec.ts';
import {
  compiledKernel,
  type KernelSize,
  kernelSize,
  loadMessageKernel,
  MessageKernel,
} from '#campaigns/targets/simulator/message-kernel.ts';
import { builtFromSha256, builtWith, wasmBase64 } from '#campaigns/targets/simulator/message-kernel-wasm.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { compareFreshBuild } from '#test/support/fresh-wasm.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { messageKernel, sourceSha256 } from '../../../../scripts/wasm-modules.ts';
import { smallSpec } from './small-run.ts';
import { comparable, pollSpecArb } from './tier-pair.ts';

const names = ['queries', 'answers', 'queriesCarefully', 'answersCarefully', 'queriesRoughly'] as const;

interface Lasts {
  readonly atUs: number;
  readonly forUs: number;
}
type Maker = (size: KernelSize) => MessageKernel | null;

const committed = Uint8Array.from(Buffer.from(wasmBase64, 'base64'));
/** Words of a cache line: what arrays in the kernel's memory begin with. */
const lineWords = 16;
const second = 1_000_000;

/** What may turn a network rough while messages are on their way, and smooth again. */
const faults = [
  (nodes: number, lasts: Lasts): Fault => ({ kind: 'partition', groups: [2, nodes - 2], ...lasts }),
  (_: number, lasts: Lasts): Fault => ({ kind: 'latency', addUs: 30_000, share: 0.5, ...lasts }),
  (_: number, lasts: Lasts): Fault => ({ kind: 'loss', loss: 0.2, ...lasts }),
  (_: number, lasts: Lasts): Fault => ({ kind: 'disk', nodes: 2, ...lasts }),
  (_: number, lasts: Lasts): Fault => ({ kind: 'throttle', factor: 7.3, share: 0.5, ...lasts }),
];

/** What a query costs where it is asked and where it is answered: from nothing to more than a node can do, microseconds. */
const queryCosts = [null, [17, 17], [170.3, 185.7], [900, 2_100], [0, 90_000]] as const;

function costing(each: (typeof queryCosts)[number]): RunSpec['calibration'] {
  if (each === null) return weightless(defaultCalibration);
  const [askQuery, answerQuery] = each;
  const serviceTimesUs = { ...defaultCalibration.serviceTimesUs, askQuery, answerQuery };
  return { ...defaultCalibration, serviceTimesUs };
}

/** Runs with and without faults; half of them poll a second time meanwhile. */
const specs = fc
  .record({
    spec: pollSpecArb,
    concurrentPolls: fc.constantFrom(1, 3),
    kinds: fc.subarray(faults),
    // Beside the attacks of the other property those that hold answers back or say nothing.
    quiet: fc.constantFrom(null, 'late', 'silent', 'selective-silence'),
    cost: fc.constantFrom(...queryCosts),
  })
  .map(({ spec, concurrentPolls, kinds, quiet, cost }): RunSpec => {
    const { warmupUs, measureUs } = spec.duration;
    const each = measureUs / 8;
    return {
      ...spec,
      consensus: { ...spec.consensus, concurrentPolls },
      byzantine: quiet === null ? spec.byzantine : { ...spec.byzantine, attack: quiet, share: 0.2 },
      calibration: costing(cost),
      faults: kinds.map((fault, i) =>
        fault(spec.nodes, { atUs: Math.round(warmupUs + 2 * i * each), forUs: Math.round(each) }),
      ),
    };
  });

/** Links with more than delay and loss: they carry from plenty in a round trip to less than the load. */
const links = fc.record({
  bitsOfRoundTrip: fc.constantFrom(null, 1_000_000, 200_000, 70_000),
  duplication: fc.constantFrom(0, 0.1),
  reorder: fc.constantFrom(0, 0.1),
  spread: fc.constantFrom('message', 'pair'),
});

/** The same runs on such links. */
const roughSpecs = fc
  .record({ spec: specs, link: links })
  .map(({ spec, link: { bitsOfRoundTrip: bits, ...link } }): RunSpec => {
    const [least, most] = spec.network.oneWayUs;
    const bandwidthBitsPerSecond = bits === null ? null : (bits * second) / (least + most);
    return { ...spec, network: { ...spec.network, ...link, bandwidthBitsPerSecond } };
  });

/** A kernel whose calls are counted. */
function counted(make: Maker, calls: { count: number }): Maker {
  return (size) => {
    const kernel = make(size)!;
    for (const name of names) {
      const plain = kernel[name];
      const value = (from: number, until: number): number => {
        calls.count += 1;
        return plain(from, until);
      };
      Object.defineProperty(kernel, name, { value });
    }
    return kernel;
  };
}

/** Takes what room is left; returns how many lines that was. */
function takeAll(kernel: MessageKernel): number {
  let lines = 0;
  for (const some of [65_536, 256, 1])
    while (kernel.int32(some * lineWords).buffer === kernel.asked.buffer) lines += some;
  return lines;
}

/** Calls of the kernel in runs that are all the same as without. */
function agree(make: Maker, numRuns: number, arb: fc.Arbitrary<RunSpec> = specs): number {
  const calls = { count: 0 };
  fc.assert(
    fc.property(arb, (spec) => {
      const plain = comparable(spec, 'message', { kernel: () => null });
      assert.equal(comparable(spec, 'message', { kernel: counted(make, calls) }).text, plain.text);
    }),
    { seed: 20_261_130, numRuns },
  );
  return calls.count;
}

test('a run with the loops of the module is the run without them', () => {
  assert.ok(agree(loadMessageKernel, 60) > 50_000);
});

test('links with copies, other orders, delays of pairs and limits are the same with and without them', () => {
  assert.ok(agree(loadMessageKernel, 30, roughSpecs) > 20_000);
});

test('full links drop the same messages', () => {
  const spec = smallSpec({
    nodes: 10,
    consensus: { k: 5, alphaConfidence: 4, alphaPreference: 4, beta: 3 },
    network: { ...networkNamed('wan'), bandwidthBitsPerSecond: 100_000 },
    duration: { warmupUs: 0, measureUs: 8 * second, cooldownUs: second },
    workload: {
      kind: 'single',
      batch: 1,
      payloadBytes: 27_000,
      parents: { kind: 'count', least: 1, most: 1 },
      conflictShare: 0,
    },
    messageBudget: 100_000,
  });
  const { text } = comparable(spec, 'message');
  assert.match(text, /messages dropped by full links/);
  assert.equal(text, comparable(spec, 'message', { kernel: () => null }).text);
});

test('queues that outgrow their memory go on outside of it', () => {
  const calls = agree((size) => loadMessageKernel({ ...size, chunks: 1024 + 12 }), 4);
  assert.ok(calls > 0 && calls < agree(loadMessageKernel, 4));
});

/** By tenth of a second: how often a kernel was asked whether it has room, and how often it had, with that many chunks. */
function roomOver(spec: RunSpec, chunks: number): { readonly asked: number; readonly had: number }[] {
  const tenths: { asked: number; had: number }[] = [];
  const made: Maker = (size) => {
    const kernel = loadMessageKernel({ ...size, chunks })!;
    let nowUs = 0;
    const { begin, hasRoom } = kernel;
    Object.defineProperty(kernel, 'begin', {
      value: (now: number, us: number, network: never, cpu: never): boolean => {
        nowUs = us;
        return begin.call(kernel, now, us, network, cpu);
      },
    });
    Object.defineProperty(kernel, 'hasRoom', {
      value: (wheel: never, copies?: number): boolean => {
        const has = hasRoom.call(kernel, wheel, copies);
        const at = Math.floor((10 * nowUs) / second);
        const { asked, had } = tenths[at] ?? { asked: 0, had: 0 };
        tenths[at] = { asked: asked + 1, had: had + (has ? 1 : 0) };
        return has;
      },
    });
    return kernel;
  };
  comparable(spec, 'message', { kernel: made });
  return tenths;
}

test('queues that were full for a while have room again afterwards', () => {
  const latency: Fault = { kind: 'latency', addUs: 30_000, share: 0.5, atUs: second / 2, forUs: second / 4 };
  const spec = smallSpec({
    calibration: weightless(defaultCalibration),
    workload: { tps: 200, batch: 1 },
    duration: { warmupUs: 0, measureUs: 2 * second, cooldownUs: second },
    faults: [latency],
    messageBudget: 10_000_000,
  });
  const tenths = roomOver(spec, 1024 + 400);
  const missed = tenths.map(({ asked, had }) => asked - had);
  const sum = (counts: number[]): number => counts.reduce((a, b) => a + b);
  assert.deepEqual([sum(missed.slice(0, 5)), sum(missed.slice(8))], [0, 0], JSON.stringify(tenths));
  assert.ok(sum(missed.slice(5, 8)) > 1_000 && tenths.length > 12, JSON.stringify(tenths));
});

test('chunks of another width hold the same events', () => {
  for (const chunk of [16, 1024]) {
    const made: Maker = (size) => {
      const chunks = Math.ceil((size.chunks * size.chunk) / chunk) + 2048;
      return loadMessageKernel({ ...size, chunk, chunks, bytes: size.bytes + 12 * chunks * chunk });
    };
    assert.ok(agree(made, 4) > 0, `${chunk}`);
  }
});

test('a core whose arrays do not fit is run without the module', () => {
  const full: Maker = (size) => {
    const kernel = loadMessageKernel(size)!;
    takeAll(kernel);
    return kernel;
  };
  assert.equal(agree(full, 1), 0);
});

test('arrays that grow move out when there is no more room, and the run is the same', () => {
  const spec = smallSpec({
    calibration: weightless(defaultCalibration),
    workload: { tps: 4_000, batch: 1 },
    duration: { warmupUs: 0, measureUs: second / 2, cooldownUs: second },
    messageBudget: 100_000,
  });
  const tight: Maker = (size) => {
    const lines = takeAll(loadMessageKernel(size)!);
    const kernel = loadMessageKernel(size)!;
    // What is left holds the arrays that the core begins with, and little more.
    kernel.int32(lineWords * (lines - 2048));
    return kernel;
  };
  const calls = { count: 0 };
  const of = (kernel: Maker): string => comparable(spec, 'message', { kernel: counted(kernel, calls) }).text;
  const byTight = of(tight);
  const tightCalls = calls.count;
  assert.equal(byTight, of(loadMessageKernel));
  assert.ok(tightCalls > 0 && tightCalls < calls.count - tightCalls, `${tightCalls} of ${calls.count}`);
});

test('a network that is too large does without', () => {
  assert.equal(loadMessageKernel(kernelSize(131_072, 1_048_576, 1_023, 8192)), null);
});

test('the module was made from the source that is committed', () => {
  assert.equal(builtFromSha256, sourceSha256(messageKernel), 'run: node scripts/wasm-modules.ts');
});

test('a fresh build of the source is the committed module', (context) => {
  compareFreshBuild(context, messageKernel, { builtWith, bytes: committed }, (fresh) => {
    const module = compiledKernel(fresh);
    assert.ok(agree((size) => new MessageKernel(size, module), 4) > 0);
  });
});

test('something else than the module is refused', () => {
  const empty = compiledKernel(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  assert.throws(() => new MessageKernel(kernelSize(10, 10, 5, 64), empty), /not message-kernel/);
});
