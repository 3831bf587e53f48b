/**
 * Every attack on the handshake and on records is refused for its own reason; and defects planted into the code are caught
 * by those attacks. A planted defect is a copy of the modules with one piece of text replaced.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as handshake from '#node/host/session/handshake.ts';
import * as proof from '#node/host/session/identity-proof.ts';
import * as agreement from '#node/host/session/key-agreement.ts';
import * as schedule from '#node/host/session/key-schedule.ts';
import * as cipher from '#node/host/session/record-cipher.ts';
import { attacks, type SessionModules, successes } from './handshake-attacks.ts';
import { identityOf } from './session-pair.ts';

const product: SessionModules = { handshake, proof, agreement, schedule, cipher };
const source = fileURLToPath(new URL('../../../../node/host/session', import.meta.url));
let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'session-defects-'));
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  const installed = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
  await symlink(installed, path.join(folder, 'node_modules'), 'junction');
});
after(() => rm(folder, { recursive: true, force: true }));

test(`${attacks.length} attacks are refused, each for its own reason`, async () => {
  assert.equal(new Set(attacks.map(({ name }) => name)).size, attacks.length);
  assert.deepEqual(await successes(product), []);
});

interface Defect {
  readonly name: string;
  readonly file: string;
  readonly text: string | RegExp;
  readonly by: string;
  /** An attack that must succeed then. */
  readonly lets: string;
}

const defects: readonly Defect[] = [
  {
    name: 'ML-DSA signature not checked',
    file: 'identity-proof.ts',
    text: /if \(!verify\(null, said, \{ key.*\n/,
    by: 'if (context.length === 0)\n',
    lets: 'initiator: ML-DSA signature stripped: accepted',
  },
  {
    name: 'Ed25519 signature not checked',
    file: 'identity-proof.ts',
    text: /if \(!verify\(null, said, publicKeyOf.*\n/,
    by: 'if (classical.length === 0)\n',
    lets: "responder: a member's peer id with own signatures: accepted",
  },
  {
    name: 'role not signed',
    file: 'identity-proof.ts',
    text: '\\n$' + '{role}\\n`',
    by: '\\n`',
    lets: 'initiator: roles swapped: accepted',
  },
  {
    name: 'transcript not signed',
    file: 'identity-proof.ts',
    text: 'digest, publicKey, peerKey]',
    by: 'publicKey, peerKey]',
    lets: 'initiator: proof of another session: accepted',
  },
  {
    name: 'peer key not signed',
    file: 'identity-proof.ts',
    text: 'digest, publicKey, peerKey]',
    by: 'digest, publicKey]',
    lets: "initiator: a member's own proof of this very session, its peer id exchanged and signed anew: signature-ed25519, not signature-ml-dsa",
  },
  {
    name: 'record numbers not counted',
    file: 'record-cipher.ts',
    text: 'this.#ofKey++;',
    by: '',
    lets: 'record replayed: accepted',
  },
  {
    name: 'tag not checked',
    file: 'record-cipher.ts',
    text: "throw new Error('wrong tag');",
    by: ';',
    lets: 'record flipped: accepted',
  },
  {
    name: 'one key for both directions, roles not signed',
    file: 'key-schedule.ts',
    text: '$' + '{label} responder`',
    by: '$' + '{label} initiator`',
    lets: 'proof of message 2 sent back as message 3: signature-ml-dsa, not sealed',
  },
  {
    name: 'network left out',
    file: 'key-schedule.ts',
    text: '\\n$' + '{network}`',
    by: '`',
    lets: 'another network: accepted',
  },
];

async function plant({ name, file, text, by }: Defect): Promise<SessionModules> {
  const copy = path.join(folder, name.replaceAll(' ', '-'));
  await cp(source, copy, { recursive: true });
  const target = path.join(copy, file);
  const before = await readFile(target, 'utf8');
  const after = before.replace(text, by);
  assert.notEqual(after, before, `${name}: the text to replace is not in ${file} any more`);
  await writeFile(target, after);
  const load = (module: string) => import(pathToFileURL(path.join(copy, module)).href);
  return {
    handshake: await load('handshake.ts'),
    proof: await load('identity-proof.ts'),
    agreement: await load('key-agreement.ts'),
    schedule: await load('key-schedule.ts'),
    cipher: await load('record-cipher.ts'),
  };
}

for (const defect of defects)
  test(`planted defect: ${defect.name}`, async () => {
    const found = await successes(await plant(defect));
    assert.ok(found.includes(defect.lets), `the attacks that succeeded: ${found.join('; ') || 'none'}`);
  });

test('who is refused by the initiator learns nothing of it', async () => {
  const refuse = (): void => {
    throw new Error('refused');
  };
  const initiator = handshake.initiate({
    prover: new proof.Prover(identityOf(1)),
    network: 'test',
    judge: refuse,
  });
  const responder = await handshake.respond(initiator.first, {
    prover: new proof.Prover(identityOf(2)),
    network: 'test',
    judge: () => {},
  });
  await assert.rejects(initiator.finish(responder.second), /refused/);
});

test('a used-up key is replaced at both ends at the same record, and the old one opens nothing any more', () => {
  const key = new Uint8Array(32).fill(1);
  const limits = { perKey: 3, inAll: 100 };
  const [sealer, opener] = [new cipher.RecordSealer(key, limits), new cipher.RecordOpener(key, limits)];
  const stale = new cipher.RecordOpener(key, { perKey: 100, inAll: 100 });
  for (let i = 0; i < 10; i++) {
    const out = Buffer.alloc(4 + cipher.tagBytes);
    sealer.seal([Uint8Array.of(1, 2, 3, i)], out, 0);
    assert.deepEqual([...opener.open(out)], [1, 2, 3, i]);
    if (i < 3) stale.open(out);
    else assert.throws(() => stale.open(out), { code: 'sealed' });
  }
});

test('after the last record nothing is sealed and nothing is opened', () => {
  const limits = { perKey: 2, inAll: 5 };
  const [sealer, opener] = [
    new cipher.RecordSealer(new Uint8Array(32), limits),
    new cipher.RecordOpener(new Uint8Array(32), limits),
  ];
  const out = Buffer.alloc(1 + cipher.tagBytes);
  for (let i = 0; i < 5; i++) {
    sealer.seal([Uint8Array.of(i)], out, 0);
    opener.open(out);
  }
  assert.throws(() => sealer.seal([Uint8Array.of(5)], out, 0), { code: 'exhausted' });
  assert.throws(() => opener.open(out), { code: 'exhausted' });
});
