/**
 * `pulumi up --stack local` on the real engine, with neither cloud nor Kubernetes: real node processes, real finality, nothing left.
 * Owns: what a user of the stack may rely on. NOT RUN where the engine is not built. What runs in between:
 * infra/platforms/local-provider/provider.ts (started by the engine), campaigns/targets/processes/standing.ts (by the provider).
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { isSameProcess } from '#campaigns/process-identity.ts';
import { until } from '#test/bed/patience.ts';
import { Engine } from '#test/bed/pulumi/engine.ts';
import { missing, pulumiTool } from '#test/bed/tools.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const outputs = z.object({
  network: z.object({ directory: z.string(), deadline: z.string(), nodes: z.number() }),
});
const directory = z.object({
  pid: z.number(),
  ticks: z.string().nullable(),
  folder: z.string(),
  members: z.array(z.object({ node: z.number(), process: z.string(), folder: z.string() })),
});
type Directory = z.infer<typeof directory>;

async function directoryOf(engine: Engine): Promise<Directory> {
  const { network } = outputs.parse(await engine.outputs('local'));
  return directory.parse(JSON.parse(readFileSync(network.directory, 'utf8')));
}

const identity = z.object({ pid: z.number(), ticks: z.string().nullable(), what: z.string() });
type Living = z.infer<typeof identity>;

/** Everything that runs for the network: node processes as they are written down, and who keeps them. */
function processesOf({ folder, pid, ticks }: Directory): Living[] {
  const identities = path.join(folder, 'pids');
  const written = readdirSync(identities).map((name) => readFileSync(path.join(identities, name), 'utf8'));
  return [...written.map((text) => identity.parse(JSON.parse(text))), { pid, ticks, what: 'keeper' }];
}

const alive = (processes: readonly Living[]): string[] =>
  processes.filter(({ pid, ticks }) => isSameProcess(pid, ticks)).map(({ pid, what }) => `${what} ${pid}`);

/** A client of one node: its address and token lie in the folder of its process. */
class Client {
  readonly #node: number;
  readonly #folder: string;

  constructor({ node, folder }: Directory['members'][number]) {
    this.#node = node;
    this.#folder = folder;
  }

  async submit(text: string): Promise<string> {
    const payload = Buffer.from(text).toString('base64');
    const answer = await this.#call('transactions', { transactions: [{ payload }] });
    return z.object({ receipt: z.string() }).parse(answer).receipt;
  }

  /** The vertex that carries a submission, once there is one. */
  async vertexOf(receipt: string): Promise<string | null> {
    const found = z.object({ vertex: z.string().nullable() }).parse(await this.#call(`receipts/${receipt}`));
    return found.vertex;
  }

  async statusOf(vertex: string): Promise<string> {
    return z.object({ status: z.string() }).parse(await this.#call(`vertices/${vertex}`)).status;
  }

  async #call(route: string, body?: object): Promise<unknown> {
    const read = (name: string): string => readFileSync(path.join(this.#folder, name), 'utf8').trim();
    const response = await fetch(`${read('admin-address')}/v1/nodes/${this.#node}/${route}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${read('admin-token')}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return await response.json();
  }
}

/** Submits at one node and waits until three nodes, not all of one process, say that it is final. */
async function finalAtThree({ members }: Directory, text: string): Promise<void> {
  const [a, b, c] = [0, Math.floor(members.length / 2), members.length - 1].map(
    (at) => new Client(members[at]!),
  );
  const receipt = await a!.submit(text);
  const wait = { what: `finality of ${text}`, withinMs: 120_000 };
  const vertex = await until(async () => await a!.vertexOf(receipt), wait);
  await until(async () => {
    const states = await Promise.all([a, b, c].map((client) => client!.statusOf(vertex)));
    return states.every((state) => state === 'finalised') ? true : null;
  }, wait);
}

describe('the stack local on the real engine', { skip: missing(pulumiTool) }, () => {
  let engine: Engine;
  before(async () => {
    engine = new Engine({ project: repository });
    await engine.run(['stack', 'init', 'local']);
    const set = ['config', 'set', '--stack', 'local', '--config-file', path.join(engine.home, 'local.yaml')];
    for (const [key, value] of Object.entries({
      platform: 'local',
      phase: 'phase1',
      nodes: '6',
      nodesPerProcess: '2',
    }))
      await engine.run([...set, key, value]);
  });
  after(async () => {
    await engine?.start(['destroy', '--yes', '--skip-preview', '--stack', 'local', ...config()]).ended;
    engine?.close();
  });
  const config = (): string[] => ['--config-file', path.join(engine.home, 'local.yaml')];
  const run = (command: string, ...words: string[]): Promise<string> =>
    engine.run([command, '--yes', '--skip-preview', '--stack', 'local', ...config(), ...words]);
  let network: Directory;

  test('up starts processes, and three of its nodes tell a client what is final', async () => {
    await run('up');
    network = await directoryOf(engine);
    assert.equal(network.members.length, 6);
    assert.equal(alive(processesOf(network)).length, 4, 'three processes of two nodes, and their keeper');
    await finalAtThree(network, 'first');
  });

  test('a second up and a refresh change nothing', async () => {
    await run('up', '--expect-no-changes');
    await run('refresh', '--expect-no-changes');
    assert.deepEqual(alive(processesOf(network)).length, 4);
  });

  test('a killed node process comes back and finality goes on', async () => {
    const [victim] = processesOf(network);
    process.kill(victim!.pid, 'SIGKILL');
    const wait = { what: 'the process back', withinMs: 60_000 };
    await until(
      async () => (alive(processesOf(network)).length === 4 && alive([victim!]).length === 0 ? true : null),
      wait,
    );
    await until(
      async () => {
        try {
          await finalAtThree(network, 'second');
          return true;
        } catch (error) {
          // Its admin API is not up again yet.
          if (error instanceof TypeError || error instanceof z.ZodError) return null;
          throw error;
        }
      },
      { ...wait, withinMs: 120_000, everyMs: 1_000 },
    );
  });

  test('a refresh sees that the network is gone, and up starts it again', async () => {
    const before = processesOf(network);
    process.kill(network.pid, 'SIGKILL');
    await until(async () => (alive(before).length === 0 ? true : null), {
      what: 'the end of the nodes of a killed keeper',
      withinMs: 30_000,
    });
    await run('refresh');
    await run('up');
    network = await directoryOf(engine);
    assert.equal(alive(processesOf(network)).length, 4);
  });

  test('destroy leaves no process, also when a node was killed just before', async () => {
    const all = processesOf(network);
    process.kill(all[0]!.pid, 'SIGKILL');
    await run('destroy');
    assert.deepEqual(alive(all), []);
    assert.equal(existsSync(network.folder), false);
    assert.deepEqual(await engine.resources('local'), []);
  });

  test('an engine that is killed while the network starts leaves nothing running', async () => {
    const folders = (): string[] =>
      readdirSync(os.tmpdir()).filter((name) => name.startsWith('bft-scale-run-'));
    const before = new Set(folders());
    const running = engine.start(['up', '--yes', '--skip-preview', '--stack', 'local', ...config()]);
    const fresh = (): string[] => folders().filter((name) => !before.has(name));
    await until(async () => (fresh().length > 0 ? true : null), { what: 'processes', withinMs: 120_000 });
    running.kill();
    await running.ended;
    const alone = { what: 'the end of a network that nobody has taken over', withinMs: 120_000 };
    await until(async () => (fresh().length === 0 ? true : null), alone);
    await engine.unlock('local');
    await run('refresh', '--clear-pending-creates');
    await run('up');
    network = await directoryOf(engine);
    const all = processesOf(network);
    await run('destroy');
    assert.deepEqual(alive(all), []);
    const left = fresh().filter((name) => existsSync(path.join(os.tmpdir(), name, 'network.json')));
    assert.deepEqual(left, []);
  });
});

describe('the stack local as it is shipped', { skip: missing(pulumiTool) }, () => {
  test('twenty nodes: finality read from three, one process killed, destroy; nothing remains', async (context) => {
    const engine = new Engine({ project: repository });
    const run = (command: string): Promise<string> =>
      engine.run([command, '--yes', '--skip-preview', '--stack', 'local']);
    try {
      await engine.run(['stack', 'select', '--create', 'local']);
      const started = performance.now();
      const seconds = (): string => `${((performance.now() - started) / 1_000).toFixed(0)} s`;
      await run('up');
      const network = await directoryOf(engine);
      assert.equal(network.members.length, 20);
      const all = processesOf(network);
      assert.equal(alive(all).length, 3, 'two processes of ten nodes, and their keeper');
      const up = seconds();
      await finalAtThree(network, 'as shipped');
      const final = seconds();
      process.kill(all[0]!.pid, 'SIGKILL');
      await run('destroy');
      assert.deepEqual(alive(all), []);
      assert.equal(existsSync(network.folder), false);
      assert.deepEqual(await engine.resources('local'), []);
      context.diagnostic(`up in ${up}, final at three nodes after ${final}, gone after ${seconds()}`);
    } finally {
      await engine.start(['destroy', '--yes', '--skip-preview', '--stack', 'local']).ended;
      engine.close();
    }
  });
});
