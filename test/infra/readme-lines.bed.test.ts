/**
 * The lines of the README from nothing to `pulumi up --stack 1k-nodes` and back, as they stand there, in an empty account of moto.
 * Owns: what a user fills in, and that every line does what it says. Stand-ins: `docker` and `curl` (no container engine, no network), the
 * providers of the clouds; `aws` is the real command line. NOT RUN where engine or moto are not built.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { unguarded, untagged } from '#test/bed/cloud-audit.ts';
import { MotoAccount } from '#test/bed/moto/account.ts';
import { type MotoServer, startMoto } from '#test/bed/moto/moto-server.ts';
import { cloudEnvironment, FakeCloud } from '#test/bed/providers/fake-cloud.ts';
import { Engine } from '#test/bed/pulumi/engine.ts';
import { repository } from '#test/bed/stack-bed.ts';
import { missing, motoTool, pulumiTool } from '#test/bed/tools.ts';

/** What a user puts in the place of words in capitals. */
const filledIn: readonly (readonly [RegExp, string])[] = [
  [/MY-STATE/g, 'bft-scale-state'],
  [/REGISTRY/g, 'registry.invalid'],
  [/sha256:DIGEST/g, `sha256:${'a'.repeat(64)}`],
];

/** The lines of the block that leads to the stack, without their prompts. */
function lines(): string[] {
  const readme = readFileSync(path.join(repository, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const block = blocks.find((text) => text.includes('pulumi up --stack 1k-nodes'));
  assert.ok(block !== undefined, 'the README has no such block');
  return block
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => filledIn.reduce((text, [word, value]) => text.replaceAll(word, value), line.slice(2)));
}

interface Said {
  readonly code: number | null;
  readonly output: string;
}

describe('the ten lines of the README', { skip: missing(pulumiTool, motoTool) }, () => {
  let moto: MotoServer;
  let account: MotoAccount;
  let engine: Engine;
  let cloud: FakeCloud;
  let env: Record<string, string>;

  before(async () => {
    moto = await startMoto();
    account = new MotoAccount(moto.url);
    engine = new Engine({ project: repository, isCopied: true });
    cloud = new FakeCloud(path.join(engine.home, 'cloud'));
    const bin = path.join(engine.home, 'bin');
    mkdirSync(bin);
    standIn(bin, 'docker', 'echo "1: digest: sha256:$(printf \'a%.0s\' {1..64}) size: 1"');
    standIn(bin, 'curl', 'echo 203.0.113.7');
    standIn(bin, 'aws', `exec ${path.join(motoTool.folder, 'bin/python')} -m awscli "$@"`);
    const { PULUMI_BACKEND_URL: _url, PULUMI_CONFIG_PASSPHRASE: _passphrase, ...rest } = engine.env;
    env = {
      ...rest,
      ...moto.env,
      PATH: `${bin}${path.delimiter}${rest['PATH']}`,
      AWS_DEFAULT_REGION: 'us-west-2',
      BED_MOTO_URL: moto.url,
      [cloudEnvironment.folder]: cloud.folder,
    };
  });
  after(async () => {
    engine?.close();
    await moto?.stop();
  });

  function standIn(bin: string, name: string, text: string): void {
    writeFileSync(path.join(bin, name), `#!/usr/bin/env bash\n${text}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }

  async function type(line: string): Promise<Said> {
    const child = spawn('bash', ['-c', line], {
      cwd: engine.project,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, output };
  }

  test('they are ten, and the table below them says what it will cost', () => {
    assert.equal(lines().length, 10);
    const readme = readFileSync(path.join(repository, 'README.md'), 'utf8');
    assert.match(readme, /^\| `1k-nodes` \|.*\| \$\d+\.\d\d \|$/m);
  });

  test('from an empty account to the guard of the account, line by line', async (context) => {
    for (const line of lines().slice(0, -1)) {
      const started = performance.now();
      const { code, output } = await type(line);
      assert.equal(code, 0, `${line}\n${output}`);
      context.diagnostic(`${((performance.now() - started) / 1_000).toFixed(1)} s: ${line.slice(0, 100)}`);
    }
    const written: unknown = parse(
      readFileSync(path.join(engine.project, 'stacks/Pulumi.1k-nodes.yaml'), 'utf8'),
    );
    assert.match(JSON.stringify(written), /"secretsprovider":"awskms:\/\/alias\/bft-scale-state/);
    assert.match(JSON.stringify(written), /"bft-scale:apiAccessCidrs":\["203\.0\.113\.7\/32"\]/);
    assert.ok(cloud.objects().some(({ type: kind }) => kind === 'aws:lambda/function:Function'));
    // Nothing of it went into the repository.
    assert.equal(existsSync(path.join(repository, 'infra/guard/Pulumi.guard.yaml')), false);
  });

  test('the last line builds a thousand nodes and takes them down again', async (context) => {
    const [guard, inventory] = [cloud.objects().map(({ id }) => id), await account.inventory()];
    const from = cloud.journal().length;
    const started = performance.now();
    const { code, output } = await type(lines().at(-1)!);
    assert.equal(code, 0, output);
    const journal = cloud.journal().slice(from);
    const groups = journal.filter(
      (one) => one.did === 'created' && one.type === 'aws:autoscaling/group:Group',
    );
    assert.ok(groups.length > 0, 'no VMs were asked for');
    const sets = journal.filter(
      (one) => one.did === 'created' && one.type === 'kubernetes:apps/v1:StatefulSet',
    );
    assert.equal(sets.length, 10, 'a thousand nodes in sets of a hundred');
    assert.deepEqual(unguarded(journal), []);
    assert.deepEqual(untagged(cloud.objects()), []);
    assert.deepEqual(
      cloud
        .objects()
        .map(({ id }) => id)
        .sort(),
      guard.sort(),
    );
    assert.deepEqual(await account.inventory(), inventory);
    context.diagnostic(
      `${journal.filter(({ did }) => did === 'created').length} resources, up and down in ${((performance.now() - started) / 1_000).toFixed(0)} s`,
    );
  });
});
