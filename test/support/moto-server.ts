/**
 * moto, a look-alike of the AWS APIs, as a process of its own on 127.0.0.1, when it is installed.
 * Owns: finding, starting and ending it. Does not own: what is in the account. BFT_SCALE_MOTO names its `moto_server`.
 */
import { spawn, spawnSync } from 'node:child_process';
import net from 'node:net';

const program = process.env['BFT_SCALE_MOTO'] ?? 'moto_server';

/** False when moto can be used; else the words a test is skipped with. */
export function motoMissing(): string | false {
  const works = spawnSync(program, ['--help'], { stdio: 'ignore' }).status === 0;
  return works
    ? false
    : 'NOT RUN: moto is not installed (pip install "moto[server]", or set BFT_SCALE_MOTO to its moto_server)';
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

export interface Moto {
  readonly url: string;
  /** What a process needs to see this account and no other. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let attempt = 0; ; attempt += 1) {
    const answer = await fetch(`${url}/moto-api/data.json`).catch(() => null);
    if (answer?.ok === true) break;
    if (attempt > 600 || child.exitCode !== null) throw new Error('moto does not answer');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_REGION: 'us-west-2',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  return {
    url,
    env,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
