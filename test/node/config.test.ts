/** The configuration of a node process: precedence, defaults, and that every mistake is told with its place and remedy. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { exitCodes } from '#campaigns/exit-code.ts';
import {
  environmentPrefix,
  helpText,
  isLoopback,
  type NodeConfig,
  nodeExitCodes,
  readConfig,
  settings,
} from '#node/config.ts';
import { ConfigError } from '#node/config-problem.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'node-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const conductorToken = 'conductor-token-0123456789';

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

function run(argv: readonly string[], env: Record<string, string> = {}): NodeConfig {
  const request = readConfig(argv, env);
  assert.equal(request.kind, 'run');
  return request.kind === 'run' ? request.config : assert.fail();
}

function problemsOf(argv: readonly string[], env: Record<string, string> = {}): string[] {
  try {
    readConfig(argv, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n');
  }
  return assert.fail('was accepted');
}

const least = `data: ./here\nconductor: { url: "ws://127.0.0.1:7400", token: ${conductorToken} }\n`;

test('a file with what is required gets safe defaults', () => {
  const config = run(['--config', write('least.yaml', least)]);
  assert.deepEqual(config, {
    name: 'node',
    dataFolder: path.join(folder, 'here'),
    nodesPerProcess: 1,
    listen: { host: '127.0.0.1', port: 0, advertise: '127.0.0.1', transport: 'tcp' },
    admin: { host: '127.0.0.1', port: 0, token: null, metricsToken: null },
    identitySeed: null,
    conductor: { url: 'ws://127.0.0.1:7400', token: conductorToken },
    isCampaign: false,
    log: { level: 'info' },
  });
});

test('the command line wins over the environment, the environment over the file', () => {
  const file = write(
    'three.json',
    JSON.stringify({
      data: 'd',
      name: 'of-file',
      nodesPerProcess: 2,
      log: { level: 'warn' },
      conductor: { url: 'ws://a', token: conductorToken },
    }),
  );
  const env = {
    BFT_NODE_NAME: 'of-env',
    BFT_NODE_NODES_PER_PROCESS: '3',
    BFT_NODE_CONDUCTOR_URL: 'ws://b:1',
  };
  const config = run(['--config', file, '--name', 'of-flag', '--campaign'], env);
  assert.equal(config.name, 'of-flag');
  assert.equal(config.nodesPerProcess, 3);
  assert.equal(config.conductor.url, 'ws://b:1');
  assert.equal(config.log.level, 'warn');
  assert.equal(config.isCampaign, true);
});

test('a node needs no file', () => {
  const env = { BFT_NODE_CONDUCTOR_TOKEN: conductorToken };
  const config = run(
    ['--data', 'd', '--conductor-url=wss://conductor.example/x', '--admin-port', '9464'],
    env,
  );
  assert.equal(config.admin.port, 9464);
  assert.equal(config.dataFolder, path.resolve('d'));
});

test('tokens may stand in files of their own, relative to the configuration', () => {
  write('secret', `${conductorToken}\n`);
  const file = write('tokens.yaml', 'data: d\nconductor: { url: "ws://a", tokenFile: secret }\n');
  assert.equal(run(['--config', file]).conductor.token, conductorToken);
  const missing = write('missing.yaml', 'data: d\nconductor: { url: "ws://a", tokenFile: nowhere }\n');
  assert.match(
    problemsOf(['--config', missing])[0]!,
    /missing.yaml:2:.*conductor.tokenFile: names a file that cannot be read \(ENOENT\)/,
  );
});

test('the token for metrics and the seed of identities stand in files', () => {
  write('seed', 'a-seed-of-the-run-0123456789\n');
  write('metrics', 'a-token-that-reads-metrics\n');
  const file = write('pod.yaml', `${least}identitySeedFile: seed\nadmin: { metricsTokenFile: metrics }\n`);
  const { admin, identitySeed } = run(['--config', file]);
  assert.deepEqual(
    [admin.metricsToken, identitySeed],
    ['a-token-that-reads-metrics', 'a-seed-of-the-run-0123456789'],
  );
  const missing = write('no-seed.yaml', `${least}identitySeedFile: nowhere\n`);
  assert.match(problemsOf(['--config', missing])[0]!, /no-seed.yaml:3:.*identitySeedFile: names a file/);
});

test('an unknown key is told with the nearest name, its line and its path', () => {
  const file = write('typo.yaml', `${least}nodesPerProces: 3\nadmin:\n  prot: 5\n`);
  const problems = problemsOf(['--config', file]);
  assert.match(problems[0]!, /typo.yaml:3: nodesPerProces: unknown key.*did you mean "nodesPerProcess"/);
  assert.match(problems[1]!, /typo.yaml:5: admin.prot: unknown key.*did you mean "port"/);
});

test('unknown options and variables are told with the nearest name', () => {
  const problems = problemsOf(['--nodes-per-proces', '3', 'stray'], { BFT_NODE_ADMIN_PROT: '1' }).join('\n');
  assert.match(
    problems,
    /command line: --nodes-per-proces: is not known \(did you mean "--nodes-per-process"\?\)/,
  );
  assert.match(
    problems,
    /environment: BFT_NODE_ADMIN_PROT: is not known \(did you mean "BFT_NODE_ADMIN_PORT"\?\)/,
  );
});

test('what is missing is told with the three places it may stand in', () => {
  const problems = problemsOf([]).join('\n');
  assert.match(problems, /data: is missing \(write it into the file, or set BFT_NODE_DATA or --data\)/);
  const without = problemsOf(['--data', 'd', '--conductor-url', 'ws://a']).join('\n');
  assert.match(
    without,
    /conductor.token: is missing \(write it into the file, or set BFT_NODE_CONDUCTOR_TOKEN\)/,
  );
});

test('a wrong value is told where it was written', () => {
  const env = { BFT_NODE_ADMIN_PORT: '70000', BFT_NODE_CONDUCTOR_TOKEN: conductorToken };
  const problems = problemsOf(
    ['--data', 'd', '--conductor-url', 'http://a', '--log-level', 'loud'],
    env,
  ).join('\n');
  assert.match(problems, /environment: BFT_NODE_ADMIN_PORT: must be at most 65535/);
  assert.match(problems, /command line: --conductor-url: is no WebSocket address/);
  assert.match(problems, /command line: --log-level: .*is not known here/);
  assert.match(problemsOf(['--nodes-per-process', 'x']).join('\n'), /--nodes-per-process: "x" does not fit/);
  assert.match(problemsOf(['--data']).join('\n'), /--data: has no value/);
});

test('a token on the command line is refused with the way to give it', () => {
  const problems = problemsOf(['--admin-token', 'x']).join('\n');
  assert.match(problems, /secrets stay off the command line: use --admin-token-file or BFT_NODE_ADMIN_TOKEN/);
});

test('an admin API that others reach needs a token of its own', () => {
  const base = ['--config', write('open.yaml', least), '--admin-host', '0.0.0.0'];
  assert.match(problemsOf(base)[0]!, /--admin-host: is reachable from outside, and no admin token is set/);
  assert.equal(run(base, { BFT_NODE_ADMIN_TOKEN: 'an-admin-token-0123' }).admin.token, 'an-admin-token-0123');
});

test('listening everywhere needs an address that others dial, and every node needs a port', () => {
  const base = ['--config', write('listen.yaml', least)];
  assert.match(problemsOf([...base, '--listen-host', '0.0.0.0'])[0]!, /is no address that others could dial/);
  const config = run([...base, '--listen-host', '0.0.0.0', '--listen-advertise', 'node-7.example']);
  assert.equal(config.listen.advertise, 'node-7.example');
  assert.equal(run([...base, '--listen-transport', 'quic']).listen.transport, 'quic');
  assert.match(problemsOf([...base, '--listen-transport', 'smoke'])[0]!, /tcp.*quic/);
  assert.match(
    problemsOf([...base, '--listen-port', '65535', '--nodes-per-process', '2'])[0]!,
    /too few ports/,
  );
});

test('weak tokens are refused without being printed', () => {
  const problems = problemsOf(['--data', 'd', '--conductor-url', 'ws://a'], {
    BFT_NODE_CONDUCTOR_TOKEN: 'short secret',
  });
  assert.match(problems.join('\n'), /is no token: at least 16/);
  assert.doesNotMatch(problems.join('\n'), /short secret/);
});

test('the help names every option and every exit code', () => {
  const help = helpText();
  for (const { flag, env } of settings) assert.ok(help.includes(flag === null ? env : `--${flag}`), env);
  assert.deepEqual(readConfig(['--help', '--nonsense'], {}), { kind: 'help' });
});

test('only loopback addresses count as loopback', () => {
  for (const name of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) assert.ok(isLoopback(name), name);
  for (const name of ['0.0.0.0', '10.0.0.1', '127.0.0.1.example', '1127.0.0.1'])
    assert.ok(!isLoopback(name), name);
});

test('whatever is written, the answer is a configuration or a ConfigError', () => {
  const flags = settings.flatMap(({ flag }) => (flag === null ? [] : [`--${flag}`]));
  const word = fc.oneof(fc.constantFrom(...flags, '--config', '--', '-x'), fc.string());
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 6 }),
      fc.dictionary(
        fc.constantFrom(...settings.map(({ env }) => env), `${environmentPrefix}X`),
        fc.string(),
        { maxKeys: 4 },
      ),
      (argv, env) => {
        try {
          readConfig(argv, env);
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
          assert.equal(error.exitCode, 20);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test('whatever a file holds, the answer is a configuration or a ConfigError', () => {
  const file = path.join(folder, 'fuzz.json');
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      writeFileSync(file, JSON.stringify(value));
      try {
        readConfig(['--config', file], {});
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('exit codes mean what they mean in campaigns', () => {
  const { stopped, orphaned, invalid, couldNotStart, interrupted } = nodeExitCodes;
  assert.deepEqual(
    [stopped, orphaned, invalid, couldNotStart, interrupted],
    [
      exitCodes.passed,
      exitCodes.inconclusive,
      exitCodes.invalid,
      exitCodes.deployFailed,
      exitCodes.interrupted,
    ],
  );
});

test('broken YAML, repeated keys, aliases and folders are told with their line', () => {
  const at = (name: string, text: string): string => problemsOf(['--config', write(name, text)])[0]!;
  assert.match(at('broken.yaml', 'data: x\nadmin: [}\n'), /broken.yaml:2: cannot be read/);
  assert.match(at('twice.yaml', 'data: x\ndata: y\n'), /twice.yaml:2: cannot be read/);
  assert.match(at('alias.yaml', 'data: &a x\nname: *a\n'), /alias.yaml:2: aliases are not supported/);
  assert.match(problemsOf(['--config', folder])[0]!, /is not a file/);
  assert.match(problemsOf(['--config', path.join(folder, 'nowhere')])[0]!, /cannot be opened \(ENOENT\)/);
});
