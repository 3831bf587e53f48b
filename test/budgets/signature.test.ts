/** Detached signatures: they fit one text and one key, and anything else is refused. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createKeyPair, parseRegister, signDetached, verifyDetached } from '#budgets/signature.ts';

const ada = createKeyPair();
const bo = createKeyPair();

test('a signature fits its text and its key only', () => {
  const signature = signDetached('plan', ada.privateKeyPem);
  assert.equal(verifyDetached('plan', signature, ada.publicKey), true);
  assert.equal(verifyDetached('plan', `${signature}\n`, ada.publicKey), true);
  assert.equal(verifyDetached('plan ', signature, ada.publicKey), false);
  assert.equal(verifyDetached('plan', signature, bo.publicKey), false);
  for (const broken of ['', 'x', signature.slice(2), Buffer.alloc(64).toString('base64')]) {
    assert.equal(verifyDetached('plan', broken, ada.publicKey), false);
  }
});

test('other kinds of keys are refused', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.throws(() => signDetached('x', pem), { code: 'bad-key' });
  assert.throws(() => signDetached('x', 'nonsense'), { code: 'bad-key' });
  assert.throws(() => verifyDetached('x', '', 'nonsense'), { code: 'bad-key' });
});

test('the register names each person and each key once', () => {
  const person = (name: string, publicKey: string) => ({
    name,
    roles: ['engineering'],
    publicKey,
    since: '2026-11-01T00:00:00Z',
    revoked: null,
  });
  const text = (...signers: unknown[]) => JSON.stringify({ version: 1, signers });
  const good = text(person('ada', ada.publicKey), person('bo', bo.publicKey));
  assert.equal(parseRegister(good).signers.length, 2);
  for (const bad of [
    text(person('ada', ada.publicKey), person('ada', bo.publicKey)),
    text(person('ada', ada.publicKey), person('bo', ada.publicKey)),
    text({ ...person('ada', ada.publicKey), roles: [] }),
    text({ ...person('ada', ada.publicKey), extra: 1 }),
    text(person('../ada', ada.publicKey)),
    '{',
  ])
    assert.throws(() => parseRegister(bad), { code: 'bad-key' });
});
