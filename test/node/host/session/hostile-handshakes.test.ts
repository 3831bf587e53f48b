/**
 * 20,000 hostile inputs to the session: messages of the handshake, proofs of peers with keys, streams of records. Each is refused
 * with a SessionError, and none makes an end allocate as much as a frame may have. The other 80,000 are in wire/hostile-frames.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HandshakeOptions, initiate, respond } from '#node/host/session/handshake.ts';
import { checkProof, Prover } from '#node/host/session/identity-proof.ts';
import { acceptanceBytes, freshSeeds, makeOffer } from '#node/host/session/key-agreement.ts';
import { RecordOpener, RecordSealer, tagBytes } from '#node/host/session/record-cipher.ts';
import { lengthBytes, mostRecordBytes, RecordSplitter } from '#node/host/session/record-splitter.ts';
import { SessionError } from '#node/host/session/session-error.ts';
import { mostFrameBytes } from '#node/host/wire/frame.ts';
import { AllocationMeter, Dice, mutated } from '#test/node/host/wire/hostile-bytes.ts';
import { identityOf } from './session-pair.ts';

const dice = new Dice(20_261_124);
const meter = new AllocationMeter();
const judge = (): void => {};
const ofInitiator: HandshakeOptions = { prover: new Prover(identityOf(1)), network: 'test', judge };
const ofResponder: HandshakeOptions = { prover: new Prover(identityOf(2)), network: 'test', judge };

/** Runs one input, which may be given more than once; true when it was accepted. */
async function attack(run: () => unknown): Promise<boolean> {
  let accepted = false;
  await meter.measure(mostFrameBytes, async () => {
    try {
      await run();
      accepted = true;
    } catch (error) {
      assert.ok(error instanceof SessionError, `${error instanceof Error ? error.stack : error}`);
      accepted = false;
    }
  });
  return accepted;
}

/** Hostile bytes of the right length, which get further than others, in three cases of four. */
function hostile(valid: Uint8Array): Uint8Array {
  if (dice.roll(4) === 0) return mutated(valid, valid, dice);
  const bytes = Uint8Array.from(valid);
  const at = dice.roll(bytes.length);
  if (dice.roll(2) === 0) bytes[at]! ^= 1 << dice.roll(8);
  else bytes.set(dice.bytes(Math.min(1 + dice.roll(200), bytes.length - at)), at);
  return bytes;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);

test('500 first messages: what the responder answers to them, the true initiator refuses', async () => {
  const seeds = freshSeeds();
  const { bytes: offer } = makeOffer(seeds);
  for (let i = 0; i < 500; i++) {
    const bytes = hostile(offer);
    let second: Uint8Array | null = null;
    await attack(async () => {
      ({ second } = await respond(bytes, ofResponder));
    });
    if (second === null || isSame(bytes, offer)) continue;
    await assert.rejects(initiate({ ...ofInitiator, seeds }).finish(second), { code: 'sealed' });
  }
});

test('500 second messages open no session', async () => {
  for (let i = 0; i < 500; i++) {
    const initiator = initiate(ofInitiator);
    const { second } = await respond(initiator.first, ofResponder);
    const bytes = hostile(second);
    if (i % 50 === 0) bytes.fill(0xff, 0, Math.min(bytes.length, acceptanceBytes));
    const accepted = await attack(() => initiator.finish(bytes));
    assert.equal(accepted, isSame(bytes, second));
  }
});

test('5,000 third messages open no session', async () => {
  const initiator = initiate(ofInitiator);
  const responder = await respond(initiator.first, ofResponder);
  const { third } = await initiator.finish(responder.second);
  for (let i = 0; i < 5_000; i++) {
    const bytes = hostile(third);
    if (isSame(bytes, third)) continue;
    assert.equal(await attack(() => responder.finish(bytes)), false);
  }
});

test('3,000 proofs of a peer that seals what it likes prove nothing', async () => {
  const digest = new Uint8Array(32).fill(3);
  const proof = await ofInitiator.prover.prove('initiator', digest);
  for (let i = 0; i < 3_000; i++) {
    const bytes = hostile(proof);
    if (isSame(bytes, proof)) continue;
    assert.equal(await attack(() => checkProof(bytes, 'initiator', digest)), false);
  }
});

/** Three records as they travel. */
function recordsOf(key: Uint8Array): Uint8Array {
  const sealer = new RecordSealer(key);
  return Buffer.concat(
    [40, 700, 1].map((length) => {
      const record = Buffer.alloc(lengthBytes + length + tagBytes);
      record.writeUInt16BE(length + tagBytes, 0);
      sealer.seal([new Uint8Array(length).fill(length)], record, lengthBytes);
      return record;
    }),
  );
}

test('11,000 streams of records, in pieces of any size, deliver only what was sealed, in order', async () => {
  const key = new Uint8Array(32).fill(8);
  const valid = recordsOf(key);
  const whole = Buffer.concat([40, 700, 1].map((length) => new Uint8Array(length).fill(length)));
  for (let i = 0; i < 11_000; i++) {
    const bytes = i % 3 === 0 ? dice.bytes(dice.roll(300)) : hostile(valid);
    let delivered: Uint8Array[] = [];
    let splitter: RecordSplitter | undefined;
    await attack(() => {
      const opener = new RecordOpener(key);
      delivered = [];
      splitter = new RecordSplitter(tagBytes + 1, mostRecordBytes, (record) =>
        delivered.push(opener.open(record)),
      );
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + dice.roll(dice.roll(2) === 0 ? 3 : 600);
        splitter.push(bytes.subarray(at, end));
        at = end;
      }
    });
    const plain = Buffer.concat(delivered);
    assert.ok(plain.equals(whole.subarray(0, plain.length)));
    assert.ok((splitter?.heldBytes ?? 0) <= lengthBytes + mostRecordBytes);
  }
});

test('none of them allocated as much as a frame may have', (context) => {
  context.diagnostic(`${meter.inputs} inputs, most allocated for one: ${meter.mostBytes} B`);
  assert.ok(meter.inputs > 19_900 && meter.inputs <= 20_000, `${meter.inputs}`);
  assert.ok(meter.mostBytes < mostFrameBytes, `${meter.mostBytes} B`);
});
