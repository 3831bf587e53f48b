/**
 * Nobody is there: the operator is killed in the middle of an `up`, and what the guard stack deployed does the rest in moto. The
 * watchdog runs as the function that was deployed (its archive, its environment), the teardown as the build that was deployed (its
 * sources, its commands), the state lies in S3. Stand-ins: the clock of the scheduler (this test reads what is due from the account and
 * does what it says), and the build's first phase, which installs Node and Pulumi. NOT RUN where engine or moto are not built.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DeleteScheduleCommand, GetScheduleCommand, ListSchedulesCommand } from '@aws-sdk/client-scheduler';
import { z } from 'zod';
import { MotoAccount } from '#test/bed/moto/account.ts';
import { type MotoServer, startMoto } from '#test/bed/moto/moto-server.ts';
import { until } from '#test/bed/patience.ts';
import type { Engine } from '#test/bed/pulumi/engine.ts';
import { repository, StackBed } from '#test/bed/stack-bed.ts';
import { missing, motoTool, pulumiTool } from '#test/bed/tools.ts';

const stack = '1k-nodes';
const bucket = 'bft-scale-state';
const ofStack = { 'bft:stack': stack };

/** An archive as the state holds it: texts, or files and folders by their path. */
const archive = z.object({
  assets: z.record(z.string(), z.object({ text: z.string().optional(), path: z.string().optional() })),
});
const functionInputs = z.object({
  code: archive,
  handler: z.string(),
  environment: z.object({ variables: z.record(z.string(), z.string()) }),
});
const buildInputs = z.object({
  environment: z.object({ environmentVariables: z.array(z.object({ name: z.string(), value: z.string() })) }),
  source: z.object({ buildspec: z.string() }),
});
const buildSpec = z.object({ phases: z.object({ build: z.object({ commands: z.array(z.string()) }) }) });
const startBuild = z.object({
  ProjectName: z.string(),
  EnvironmentVariablesOverride: z.array(z.object({ Name: z.string(), Value: z.string() })),
});
const verdicts = z.array(z.object({ stack: z.string(), vms: z.number(), stop: z.string().nullable() }));

/** Loaded before the function: its clock runs ahead. */
const shiftedClock = `
const by = Number(process.env.BED_CLOCK_AHEAD_MS), Real = Date;
globalThis.Date = class extends Real {
  constructor(...words) { if (words.length === 0) super(Real.now() + by); else super(...words); }
  static now() { return Real.now() + by; }
};`;

interface Said {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function run(
  command: string,
  words: readonly string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Said> {
  const child = spawn(command, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output, errors };
}

/** An archive's content in a folder, nothing else. */
function unpack(assets: z.infer<typeof archive>['assets'], folder: string): void {
  for (const [name, { text, path: from }] of Object.entries(assets)) {
    if (text !== undefined) writeFileSync(path.join(folder, name), text);
    else if (from !== undefined) cpSync(from, path.join(folder, name), { recursive: true });
  }
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
}

describe('with the operator killed', { skip: missing(pulumiTool, motoTool) }, () => {
  const folders: string[] = [];
  let moto: MotoServer;
  let account: MotoAccount;
  let bed: StackBed;
  let untouched: string[];
  let deadlineMs: number;
  let code: z.infer<typeof functionInputs>;
  let build: z.infer<typeof buildInputs>;
  let sources: z.infer<typeof archive>;

  const folder = (): string => {
    const made = mkdtempSync(path.join(os.tmpdir(), 'bft-unattended-'));
    folders.push(made);
    return made;
  };
  const stateUrl = (url: string): string =>
    `${url}&endpoint=${new URL(moto.url).host}&disableSSL=true&s3ForcePathStyle=true`;

  before(async () => {
    moto = await startMoto();
    account = new MotoAccount(moto.url);
    await account.bucket(bucket);
    await account.others();
    const PULUMI_BACKEND_URL = stateUrl(`s3://${bucket}?region=us-west-2`);
    const env = { ...moto.env, BED_MOTO_URL: moto.url, PULUMI_BACKEND_URL };
    bed = new StackBed({ stack, cloud: 'aws', env, isCopied: true });
    await deployGuard(bed.engine);
    untouched = await account.inventory();
  });
  after(async () => {
    bed?.close();
    await moto?.stop();
    for (const made of folders) rmSync(made, { recursive: true, force: true });
  });

  async function deployGuard(engine: Engine): Promise<void> {
    const file = path.join(engine.home, 'guard.yaml');
    const common = ['--stack', 'guard', '--cwd', 'infra/guard'];
    await engine.run(['stack', 'init', 'guard', '--cwd', 'infra/guard']);
    const settings = { account: '123456789012', region: 'us-west-2', emails: 'money@example.org' };
    for (const [key, value] of Object.entries({ ...settings, stateBucket: bucket }))
      await engine.run(['config', 'set', ...common, '--config-file', file, key, value]);
    const env = { BED_CLOUD: bed.cloud.folder };
    const { code: exit, output } = await engine.start(
      ['up', '--yes', '--skip-preview', ...common, '--config-file', file],
      env,
    ).ended;
    assert.equal(exit, 0, output);
    const state = z
      .object({
        deployment: z.object({
          resources: z.array(
            z.object({ type: z.string(), inputs: z.record(z.string(), z.unknown()).optional() }),
          ),
        }),
      })
      .parse(await engine.json(['stack', 'export', ...common]));
    const inputsOf = (type: string): unknown =>
      state.deployment.resources.find((one) => one.type === type)?.inputs;
    code = functionInputs.parse(inputsOf('aws:lambda/function:Function'));
    build = buildInputs.parse(inputsOf('aws:codebuild/project:Project'));
    sources = z.object({ source: archive }).parse(inputsOf('aws:s3/bucketObjectv2:BucketObjectv2')).source;
  }

  /** The function that was deployed, at an instant. */
  async function look(atMs: number): Promise<z.infer<typeof verdicts>> {
    const packed = folder();
    unpack(code.code.assets, packed);
    const [file, name] = code.handler.split('.');
    const call = `import('./${file}.mjs').then((m) => m.${name}()).then((said) => console.log(JSON.stringify(said)));`;
    const preload = `data:text/javascript,${encodeURIComponent(shiftedClock)}`;
    const env = {
      ...process.env,
      ...moto.env,
      ...code.environment.variables,
      BED_CLOCK_AHEAD_MS: String(atMs - Date.now()),
    };
    const said = await run(process.execPath, ['--import', preload, '-e', call], { cwd: packed, env });
    assert.equal(said.code, 0, said.errors);
    return verdicts.parse(JSON.parse(said.output));
  }

  test('an up is killed while its VMs start: they run, and no state knows their group', async () => {
    await bed.init();
    const running = bed.start('up', [], { BED_CREATE_MS: '1000' });
    let failed: string | null = null;
    void running.ended.then(({ code: exit, output }) => {
      failed = `it ended with ${exit}:\n${output}`;
    });
    const groupIn = (did: string): boolean =>
      bed.cloud.journal().some((line) => line.did === did && line.type === 'aws:autoscaling/group:Group');
    await until(async () => (groupIn('asked') ? true : null), {
      what: 'a group that is being created',
      withinMs: 600_000,
      everyMs: 10,
      isHopeless: () => failed,
    });
    running.kill();
    await running.ended;
    await until(async () => (groupIn('created') ? true : null), { what: 'its end', withinMs: 120_000 });
    assert.equal((await account.running(ofStack)).length, 67);
    const { Schedules = [] } = await account.scheduler.send(
      new ListSchedulesCommand({ GroupName: `bft-${stack}` }),
    );
    const [first] = Schedules;
    const { StartDate } = await account.scheduler.send(
      new GetScheduleCommand({ Name: first?.Name, GroupName: `bft-${stack}` }),
    );
    deadlineMs = StartDate?.getTime() ?? Number.NaN;
    assert.ok(deadlineMs > Date.now(), 'the deadline stands in the cloud');
    const resources = await bed.engine.resources(stack);
    assert.ok(resources.some(({ type }) => type === 'aws:ec2/vpc:Vpc'));
    assert.ok(resources.every(({ type }) => type !== 'aws:autoscaling/group:Group'));
  });

  test('the watchdog lets it run before the deadline', async () => {
    const seen = await look(Date.now() + 60_000);
    assert.deepEqual(
      seen.map(({ stack: of, vms, stop }) => [of, vms, stop === null]),
      [
        [stack, 67, true],
        ['5k-nodes', 2, true],
      ],
    );
    assert.equal((await account.running(ofStack)).length, 67);
  });

  test('past the deadline the watchdog stops its VMs, no other, and orders the teardown', async () => {
    const seen = await look(deadlineMs + 60_000);
    const stops = seen.map(({ stack: of, stop }) => [of, stop?.replace(/ 20\S+/, '') ?? null]);
    assert.deepEqual(stops, [
      [stack, 'the deadline has passed'],
      ['5k-nodes', null],
    ]);
    assert.deepEqual(await account.running(ofStack), []);
    assert.equal((await account.running({ 'bft:stack': '5k-nodes' })).length, 2);
    // A second look orders nothing anew: there are no VMs any more.
    assert.deepEqual(
      (await look(deadlineMs + 120_000)).map(({ stack: of }) => of),
      ['5k-nodes'],
    );
  });

  /** What the scheduler does with the orders of the watchdog: they are carried out once, then gone. */
  async function dueBuilds(): Promise<z.infer<typeof startBuild>[]> {
    const { Schedules = [] } = await account.scheduler.send(
      new ListSchedulesCommand({ GroupName: 'default', NamePrefix: 'bft-teardown-' }),
    );
    const orders: z.infer<typeof startBuild>[] = [];
    for (const { Name } of Schedules) {
      const { Target } = await account.scheduler.send(new GetScheduleCommand({ Name }));
      assert.equal(Target?.Arn, 'arn:aws:scheduler:::aws-sdk:codebuild:startBuild');
      orders.push(startBuild.parse(JSON.parse(Target?.Input ?? '')));
      await account.scheduler.send(new DeleteScheduleCommand({ Name }));
    }
    return orders;
  }

  test('the build that was ordered destroys and sweeps: nothing is left, nothing of others is touched', async (context) => {
    const [order, ...more] = await dueBuilds();
    assert.deepEqual(more, []);
    assert.equal(order?.ProjectName, 'bft-scale-teardown');
    const [home, work] = [folder(), folder()];
    unpack(sources.assets, work);
    // The operator's machine is gone, with everything on it.
    for (const own of ['pulumi', 'project'])
      rmSync(path.join(bed.engine.home, own), { recursive: true, force: true });
    const variables = Object.fromEntries([
      ...build.environment.environmentVariables.map(({ name, value }) => [name, value]),
      ...(order?.EnvironmentVariablesOverride.map(({ Name, Value }) => [Name, Value]) ?? []),
    ]);
    assert.equal(variables['STACK'], stack);
    const { PULUMI_BACKEND_URL: _, ...engineEnv } = bed.engine.env;
    const env = {
      ...engineEnv,
      ...variables,
      STATE_URL: stateUrl(variables['STATE_URL'] ?? ''),
      BED_CLOUD: bed.cloud.folder,
      HOME: home,
      PULUMI_HOME: path.join(home, 'pulumi'),
    };
    mkdirSync(env.PULUMI_HOME);
    const { commands } = buildSpec.parse(JSON.parse(build.source.buildspec)).phases.build;
    const said = await run('bash', ['-e', '-c', commands.join('\n')], { cwd: work, env });
    assert.equal(said.code, 0, `${said.output}\n${said.errors}`);
    assert.deepEqual(await account.inventory(), untouched);
    const result = said.output.slice(said.output.lastIndexOf('{\n  "steps"'));
    const { sweep } = z
      .object({ sweep: z.object({ removed: z.array(z.object({ kind: z.string(), id: z.string() })) }) })
      .parse(JSON.parse(result));
    assert.ok(
      sweep.removed.some(({ kind }) => kind === 'group'),
      'the group that no state knew',
    );
    const exported = await run('pulumi', ['stack', 'export', '--stack', stack], { cwd: work, env });
    assert.doesNotMatch(exported.output, /"pending_operations"|"aws:/);
    context.diagnostic(`swept: ${sweep.removed.map(({ kind, id }) => `${kind} ${id}`).join(', ')}`);
  });
});
