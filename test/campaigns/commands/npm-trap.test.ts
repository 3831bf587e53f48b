/**
 * Options that npm kept for itself are refused with the command that was meant.
 * Method: the environment as npm 11 sets it for `npm run campaign phase3 --dry-run` and its like.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KnownOption, refuseSwallowed } from '#campaigns/commands/npm-trap.ts';
import { ConfigError } from '#campaigns/config-error.ts';

const known: KnownOption[] = [
  { long: '--dry-run', takesValue: false, accepts: () => false },
  { long: '--seed', takesValue: true, accepts: (text) => /^\d+$/.test(text) },
  { long: '--scenario', takesValue: true, accepts: (text) => /^[A-Z]+-\d+$/.test(text) },
  { long: '--out', takesValue: true, accepts: () => true },
  { long: '--json', takesValue: false, accepts: () => false },
  { long: '--no-color', takesValue: false, accepts: () => false },
];
const npm = (part: Record<string, string>): Record<string, string> => ({
  npm_lifecycle_event: 'campaign',
  ...part,
});
const meant = (command: string) => (error: unknown) =>
  error instanceof ConfigError && error.exitCode === 20 && error.message.includes(`write: ${command}`);

test('a swallowed switch is refused with the right command', () => {
  assert.throws(
    () => refuseSwallowed(['phase3'], known, npm({ npm_config_dry_run: 'true' })),
    meant('npm run campaign phase3 -- --dry-run'),
  );
});

test('a swallowed value comes back in the command', () => {
  assert.throws(
    () => refuseSwallowed(['phase3'], known, npm({ npm_config_seed: '7' })),
    meant('npm run campaign phase3 -- --seed 7'),
  );
});

test('a value that npm left behind is put after its option again', () => {
  assert.throws(
    () => refuseSwallowed(['phase3', 'LT-001'], known, npm({ npm_config_scenario: 'true' })),
    meant('npm run campaign phase3 -- --scenario LT-001'),
  );
});

test('several values that npm left behind go to the options that accept them, the rest stays an argument', () => {
  const switches = npm({ npm_config_seed: 'true', npm_config_scenario: 'true' });
  assert.throws(
    () => refuseSwallowed(['phase3', '5', 'LT-003'], known, switches),
    meant('npm run campaign phase3 -- --seed 5 --scenario LT-003'),
  );
  assert.throws(
    () => refuseSwallowed(['simulate', 'LT-001', '20'], known, npm({ npm_config_seed: 'true' })),
    meant('npm run campaign simulate -- LT-001 --seed 20'),
  );
  assert.throws(
    () => refuseSwallowed(['simulate', 'LT-001'], known, npm({ npm_config_seed: 'true' })),
    meant('npm run campaign simulate -- LT-001 --seed ...'),
  );
});

test('a repeated option comes back as often as it was written', () => {
  assert.throws(
    () => refuseSwallowed(['phase1'], known, npm({ npm_config_scenario: 'LT-001\n\nLT-002' })),
    meant('npm run campaign phase1 -- --scenario LT-001 --scenario LT-002'),
  );
});

test('what stands in the arguments, too, was not swallowed', () => {
  refuseSwallowed(
    ['phase3', '--dry-run', '--seed=7'],
    known,
    npm({ npm_config_dry_run: 'true', npm_config_seed: '7' }),
  );
});

test('outside of npm, and for options of other programs, nothing is refused', () => {
  refuseSwallowed(['phase3'], known, { npm_config_dry_run: 'true' });
  refuseSwallowed(
    ['phase3'],
    known,
    npm({ npm_config_registry: 'x', npm_config_color: 'false', npm_config_json: 'false' }),
  );
});
