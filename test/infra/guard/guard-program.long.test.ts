/**
 * The guard project: its resources are ones the SDK knows, what it packs runs in plain JavaScript, its settings are checked.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseGuardConfig } from '#infra/guard/config.ts';
import { runGuard } from '#infra/guard/guard-program.ts';
import { lambdaFiles } from '#infra/guard/lambda-bundle.ts';
import { Engine, repository } from '#test/infra/engine/engine.ts';

const config = {
  'bft-scale-guard:account': '000000000000',
  'bft-scale-guard:region': 'us-west-2',
  'bft-scale-guard:emails': 'money@example.org, ops@example.org',
  'bft-scale-guard:stateBucket': 'bft-scale-state',
};

test('alarms at $500, $1,000, $5,000 and $10,000 go to everyone; the watchdog looks every minute; inputs are known ones', async () => {
  const outcome = await new Engine().up(async () => runGuard('guard', config), { stack: 'guard', config });
  assert.deepEqual(outcome.errors, []);
  const of = (type: string) => outcome.resources.filter((one) => one.type === type).map((one) => one.inputs);
  const notes = of('aws:budgets/budget:Budget').flatMap(
    (budget) => budget['notifications'] as Record<string, unknown>[],
  );
  const actual = notes
    .filter((note) => note['notificationType'] === 'ACTUAL')
    .map((note) => note['threshold']);
  assert.deepEqual(
    actual.sort((a, b) => Number(a) - Number(b)),
    [500, 1_000, 5_000, 10_000],
  );
  for (const note of notes)
    assert.deepEqual(note['subscriberEmailAddresses'], ['money@example.org', 'ops@example.org']);
  assert.equal(of('aws:sns/topicSubscription:TopicSubscription').length, 2);
  assert.equal(of('aws:scheduler/schedule:Schedule')[0]?.['scheduleExpression'], 'rate(1 minute)');
  assert.equal(of('aws:ecr/repository:Repository')[0]?.['imageTagMutability'], 'IMMUTABLE');
  const [build] = of('aws:codebuild/project:Project');
  const { dependencies } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8'));
  assert.match(
    JSON.stringify(build),
    new RegExp(`get\\.pulumi\\.com \\| sh -s -- --version ${dependencies['@pulumi/pulumi']}`),
    'the engine of the teardown is the one that wrote the state',
  );
  for (const { policy } of of('aws:iam/rolePolicy:RolePolicy')) {
    const { Statement }: { Statement: { Action: string | string[]; Resource: unknown }[] } = JSON.parse(
      String(policy),
    );
    for (const { Action } of Statement)
      assert.ok(!['*', 'iam:*'].some((all) => [Action].flat().includes(all)), String(Action));
  }
});

test('the packed watchdog is plain JavaScript that loads and refuses to run without its settings', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bft-watchdog-'));
  try {
    for (const [name, text] of Object.entries(lambdaFiles())) writeFileSync(path.join(folder, name), text);
    symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
    const { handler }: { handler: () => Promise<unknown> } = await import(
      pathToFileURL(path.join(folder, 'watchdog.mjs')).href
    );
    await assert.rejects(handler(), /STATE_BUCKET is not set/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('wrong settings of the guard are named with the way to set them', () => {
  const wrong = { ...config, 'bft-scale-guard:emails': 'nobody', 'bft-scale-guard:acount': '1' };
  assert.throws(
    () => parseGuardConfig('guard', wrong),
    /emails.*is no e-mail address[\s\S]*acount: unknown key \(did you mean "account"\?\)/,
  );
});
