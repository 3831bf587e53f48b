/**
 * Wrong configurations of a stack: each gives one error that names file, key and remedy, before any resource.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BudgetError } from '#budgets/budget-error.ts';
import { parseStackConfig } from '#infra/config.ts';
import { planStack } from '#infra/plan/stack-plan.ts';
import { ConfigError } from '#node/config-problem.ts';
import { cloudStacks, clouds, configOf, noon, onCloud, stackNames } from '#test/infra/stack-fixture.ts';

function planOf(stack: string, config: Readonly<Record<string, string>>) {
  return planStack(parseStackConfig(stack, config), { stack, now: noon });
}

function refusal(stack: string, config: Readonly<Record<string, string>>): string {
  try {
    planOf(stack, config);
  } catch (error) {
    assert.ok(error instanceof ConfigError || error instanceof BudgetError, String(error));
    return error.message;
  }
  return assert.fail('nothing was wrong with it');
}

function without(key: string): Record<string, string> {
  const { [key]: _left, ...rest } = configOf('1k-nodes');
  return rest;
}

test('all four stacks of the repository plan, the cloud ones on both clouds', () => {
  for (const stack of stackNames) assert.equal(planOf(stack, configOf(stack)).stack, stack);
  for (const stack of cloudStacks)
    for (const cloud of clouds) assert.equal(planOf(stack, onCloud(stack, cloud)).platform, cloud);
});

const wrong: ReadonlyArray<readonly [name: string, change: Record<string, string>, message: RegExp]> = [
  [
    'an unknown key',
    { 'bft-scale:node': '3' },
    /^stacks\/Pulumi\.1k-nodes\.yaml: bft-scale:node: unknown key \(did you mean "nodes"\?\)$/,
  ],
  [
    'an unknown key in a record',
    { 'bft-scale:pool': '{"archtecture":"arm64"}' },
    /bft-scale:pool\.archtecture: unknown key \(did you mean "architecture"\?\)/,
  ],
  ['a key of another namespace', { 'aws:region': 'eu-west-1' }, /aws:region: is not read/],
  [
    'twenty pods on eight vCPUs',
    { 'bft-scale:pool': '{"podsPerVm":20}' },
    /bft-scale:pool\.podsPerVm: 20 pods x 0\.5 CPU = 10 CPU.*write at most 15/,
  ],
  [
    'a deadline in the past',
    { 'bft-scale:deadline': '2026-12-01T11:59:00Z' },
    /bft-scale:deadline: 2026-12-01T11:59:00Z is in the past \(pulumi config set/,
  ],
  [
    'a deadline in the past, as the engine hands over one without quotes',
    { 'bft-scale:deadline': '2026-12-01 11:59:00 +0000 UTC' },
    /bft-scale:deadline: 2026-12-01T11:59:00Z is in the past/,
  ],
  ['a deadline too soon', { 'bft-scale:deadline': '2026-12-01T12:10:00Z' }, /is in 10 minutes/],
  [
    'a deadline beyond the life of a VM',
    { 'bft-scale:deadline': '2026-12-02T12:00:00Z' },
    /raise ttlMinutes/,
  ],
  ['a deadline in words', { 'bft-scale:deadline': 'tomorrow' }, /bft-scale:deadline: is no instant in UTC/],
  [
    'a cap below the worst case',
    { 'bft-scale:runCapUsd': '50' },
    /at worst \$\d+\.\d\d, and the run may cost \$50\.00; nothing was created/,
  ],
  ['a campaign that is spent', { 'bft-scale:spentUsd': '9950' }, /the campaign has left \$50\.00/],
  [
    'a cap above the limit per run',
    { 'bft-scale:runCapUsd': '2000' },
    /bft-scale:runCapUsd: is above the limit per run \(at most \$1,000\.00\)/,
  ],
  [
    'an unknown region',
    { 'bft-scale:region': 'us-west-3' },
    /bft-scale:region: no prices are known for "us-west-3" \(did you mean "us-west-2"\?\)/,
  ],
  [
    'an unknown family',
    { 'bft-scale:pool': '{"families":["c6x"]}' },
    /bft-scale:pool\.families: "c6x" is no known amd64 machine.*did you mean/,
  ],
  [
    'a family of the other architecture',
    { 'bft-scale:pool': '{"families":["c7g"]}' },
    /"c7g" is no known amd64 machine/,
  ],
  [
    'an unknown size',
    { 'bft-scale:pool': '{"size":"3xlarge"}' },
    /bft-scale:pool\.size: no machine of size "3xlarge"/,
  ],
  [
    'a price that nothing costs',
    { 'bft-scale:pool': '{"priceCapUsdPerHour":"0.01"}' },
    /no machine is to be had for \$0\.01000 per hour/,
  ],
  [
    'an image by tag',
    { 'bft-scale:image': 'registry.invalid/bft-scale:latest' },
    /bft-scale:image: is not pinned by digest/,
  ],
  [
    'an API for everybody',
    { 'bft-scale:apiAccessCidrs': '["0.0.0.0/0"]' },
    /bft-scale:apiAccessCidrs\.0: is no narrow IPv4 range/,
  ],
  [
    'three zones at five thousand nodes',
    { 'bft-scale:nodes': '5000', 'bft-scale:pool': '{"zones":3}' },
    /bft-scale:pool\.zones: above 1,000 nodes/,
  ],
  ['too many nodes', { 'bft-scale:nodes': '10001' }, /bft-scale:nodes: must be at most 10000/],
  ['a number in words', { 'bft-scale:nodes': 'many' }, /bft-scale:nodes: /],
  [
    'a pod that no machine holds',
    { 'bft-scale:pod': '{"cpuMilli":9000,"cpuLimitMilli":9000}' },
    /does not fit/,
  ],
  [
    'a limit below its request',
    { 'bft-scale:pod': '{"cpuLimitMilli":100}' },
    /bft-scale:pod\.cpuLimitMilli: is below the request/,
  ],
];

for (const [name, change, message] of wrong) {
  test(`${name} is refused in one line`, () => {
    const said = refusal('1k-nodes', { ...configOf('1k-nodes'), ...change });
    assert.match(said, message);
    assert.equal(said.split('\n').length, 1, said);
  });
}

for (const key of ['owner', 'image', 'account', 'apiAccessCidrs']) {
  test(`a cloud stack without ${key} says how to set it`, () => {
    const said = refusal('1k-nodes', without(`bft-scale:${key}`));
    assert.match(said, new RegExp(`bft-scale:${key}: is missing.*pulumi config set --stack 1k-nodes`));
  });
}

test('a stack without a file says which stacks there are', () => {
  assert.match(refusal('2k-nodes', {}), /has no configuration \(known stacks: local, 1k-nodes/);
});

test('values are not repeated in errors: they may be secrets', () => {
  assert.doesNotMatch(
    refusal('1k-nodes', { ...configOf('1k-nodes'), 'bft-scale:owner': 'Secret!Value' }),
    /Secret/,
  );
});
