/**
 * The programs of the test bed: the Pulumi engine, a Kubernetes control plane, an AWS look-alike (moto), the FOCUS validator, and how
 * each comes to be.
 * Owns: pins, build commands, and the reason why a tool is not there. Does not own: where they are kept (tool-cache.ts), running them.
 * Everything is built from published modules by name; nothing is fetched from anywhere else.
 */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fillFolder, isFilled, toolFolder } from './tool-cache.ts';

export interface Tool {
  readonly name: 'pulumi' | 'kubernetes' | 'moto' | 'focus';
  readonly folder: string;
  /** Files below `folder` that a whole build has. */
  readonly programs: readonly string[];
  /** What the build itself needs on this machine, or null when it is all there. */
  readonly lacking: () => string | null;
  readonly fill: (folder: string) => Promise<void>;
}

const here = import.meta.dirname;

function answers(command: string, ...words: string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
}

function lackingGo(): string | null {
  return answers('go', 'version')
    ? null
    : 'Go is not installed (Debian: apt-get install golang-go, 1.26 or newer)';
}

interface Run {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a build step; what it says goes to stderr. */
function step(command: string, words: readonly string[], { cwd, env }: Run): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', process.stderr, process.stderr],
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${words.slice(0, 2).join(' ')} ended with ${code}`));
    });
  });
}

/** The version that go.mod asks for: `module vX.Y.Z`. */
function pinned(goMod: string, module: string): string {
  const found = new RegExp(`^(?:require |\\t)${module.replaceAll('.', '\\.')} (v\\S+)`, 'm').exec(
    readFileSync(goMod, 'utf8'),
  );
  if (found === null) throw new Error(`${goMod} does not pin ${module}`);
  return found[1]!;
}

const goFlags = ['build', '-trimpath', '-buildvcs=false', '-mod=readonly'];
const plainGo = { CGO_ENABLED: '0' };

function goTool(
  name: 'pulumi' | 'kubernetes',
  programs: readonly string[],
  fill: (source: string, folder: string) => Promise<void>,
): Tool {
  const source = path.join(here, name);
  return {
    name,
    folder: toolFolder(name, [path.join(source, 'go.mod'), path.join(source, 'go.sum')]),
    programs,
    lacking: lackingGo,
    fill: (folder) => fill(source, folder),
  };
}

export const pulumiTool = goTool('pulumi', ['pulumi'], async (source, folder) => {
  const module = 'github.com/pulumi/pulumi/pkg/v3';
  const version = pinned(path.join(source, 'go.mod'), module);
  const flags = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`;
  const words = [...goFlags, '-o', path.join(folder, 'pulumi'), '-ldflags', flags, `${module}/cmd/pulumi`];
  await step('go', words, { cwd: source, env: plainGo });
});

/** Without these the API server calls itself v0.0.0 and clients that compare versions turn features off. */
function kubernetesVersionFlags(version: string): string {
  const [major, minor] = version.slice(1).split('.');
  const stamped = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((pkg) => Object.entries(stamped).map(([key, value]) => `-X ${pkg}.${key}=${value}`))
    .join(' ');
}

const kwokStages = [
  'node/fast/node-initialize',
  'pod/fast/pod-ready',
  'pod/fast/pod-complete',
  'pod/fast/pod-delete',
];

export const kubernetesTool = goTool(
  'kubernetes',
  ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kwok', 'stages.yaml'],
  async (source, folder) => {
    const flags = `-s -w ${kubernetesVersionFlags(pinned(path.join(source, 'go.mod'), 'k8s.io/kubernetes'))}`;
    const common = [...goFlags, '-tags', 'grpcnotrace'];
    const commands = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'];
    const packages = [
      ...commands.map((name) => `k8s.io/kubernetes/cmd/${name}`),
      'sigs.k8s.io/kwok/cmd/kwok',
    ];
    const words = [...common, '-ldflags', flags, '-o', `${folder}/`, ...packages];
    await step('go', words, { cwd: source, env: plainGo });
    // etcd's package is named "server", hence a name of its own.
    const etcd = [
      ...common,
      '-ldflags',
      '-s -w',
      '-o',
      path.join(folder, 'etcd'),
      'go.etcd.io/etcd/server/v3',
    ];
    await step('go', etcd, { cwd: source, env: plainGo });
    writeStages(source, path.join(folder, 'stages.yaml'));
  },
);

/** kwok has no stage built in: these make fake nodes and pods ready, and let them go. */
function writeStages(source: string, file: string): void {
  const words = ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok'];
  const listed = spawnSync('go', words, { cwd: source, encoding: 'utf8' });
  if (listed.status !== 0) throw new Error(`go list: ${listed.stderr}`);
  writeFileSync(file, '');
  for (const stage of kwokStages) {
    const text = readFileSync(path.join(listed.stdout.trim(), 'kustomize/stage', `${stage}.yaml`), 'utf8');
    appendFileSync(file, `---\n${text}`);
  }
}

const importsVenv = 'import venv, ensurepip';
/** The pinned validator stands on a numpy that has wheels for no newer Python. */
const importsVenvOn312 = `${importsVenv}, sys; sys.exit(sys.version_info[:2] != (3, 12))`;

/** Programs of pip in a virtual environment of their own, each release pinned in requirements.txt. */
function pythonTool(name: 'moto' | 'focus', pythons: readonly string[], probe: string): Tool {
  const requirements = path.join(here, name, 'requirements.txt');
  const named = process.env['BFT_SCALE_PYTHON'];
  const found = (): string | undefined =>
    (named === undefined ? pythons : [named]).find((python) => answers(python, '-c', probe));
  return {
    name,
    folder: toolFolder(name, [requirements]),
    programs: ['bin/python', 'installed'],
    lacking: () =>
      found() === undefined
        ? 'Python 3.12 with venv is not installed (Debian: apt-get install python3-venv; another one: BFT_SCALE_PYTHON)'
        : null,
    fill: async (folder) => {
      const python = found();
      if (python === undefined) throw new Error('no Python with venv');
      await step(python, ['-m', 'venv', folder], { cwd: here });
      const quietly = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check'];
      await step(path.join(folder, 'bin/python'), [...quietly, '-r', requirements], { cwd: here });
      writeFileSync(path.join(folder, 'installed'), '');
    },
  };
}

export const motoTool = pythonTool('moto', ['python3.12', 'python3.13', 'python3'], importsVenv);
/** The FinOps Foundation's validator of FOCUS files. */
export const focusTool = pythonTool('focus', ['python3.12', 'python3'], importsVenvOn312);

export const tools: readonly Tool[] = [pulumiTool, kubernetesTool, motoTool, focusTool];

/** False when the tool can be used; else the words a test is skipped with. */
export function missing(...wanted: readonly Tool[]): string | false {
  for (const { name, folder, programs, lacking } of wanted) {
    if (isFilled(folder, programs)) continue;
    const reason = lacking() ?? `it is not built yet (node test/bed/build.ts ${name} builds it)`;
    return `NOT RUN: ${name} of the test bed is absent: ${reason}`;
  }
  return false;
}

/** Builds what is absent and can be built. Returns a line per tool for people. */
export async function buildTool(tool: Tool): Promise<string> {
  if (isFilled(tool.folder, tool.programs)) return `${tool.name}: in the cache`;
  const lack = tool.lacking();
  if (lack !== null) return `${tool.name}: NOT BUILT: ${lack}`;
  const started = performance.now();
  await fillFolder(tool.folder, tool.fill);
  return `${tool.name}: built in ${((performance.now() - started) / 1000).toFixed(0)} s`;
}
