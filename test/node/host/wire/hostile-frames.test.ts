/**
 * 80,000 hostile frames: each is refused with a WireError or is exactly the encoding of what it was decoded to, and none makes
 * the decoder allocate as much as the frame limit. The other 20,000 inputs are in session/hostile-handshakes.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame } from '#node/host/wire/decode-frame.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import { type Frame, kindCode, mostFrameBytes, mostListed } from '#node/host/wire/frame.ts';
import { WireError } from '#node/host/wire/wire-error.ts';
import { bytesOf, queryOf, samples, usualAnswer } from './frame-samples.ts';
import { AllocationMeter, Dice, mutated } from './hostile-bytes.ts';

const inputs = 80_000;

function attack(bytes: Uint8Array, meter: AllocationMeter): Frame | WireError {
  meter.begin();
  try {
    return decodeFrame(bytes);
  } catch (error) {
    assert.ok(error instanceof WireError, `${error} at ${Buffer.from(bytes).toString('hex')}`);
    return error;
  } finally {
    meter.end();
  }
}

test(`${inputs} hostile frames crash nothing and make nothing large`, (context) => {
  const dice = new Dice(20_261_123);
  const meter = new AllocationMeter();
  const valid = [...samples, queryOf(29), usualAnswer(180)].map(encodeFrame);
  const codes = new Map<string, number>();
  for (let i = 0; i < inputs; i++) {
    const bytes =
      i % 8 === 0
        ? Uint8Array.from([1, ...dice.bytes(dice.roll(80))])
        : mutated(dice.pick(valid), dice.pick(valid), dice);
    const found = attack(bytes, meter);
    const code = found instanceof WireError ? found.code : 'decoded';
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (!(found instanceof WireError)) assert.deepEqual(Buffer.from(encodeFrame(found)), Buffer.from(bytes));
  }
  context.diagnostic(
    `most allocated for one input: ${meter.mostBytes} B; ${[...codes].map(([c, n]) => `${c} ${n}`).join(', ')}`,
  );
  assert.equal(meter.inputs, inputs);
  assert.ok(meter.mostBytes < mostFrameBytes, `${meter.mostBytes} B`);
  // Every code is reached but the length of a frame, and some mutations are harmless: the inputs are no plain noise.
  for (const code of [
    'version',
    'kind',
    'truncated',
    'trailing-bytes',
    'not-canonical',
    'count',
    'range',
    'length',
  ])
    assert.ok((codes.get(code) ?? 0) > 10, `${code}: ${codes.get(code)}`);
  assert.ok((codes.get('decoded') ?? 0) > 1_000);
});

test('the most expensive valid frames stay below the frame limit as well', (context) => {
  const meter = new AllocationMeter();
  const largest: readonly Frame[] = [
    queryOf(65_535),
    {
      kind: 'announcement',
      vertices: Array.from({ length: mostListed }, (_, i) => ({
        creator: i,
        sequence: 1,
        id: bytesOf(32, i),
      })),
    },
    { kind: 'vertices', vertices: Array(1_700).fill({ body: bytesOf(12, 1), signature: bytesOf(2_420, 2) }) },
    { ...usualAnswer(65_535), no: Array.from({ length: 65_535 }, (_, i) => i), unknown: [] },
  ];
  for (const frame of largest) {
    const bytes = encodeFrame(frame);
    const before = meter.mostBytes;
    meter.mostBytes = 0;
    assert.ok(!(attack(bytes, meter) instanceof WireError));
    context.diagnostic(`${frame.kind} of ${bytes.length} B: ${meter.mostBytes} B allocated`);
    meter.mostBytes = Math.max(before, meter.mostBytes);
  }
  assert.ok(meter.mostBytes < mostFrameBytes, `${meter.mostBytes} B`);
});

test('the meter sees what a decoder without bounds would allocate (planted defect)', () => {
  const meter = new AllocationMeter();
  meter.begin();
  // A count of 2^30 names in a frame of 12 bytes, believed.
  const trusting = new Array<number>(1_048_576).fill(kindCode.query);
  const buffers = new Uint8Array(8 * 1_048_576);
  meter.end();
  assert.ok(
    meter.mostBytes >= 2 * mostFrameBytes,
    `${meter.mostBytes} B of ${trusting.length} and ${buffers.length}`,
  );
});
