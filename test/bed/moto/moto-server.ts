/**
 * moto, a server that speaks the AWS APIs, on a free port of 127.0.0.1 for one test.
 * Owns: starting, emptying, stopping in every exit path. Does not own: its installation (tools.ts).
 */
import path from 'node:path';
import { Children } from '#campaigns/targets/processes/children.ts';
import { freePorts } from '#test/bed/free-ports.ts';
import { until } from '#test/bed/patience.ts';
import { motoTool } from '#test/bed/tools.ts';

export class MotoServer {
  readonly url: string;
  readonly #children = new Children();
  #crash: string | null = null;

  constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#children.onCrash = ({ name }, how) => {
      this.#crash = `${name} ended with ${how}: ${this.#children.logTail(this.#children.folder, name, 1_000)}`;
    };
    this.#children.start({
      name: 'moto',
      command: [
        path.join(motoTool.folder, 'bin/python'),
        '-m',
        'moto.server',
        '-H',
        '127.0.0.1',
        '-p',
        String(port),
      ],
      folder: this.#children.folder,
      env: { AWS_ACCESS_KEY_ID: 'of-a-test', AWS_SECRET_ACCESS_KEY: 'of-a-test' },
    });
  }

  /** What a process needs to see this account and no other. */
  get env(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL: this.url,
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing',
      AWS_REGION: 'us-west-2',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  async ready(): Promise<void> {
    const ask = async (): Promise<true | null> => {
      try {
        return (await fetch(`${this.url}/moto-api/`)).ok ? true : null;
      } catch {
        return null;
      }
    };
    await until(ask, { what: 'moto', withinMs: 120_000, isHopeless: () => this.#crash });
  }

  async reset(): Promise<void> {
    await fetch(`${this.url}/moto-api/reset`, { method: 'POST' });
  }

  async stop(): Promise<void> {
    await this.#children.destroy();
  }
}

/** Ready to use; the caller stops it. Check `missing(motoTool)` first. */
export async function startMoto(): Promise<MotoServer> {
  const [port = 0] = await freePorts(1);
  const server = new MotoServer(port);
  try {
    await server.ready();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
