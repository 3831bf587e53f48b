/**
 * `npm run stacks:init`: creates the four stacks in the back end that Pulumi is logged in to, and leaves existing ones alone.
 * Without it `pulumi up --stack 5k-nodes` says `no stack named '5k-nodes' found`, or asks in a terminal whether to create it.
 * Does not own: configuration (stacks/) or logging in. `-- --secrets-provider awskms://alias/NAME?region=REGION` for cloud back ends.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const given = process.argv.slice(2);
const usage = `usage: npm run stacks:init -- [--secrets-provider URL] [--dry-run]

Creates the stacks of stacks/ in the back end of \`pulumi whoami -v\`. Examples:
  npm run stacks:init                                                        # file back end, a passphrase guards secrets
  npm run stacks:init -- --secrets-provider "awskms://alias/bft-scale-state?region=us-west-2"
`;

const remedies =
  'Pulumi has to be logged in (`pulumi login URL`), and to know what guards secrets: --secrets-provider URL, or ' +
  'PULUMI_CONFIG_PASSPHRASE in the environment.';

function refuse(message) {
  process.stderr.write(`${message}\n${usage}`);
  process.exit(20);
}

if (given.includes('--help')) {
  process.stdout.write(usage);
  process.exit(0);
}
const isDry = given.includes('--dry-run');
const at = given.indexOf('--secrets-provider');
const secrets = at < 0 ? [] : given.slice(at, at + 2);
if (at >= 0 && (secrets[1] === undefined || secrets[1].startsWith('--')))
  refuse('--secrets-provider needs a URL');
const unknown = given.filter((word) => word !== '--dry-run' && !secrets.includes(word));
if (unknown.length > 0) refuse(`unknown: ${unknown.join(' ')}`);

const names = readdirSync(path.join(root, 'stacks')).flatMap(
  (file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [],
);
for (const name of names.sort()) {
  const words = ['stack', 'select', '--create', '--stack', name, '--non-interactive', ...secrets];
  process.stderr.write(`pulumi ${words.join(' ')}\n`);
  if (isDry) continue;
  const run = spawnSync('pulumi', words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (run.error !== undefined) {
    process.stderr.write('pulumi is not on the PATH: https://www.pulumi.com/docs/install/\n');
    process.exit(20);
  }
  if (run.status !== 0) {
    process.stderr.write(`${name} was not created; the engine says why above. ${remedies}\n`);
    process.exit(30);
  }
}
