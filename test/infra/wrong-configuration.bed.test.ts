/**
 * Wrong configurations on the real engine: `pulumi up` ends with one error that names what to change, and the cloud was asked for nothing.
 * Owns: what a user sees. Does not own: every wrong value there is (config.test.ts). NOT RUN where the engine is not built.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
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

  test('a stack that was never initialised: the engine names it and asks the cloud for nothing', async (context) => {
    const fresh = new StackBed({ stack: '5k-nodes', cloud: 'aws' });
    try {
      const { code, output } = await fresh.end('up');
      assert.notEqual(code, 0, output);
      assert.match(output, /no stack named '5k-nodes' found/);
      assert.equal(fresh.cloud.creates, 0);
      context.diagnostic(output.trim().slice(0, 300));
    } finally {
      fresh.close();
    }
  });
});
