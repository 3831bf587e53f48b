/**
 * The law of verifiers on both verifiers of the product and on wrong ones, and their figures in common.
 * Does not own: what only the pipeline does (verification-pipeline.test.ts).
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createInlineVerifier } from '#node/host/verification/inline-verifier.ts';
import { SignatureCheck } from '#node/host/verification/signature-check.ts';
import { contextBytes } from '#node/host/verification/signature-context.ts';
import { createVerifier } from '#node/host/verification/verification-pipeline.ts';
import { VerifierError } from '#node/host/verification/verifier.ts';
import { alice, ask, bearsHostileSizes, type Check, genuineClaim, obeysTheLaw } from './verifier-law.ts';

const inline = createInlineVerifier();
const threads = createVerifier({ threads: 1 });
const forgetful = createVerifier({ threads: 1, recentMostBytes: 0 });
after(() => Promise.all([inline.close(), threads.close(), forgetful.close()]));

for (const [name, verifier] of [
  ['the inline verifier', inline],
  ['the pipeline', threads],
  ['a pipeline that remembers nothing', forgetful],
] as const) {
  test(`${name} obeys the law`, () => obeysTheLaw(verifier));
  test(`${name} bears keys and signatures of any size`, () => bearsHostileSizes(verifier, 150));
  test(`${name} refuses a context that cannot be`, () => {
    for (const context of ['', 'x'.repeat(256)])
      assert.throws(
        () => verifier.verify(alice.publicKey, context, new Uint8Array(1), new Uint8Array(2_420)),
        RangeError,
      );
  });
}

for (const [name, make] of [
  ['inline', () => createInlineVerifier()],
  ['pipeline', () => createVerifier({ threads: 1 })],
] as const) {
  test(`${name}: figures count what was computed`, async () => {
    const verifier = make();
    const claim = await genuineClaim(10);
    assert.equal(await ask(verifier, claim), true);
    assert.equal(await ask(verifier, { ...claim, signature: claim.signature.slice(1) }), false);
    assert.equal(await ask(verifier, { ...claim, message: Buffer.from('else') }), false);
    const { verified, rejected, queueDepth, cpuUs } = verifier.figures;
    assert.deepEqual({ verified, rejected, queueDepth }, { verified: 1, rejected: 2, queueDepth: 0 });
    assert.ok(cpuUs >= 0);
    await verifier.close();
    await assert.rejects(
      ask(verifier, claim),
      (error) => error instanceof VerifierError && error.code === 'closed',
    );
    await assert.rejects(verifier.whenRoom(), VerifierError);
    await verifier.close();
  });
}

const right = new SignatureCheck();
const computed: Check['verify'] = async (key, context, message, signature) =>
  right.isGenuine(key, contextBytes(context), message, signature);

/** Remembers answers by `nameOf` alone. */
function remembering(nameOf: (signature: Uint8Array, message: Uint8Array) => Uint8Array): Check {
  const known = new Map<string, boolean>();
  return {
    verify: async (key, context, message, signature) => {
      const name = Buffer.from(nameOf(signature, message)).toString('hex');
      const answer = known.get(name) ?? (await computed(key, context, message, signature));
      known.set(name, answer);
      return answer;
    },
  };
}

const wrong: ReadonlyArray<readonly [name: string, verifier: Check]> = [
  ['says yes always', { verify: async () => true }],
  ['says no always', { verify: async () => false }],
  [
    'looks at sizes only',
    { verify: async (key, _, __, signature) => key.length + signature.length === 3_732 },
  ],
  [
    'ignores the context it is asked about',
    { verify: (key, _, message, signature) => computed(key, 'test/verification/1', message, signature) },
  ],
  ['remembers by message', remembering((_, message) => message)],
  ['remembers by the beginning of the signature', remembering((signature) => signature.subarray(0, 16))],
  ['remembers by the whole signature', remembering((signature) => signature)],
  [
    'says yes from the second time on',
    {
      verify: (() => {
        const seen = new Set<Uint8Array>();
        return async (key, context, message, signature) => {
          if (seen.has(signature)) return true;
          seen.add(signature);
          return computed(key, context, message, signature);
        };
      })(),
    },
  ],
];

for (const [name, verifier] of wrong) {
  test(`the law catches a verifier that ${name}`, () =>
    assert.rejects(obeysTheLaw(verifier), assert.AssertionError));
}

test('the sizes catch a verifier that fails on them', async () => {
  const strict: Check = {
    verify: (key, context, message, signature) => {
      assert.equal(signature.length, 2_420);
      return computed(key, context, message, signature);
    },
  };
  await assert.rejects(bearsHostileSizes(strict, 150));
});

test('keys are kept ready, at most so many, and never mistaken for one another', async () => {
  const check = new SignatureCheck(2);
  const { publicKey, message, signature } = await genuineClaim(20);
  const context = contextBytes('test/verification/1');
  const twin = Uint8Array.from(publicKey);
  twin[1_311]! ^= 1; // begins alike
  for (let round = 0; round < 3; round++) {
    assert.equal(check.isGenuine(publicKey, context, message, signature), true);
    assert.equal(check.isGenuine(twin, context, message, signature), false);
    for (let other = 1; other < 4; other++)
      assert.equal(check.isGenuine(new Uint8Array(1_312).fill(other), context, message, signature), false);
    assert.equal(check.readyKeys, 2);
  }
});

test('a key that is changed by its owner afterwards is not the key that was kept', async () => {
  const check = new SignatureCheck();
  const { publicKey, message, signature } = await genuineClaim(21);
  const context = contextBytes('test/verification/1');
  const window = Uint8Array.from(publicKey);
  assert.equal(check.isGenuine(window, context, message, signature), true);
  window[700]! ^= 1;
  assert.equal(check.isGenuine(window, context, message, signature), false);
  assert.equal(check.isGenuine(publicKey, context, message, signature), true);
});
