/**
 * An engine in this process: enough of Pulumi's resource monitor to run the real program, with stand-ins that refuse wrong inputs.
 * Owns: registering, what the state keeps between runs, the order of creation, failing the create that a test names.
 * Does not own: the state file, locks and deleting, which are the real engine's (test/bed); tables of inputs (test/bed/providers).
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type * as Grpc from '@grpc/grpc-js';
import { parse } from 'yaml';
import { z } from 'zod';
import { DeclaredTypes } from '#test/bed/providers/declared-types.ts';
import { answerOf, outputsOf, type Properties } from '#test/infra/engine/clouds.ts';

const require = createRequire(import.meta.url);
const grpc: typeof Grpc = require('@grpc/grpc-js');
const monitorRpc = require('@pulumi/pulumi/proto/resource_grpc_pb.js');
const monitorMessages = require('@pulumi/pulumi/proto/resource_pb.js');
const engineRpc = require('@pulumi/pulumi/proto/engine_grpc_pb.js');
const engineMessages = require('@pulumi/pulumi/proto/engine_pb.js');
const languageMessages = require('@pulumi/pulumi/proto/language_pb.js');
const { Empty } = require('google-protobuf/google/protobuf/empty_pb.js');
const { Struct } = require('google-protobuf/google/protobuf/struct_pb.js');

export const repository = fileURLToPath(new URL('../../..', import.meta.url));

export interface Registered {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly isCustom: boolean;
  readonly inputs: Properties;
  readonly outputs: Properties;
  /** URNs: what it depends on, in any way, parents included. */
  readonly after: readonly string[];
  readonly deletedWith: string;
  readonly did: 'create' | 'update' | 'same';
}

export interface Outcome {
  /** In the order in which the clouds were asked. */
  readonly resources: readonly Registered[];
  readonly outputs: Properties;
  /** What the user is told; empty = it went well. */
  readonly errors: readonly string[];
}

export interface HostOutcome extends Outcome {
  readonly exitCode: number;
  readonly wallMs: number;
  /** Of the program's process; null when it did not come to its end. */
  readonly cpuMs: number | null;
}

/** What Pulumi.yaml says to start the program with. */
function nodeWords(): string[] {
  const project = z.object({ runtime: z.object({ options: z.object({ nodeargs: z.string() }) }) });
  const { runtime } = project.parse(parse(readFileSync(path.join(repository, 'Pulumi.yaml'), 'utf8')));
  return runtime.options.nodeargs.split(' ');
}

/** Loaded into the program's process before anything else. */
const reportCpu =
  "import fs from 'node:fs'; process.on('exit', () => { const { user, system } = process.cpuUsage(); fs.writeFileSync(process.env.BFT_CPU_FILE, String((user + system) / 1000)); });";

export interface RunRequest {
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
  /** 1-based number of the custom resource whose creation the cloud refuses. */
  readonly failCreate?: number;
  readonly quota?: number;
}

type Call = { readonly request: Record<string, (...words: unknown[]) => unknown> };
type Answer = (error: object | null, response?: object) => void;

/** Features without which the SDK sends plain values: what a test wants to look at. */
const features = new Set(['secrets', 'aliasSpecs', 'deletedWith']);
const types = new Map(['aws', 'gcp', 'kubernetes'].map((name) => [name, new DeclaredTypes(name)]));

function javaScript(struct: unknown): Properties {
  const found = struct as { toJavaScript?: () => Properties } | undefined;
  return found?.toJavaScript?.() ?? {};
}

/** One stack: runs may follow each other and find what earlier ones created. */
export class Engine {
  readonly #state = new Map<string, Registered>();
  #run: {
    request: RunRequest;
    resources: Registered[];
    outputs: Properties;
    errors: string[];
    creates: number;
  } | null = null;
  #root = '';

  get state(): ReadonlyMap<string, Registered> {
    return this.#state;
  }

  /** The program in this process, as the Automation API runs it. */
  async up(program: () => Promise<unknown>, request: RunRequest): Promise<Outcome> {
    const { LanguageServer } = require('@pulumi/pulumi/automation/server.js');
    return this.#serving(request, async (monitor, engine) => {
      const run = new languageMessages.RunRequest();
      run.setProject('bft-scale');
      run.setStack(request.stack);
      run.setOrganization('organization');
      run.setParallel(64);
      run.setMonitorAddress(monitor);
      run.setArgsList([engine]);
      for (const [key, value] of Object.entries(request.config)) run.getConfigMap().set(key, value);
      await new Promise<void>((resolve) => {
        const server = new LanguageServer(program);
        void server.run({ request: run }, (error: Error | null) => {
          if (error !== null && error !== undefined && this.#run?.errors.length === 0)
            this.#run.errors.push(error.message);
          resolve();
        });
      });
    });
  }

  /** The real entry point under the official program host, in a process of its own. Resolves with its exit code as well. */
  async host(request: RunRequest): Promise<HostOutcome> {
    let exitCode = -1;
    const cpuFile = path.join(mkdtempSync(path.join(tmpdir(), 'bft-host-')), 'cpu');
    const started = performance.now();
    const outcome = await this.#serving(request, async (monitor, engine) => {
      const child = spawn(
        process.execPath,
        [
          ...nodeWords(),
          '--import',
          `data:text/javascript,${encodeURIComponent(reportCpu)}`,
          require.resolve('@pulumi/pulumi/cmd/run/index.js'),
          `--monitor=${monitor}`,
          `--engine=${engine}`,
          '--project=bft-scale',
          `--stack=${request.stack}`,
          '--organization=organization',
          `--pwd=${repository}`,
          `--root-directory=${repository}`,
          '--parallel=64',
          'infra/',
        ],
        {
          cwd: repository,
          stdio: ['ignore', 'ignore', 'ignore'],
          env: {
            ...process.env,
            PULUMI_CONFIG: JSON.stringify(request.config),
            PULUMI_CONFIG_SECRET_KEYS: '[]',
            BFT_CPU_FILE: cpuFile,
          },
        },
      );
      exitCode = await new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? -1)));
    });
    const wallMs = performance.now() - started;
    const cpuMs = existsSync(cpuFile) ? Number(readFileSync(cpuFile, 'utf8')) : null;
    rmSync(path.dirname(cpuFile), { recursive: true });
    return { ...outcome, exitCode, wallMs, cpuMs };
  }

  async #serving(
    request: RunRequest,
    body: (monitor: string, engine: string) => Promise<void>,
  ): Promise<Outcome> {
    const run = { request, resources: [], outputs: {}, errors: [], creates: 0 };
    this.#run = run;
    const server = new grpc.Server();
    this.#offer(server, monitorRpc.ResourceMonitorService, this.#monitor());
    this.#offer(server, engineRpc.EngineService, this.#engine());
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    try {
      await body(`127.0.0.1:${port}`, `127.0.0.1:${port}`);
    } finally {
      server.forceShutdown();
      this.#run = null;
    }
    return { resources: run.resources, outputs: run.outputs, errors: run.errors };
  }

  #offer(
    server: Grpc.Server,
    service: Grpc.ServiceDefinition,
    calls: Record<string, (call: Call, answer: Answer) => void>,
  ): void {
    const unknown = (name: string) => (_call: Call, answer: Answer) =>
      answer({ code: grpc.status.UNIMPLEMENTED, details: name });
    const all = Object.keys(service).map((name) => [name, calls[name] ?? unknown(name)]);
    server.addService(service, Object.fromEntries(all));
  }

  #monitor(): Record<string, (call: Call, answer: Answer) => void> {
    return {
      supportsFeature: ({ request }, answer) => {
        const response = new monitorMessages.SupportsFeatureResponse();
        response.setHassupport(features.has(String(request['getId']!())));
        answer(null, response);
      },
      registerResource: ({ request }, answer) => {
        try {
          answer(null, this.#register(request));
        } catch (error) {
          const details = error instanceof Error ? error.message : String(error);
          this.#run?.errors.push(details);
          answer({ code: grpc.status.UNKNOWN, details });
        }
      },
      registerResourceOutputs: ({ request }, answer) => {
        if (String(request['getUrn']!()).includes('pulumi:pulumi:Stack') && this.#run !== null) {
          this.#run.outputs = javaScript(request['getOutputs']!());
        }
        answer(null, new Empty());
      },
      invoke: ({ request }, answer) => {
        const token = String(request['getTok']!());
        const found = answerOf(
          token,
          javaScript(request['getArgs']!()),
          this.#run?.request.quota ?? 1_000_000,
        );
        if (found === null)
          return answer({ code: grpc.status.NOT_FOUND, details: `nobody answers ${token}` });
        const response = new monitorMessages.ResourceInvokeResponse();
        response.setReturn(Struct.fromJavaScript(found));
        answer(null, response);
      },
      signalAndWaitForShutdown: (_call, answer) => answer(null, new Empty()),
    };
  }

  #engine(): Record<string, (call: Call, answer: Answer) => void> {
    return {
      log: ({ request }, answer) => {
        // 3 = error.
        if (Number(request['getSeverity']!()) === 3) this.#run?.errors.push(String(request['getMessage']!()));
        answer(null, new Empty());
      },
      getRootResource: (_call, answer) => {
        const response = new engineMessages.GetRootResourceResponse();
        response.setUrn(this.#root);
        answer(null, response);
      },
      setRootResource: ({ request }, answer) => {
        this.#root = String(request['getUrn']!());
        answer(null, new engineMessages.SetRootResourceResponse());
      },
    };
  }

  #register(request: Call['request']): object {
    const run = this.#run;
    if (run === null) throw new Error('no run is under way');
    const get = (name: string): unknown => request[`get${name}`]!();
    const type = String(get('Type'));
    const name = String(get('Name'));
    const urn = `urn:pulumi:${run.request.stack}::bft-scale::${type}::${name}`;
    const isCustom = get('Custom') === true;
    const before = this.#state.get(urn);
    const inputs = javaScript(get('Object'));
    for (const key of get('IgnorechangesList') as string[]) {
      if (before !== undefined && key in before.inputs) inputs[key] = before.inputs[key];
    }
    if (isCustom) this.#check(type, name, inputs);
    const did =
      before === undefined ? 'create' : isDeepStrictEqual(before.inputs, inputs) ? 'same' : 'update';
    if (isCustom && did === 'create' && !type.startsWith('pulumi:')) {
      run.creates += 1;
      if (run.creates === run.request.failCreate)
        throw new Error(`the cloud refuses to create ${type} ${name}`);
    }
    const id = isCustom ? `${name}-id` : '';
    const outputs = isCustom ? { ...inputs, ...outputsOf(type, name, inputs) } : inputs;
    const after = [...(get('DependenciesList') as string[]), String(get('Parent'))].filter(
      (one) => one !== '',
    );
    const registered = {
      urn,
      type,
      name,
      isCustom,
      inputs,
      outputs,
      after,
      deletedWith: String(get('Deletedwith')),
      did,
    } as const;
    this.#state.set(urn, registered);
    run.resources.push(registered);
    const response = new monitorMessages.RegisterResourceResponse();
    response.setUrn(urn);
    if (isCustom) response.setId(id);
    response.setObject(Struct.fromJavaScript(outputs));
    return response;
  }

  #check(type: string, name: string, inputs: Properties): void {
    const declared = types.get(type.split(':')[0] ?? '');
    // Declared in files whose case differs from their type's name: not found where names of files are told apart by case.
    if (declared === undefined || /:IAM\w+$/.test(type)) return;
    // The SDK's folders carry the first word of a group of Kubernetes only.
    const complaints = declared.check(type.replace(/^kubernetes:(\w+)\.[\w.]+\//, 'kubernetes:$1/'), inputs);
    if (complaints.length === 0) return;
    const words = complaints.map(({ property, reason }) => `${property}: ${reason}`).join('; ');
    throw new Error(`${type} ${name}: ${words}`);
  }
}
