/**
 * Wrong configurations on the real engine: `pulumi up` ends with one error that names what to change, and the cloud was asked for nothing.
 * Owns: what a user sees. Does not own: every wrong value there is (config.test.ts). NOT RUN where the engine is not built.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { StackSession } from '#campaigns/targets/kubernetes/stack-session.ts';
import { StackBed } from '#test/bed/stack-bed.ts';
import { missing, pulumiTool } from '#test/bed/tools.ts';

interface Case {
  readonly says: RegExp;
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

const file = 'stacks/Pulumi\\.1k-nodes\\.yaml';
const key = (name: string, rest: string): RegExp => new RegExp(`${file}: bft-scale:${name}: ${rest}`);
const cases: Readonly<Record<string, Case>> = {
  'an unknown key': {
    changes: { 'bft-scale:node': 3 },
    says: key('node', 'unknown key \\(did you mean "nodes"\\?\\)'),
  },
  'twenty pods on eight vCPUs': {
    changes: { 'bft-scale:pool': { podsPerVm: 20 } },
    says: key('pool\\.podsPerVm', '20 pods x 0\\.5 CPU = 10 CPU.*write at most 15'),
  },
  'a deadline in the past': {
    changes: { 'bft-scale:deadline': '2026-01-01T12:00:00Z' },
    says: key(
      'deadline',
      '2026-01-01T12:00:00Z is in the past \\(pulumi config set --stack 1k-nodes deadline ',
    ),
  },
  'a cap below the worst case': {
    changes: { 'bft-scale:runCapUsd': '50' },
    says: /at worst \$\d+\.\d\d, and the run may cost \$50\.00; nothing was created/,
  },
  'an unknown region': {
    changes: { 'bft-scale:region': 'us-west-3' },
    says: key('region', 'no prices are known for "us-west-3" \\(did you mean "us-west-2"\\?\\)'),
  },
  'an unknown family': {
    changes: { 'bft-scale:pool': { families: ['c6x'] } },
    says: key('pool\\.families', '"c6x" is no known amd64 machine.*did you mean'),
  },
  'a quota that is too small': {
    env: { BED_QUOTA: '5' },
    says: new RegExp(
      `${file}: the account is not allowed what this stack needs: .*needs 536, has 5.*request the quotas`,
    ),
  },
};

describe('a wrong configuration', { skip: missing(pulumiTool) }, () => {
  let bed: StackBed;
  before(async () => {
    bed = new StackBed({ stack: '1k-nodes', cloud: 'aws' });
    await bed.init();
  });
  after(() => bed?.close());

  for (const [name, { changes = {}, env = {}, says }] of Object.entries(cases)) {
    test(`${name}: one error with what to change, before any resource`, async (context) => {
      const right = bed.settings();
      try {
        bed.set(changes);
        const { code, output } = await bed.end('up', [], env);
        assert.notEqual(code, 0, output);
        const errors = output.split('\n').filter((line) => /^\s*error: /.test(line));
        assert.equal(errors.length, 1, output);
        assert.match(errors[0]!, says);
        assert.doesNotMatch(output, /\n\s+at .*[.]ts:\d+/, 'a stack trace');
        assert.equal(bed.cloud.creates, 0, 'the cloud was asked for something');
        context.diagnostic(errors[0]!.trim().slice(0, 300));
      } finally {
        bed.replace(right);
      }
    });
  }

  describe('a stack that was never initialised', () => {
    let fresh: StackBed;
    /** As on a machine where nobody said what guards secrets. */
    let env: Record<string, string>;
    before(() => {
      fresh = new StackBed({ stack: '5k-nodes', cloud: 'aws', isCopied: true });
      const { PULUMI_CONFIG_PASSPHRASE: _, ...rest } = fresh.engine.env;
      env = rest;
    });
    after(() => fresh?.close());

    test('pulumi up: the engine names it and asks the cloud for nothing', async (context) => {
      const { code, output } = await fresh.end('up');
      assert.notEqual(code, 0, output);
      assert.match(output, /no stack named '5k-nodes' found/);
      assert.equal(fresh.cloud.creates, 0);
      context.diagnostic(output.trim().slice(0, 300));
    });

    test('npm run stacks:init without a guard of secrets: exit 30, and what to set', (context) => {
      const words = [path.join(fresh.engine.project, 'scripts/stacks-init.mjs')];
      const { status, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
      assert.equal(status, 30, stderr);
      assert.match(stderr, /passphrase must be set with PULUMI_CONFIG_PASSPHRASE/);
      assert.match(
        stderr,
        /10k-nodes was not created.*pulumi login URL.*--secrets-provider URL, or PULUMI_CONFIG_PASS/,
      );
      context.diagnostic(stderr.trim().split('\n').at(-1) ?? '');
    });

    test('a campaign creates it, or says which command does', async (context) => {
      const said: string[] = [];
      const session = (variables: Readonly<Record<string, string>>) =>
        new StackSession({
          project: fresh.engine.project,
          stack: '5k-nodes',
          configFile: path.join(fresh.engine.home, '5k-nodes.yaml'),
          pidFile: path.join(fresh.engine.home, 'engine.json'),
          env: { ...variables },
          say: (text) => said.push(text),
        });
      const { PATH } = process.env;
      process.env['PATH'] = env['PATH'];
      try {
        await assert.rejects(session(env).outputs(), (error: Error) => {
          context.diagnostic(error.message);
          return /5k-nodes was never initialised.*passphrase must be set.*npm run stacks:init/.test(
            error.message,
          );
        });
        assert.equal(await session(fresh.engine.env).outputs(), null);
        assert.deepEqual(said, ['stack 5k-nodes was never initialised in this back end: it is now']);
      } finally {
        process.env['PATH'] = PATH;
      }
    });
  });
});
