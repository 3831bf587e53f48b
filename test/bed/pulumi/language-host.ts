/**
 * A test double of Pulumi's Node language host: the engine starts it from PATH because the real one is not among the Go modules.
 * Owns: the calls that up, preview, refresh and destroy make of a host. Does not own: the program, which the SDK's own cmd/run runs.
 * It prints its port, answers, and leaves when its standard input ends.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Grpc from '@grpc/grpc-js';
import type * as LanguageRpc from '@pulumi/pulumi/proto/language_grpc_pb.js';
import type * as Language from '@pulumi/pulumi/proto/language_pb.js';
import type * as Plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import type * as EmptyMessages from 'google-protobuf/google/protobuf/empty_pb.js';
import { programLog } from './program-log.ts';

const require = createRequire(import.meta.url);
const grpc: typeof Grpc = require('@grpc/grpc-js');
const rpc: typeof LanguageRpc = require('@pulumi/pulumi/proto/language_grpc_pb.js');
const language: typeof Language = require('@pulumi/pulumi/proto/language_pb.js');
const plugin: typeof Plugin = require('@pulumi/pulumi/proto/plugin_pb.js');
const { Empty }: typeof EmptyMessages = require('google-protobuf/google/protobuf/empty_pb.js');

type Handler = (request: unknown) => Promise<object> | object;

/** The program says this when it has told the user what is wrong. */
const alreadyTold = 32;
let engineAddress = process.argv.find((word) => /^127\.0\.0\.1:\d+$/.test(word)) ?? '';

interface Manifest {
  readonly version?: string;
  readonly pulumi?: { readonly resource?: boolean; readonly name?: string; readonly version?: string };
}

/** Every installed package that says it is a Pulumi resource package. */
function requiredPackages(from: string): Plugin.PackageDependency[] {
  const scope = nearest(from, path.join('node_modules', '@pulumi'));
  if (scope === null) return [];
  return readdirSync(scope).flatMap((name) => {
    const file = path.join(scope, name, 'package.json');
    if (!existsSync(file)) return [];
    const { version = '', pulumi }: Manifest = JSON.parse(readFileSync(file, 'utf8'));
    if (pulumi?.resource !== true) return [];
    const found = new plugin.PackageDependency();
    found.setKind('resource');
    found.setName(pulumi.name ?? name);
    found.setVersion(pulumi.version ?? version);
    return [found];
  });
}

function nearest(from: string, below: string): string | null {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, below))) return path.join(folder, below);
    if (folder === path.dirname(folder)) return null;
  }
}

function commandLine(request: Language.RunRequest): string[] {
  const info = request.getInfo();
  const flags: Readonly<Record<string, string>> = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    project: request.getProject(),
    stack: request.getStack(),
    organization: request.getOrganization(),
    'root-directory': info?.getRootDirectory() ?? request.getPwd(),
    pwd: request.getPwd(),
    parallel: String(request.getParallel()),
  };
  const words = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  if (request.getDryrun()) words.push('--dry-run');
  return [...words, info?.getEntryPoint() ?? '.', ...request.getArgsList()];
}

function runProgram(request: Language.RunRequest): Promise<object> {
  const config = Object.fromEntries(request.getConfigMap().toObject());
  const info = request.getInfo();
  const host = createRequire(path.join(realpathSync(info?.getProgramDirectory() ?? request.getPwd()), 'x'));
  const options: { nodeargs?: string } = info?.getOptions()?.toJavaScript() ?? {};
  const nodeWords = options.nodeargs?.split(' ') ?? [];
  const words = [...nodeWords, host.resolve('@pulumi/pulumi/cmd/run'), ...commandLine(request)];
  const child = spawn(process.execPath, words, {
    cwd: request.getPwd(),
    // The engine shows what a program prints only when it comes through the host.
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
  });
  programs.add(child);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      programs.delete(child);
      const log = process.env[programLog];
      if (log !== undefined) appendFileSync(log, `${(performance.now() - started) / 1_000}\n`);
      const response = new language.RunResponse();
      if (code === alreadyTold) response.setBail(true);
      else if (code !== 0) response.setError(`the program ended with ${code ?? signal}`);
      resolve(response);
    });
  });
}

const programs = new Set<ReturnType<typeof spawn>>();

const handlers: Readonly<Record<string, Handler>> = {
  handshake: (request) => {
    if (request instanceof language.LanguageHandshakeRequest) engineAddress = request.getEngineAddress();
    return new language.LanguageHandshakeResponse();
  },
  getPluginInfo: () => {
    const info = new plugin.PluginInfo();
    info.setVersion('0.0.0');
    return info;
  },
  about: () => {
    const about = new language.AboutResponse();
    about.setExecutable(process.execPath);
    about.setVersion(process.version);
    return about;
  },
  getProgramDependencies: () => new language.GetProgramDependenciesResponse(),
  getRequiredPackages: (request) => {
    const response = new language.GetRequiredPackagesResponse();
    if (request instanceof language.GetRequiredPackagesRequest) {
      const info = request.getInfo();
      response.setPackagesList(requiredPackages(realpathSync(info?.getProgramDirectory() ?? process.cwd())));
    }
    return response;
  },
  run: (request) => {
    if (!(request instanceof language.RunRequest)) throw new TypeError('not a RunRequest');
    return runProgram(request);
  },
  cancel: () => {
    for (const program of programs) program.kill('SIGTERM');
    return new Empty();
  },
};

function implementation(): Grpc.UntypedServiceImplementation {
  const names = Object.keys(rpc.LanguageRuntimeService);
  return Object.fromEntries(
    names.map((name) => [
      name,
      (call: { request: unknown }, answer: Grpc.sendUnaryData<object>) => {
        const handler = handlers[name];
        if (handler === undefined) {
          answer({ code: grpc.status.UNIMPLEMENTED, details: `the double has no ${name}` });
          return;
        }
        Promise.resolve()
          .then(() => handler(call.request))
          .then(
            (response) => answer(null, response),
            (error: Error) => answer({ code: grpc.status.INTERNAL, details: error.message }),
          );
      },
    ]),
  );
}

const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
server.addService(rpc.LanguageRuntimeService, implementation());
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
process.stdin.resume();
process.stdin.on('end', () => {
  for (const program of programs) program.kill('SIGKILL');
  process.exit(0);
});
