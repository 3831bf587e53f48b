/**
 * The configuration of a stack: what may stand in stacks/Pulumi.<stack>.yaml, with defaults and checks that need no prices.
 * Owns: the keys, their written form, one clear complaint per mistake (exit 20 of the campaign, a refused `pulumi up`).
 * Does not own: reading it from Pulumi (index.ts), what follows from it (plan/), limits of money (plan/worst-case.ts).
 */
import { z } from 'zod';
import { parseUsd, type UsdMicros } from '#budgets/money.ts';
import { record, suggestion } from '#node/config-names.ts';
import { ConfigError, type ConfigProblem, complaintsOf } from '#node/config-problem.ts';

/** Pulumi project and namespace of every key. */
export const PROJECT = 'bft-scale';

export const platforms = ['aws', 'gcp', 'local'] as const;
export type PlatformName = (typeof platforms)[number];

/** The widest network the planners were checked for. */
export const NODES_MOST = 10_000;
const NODES_PER_PROCESS_MOST = 100;
const TTL_MINUTES_MOST = 26 * 60;

const tagValue = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$/, { message: 'is no tag: a-z, 0-9 and dash, at most 50' });

const dollars = z.string().transform((text, context): UsdMicros => {
  try {
    return parseUsd(text);
  } catch {
    context.addIssue({
      code: 'custom',
      message: 'is no amount in dollars',
      params: { remedy: 'write it like "1000" or "0.34"' },
    });
    return z.NEVER;
  }
});

/** An instant without quotes is a timestamp of YAML, and the engine hands over what Go prints of it. */
const asWritten = (text: string): string =>
  text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \+0000 UTC$/, '$1T$2Z');

const instant = z
  .string()
  .overwrite(asWritten)
  .refine((text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text)), {
    message: 'is no instant in UTC',
    params: { remedy: 'write it like 2026-12-01T18:00:00Z' },
  });

const image = z.string().refine((text) => /^[\w.:/-]+@sha256:[0-9a-f]{64}$/.test(text), {
  message: 'is not pinned by digest',
  params: { remedy: 'write it like REGISTRY/bft-scale@sha256:..., as `docker push` prints it' },
});

const accessCidr = z.string().refine((text) => /^\d{1,3}(\.\d{1,3}){3}\/(2[4-9]|3[0-2])$/.test(text), {
  message: 'is no narrow IPv4 range',
  params: { remedy: 'name the machine that deploys, like 203.0.113.7/32; at most 256 addresses' },
});

const written = record({
  platform: z.enum(platforms),
  nodes: z.int().min(1).max(NODES_MOST),
  nodesPerProcess: z.int().min(1).max(NODES_PER_PROCESS_MOST).default(1),
  phase: z.enum(['phase1', 'phase2', 'phase3', 'phase4']),
  campaign: tagValue.default('manual'),
  run: tagValue.default('manual'),
  owner: tagValue.optional(),
  region: z.string().min(1).max(32).optional(),
  account: z
    .string()
    .regex(/^\d{12}$/, { message: 'is no AWS account: twelve digits' })
    .optional(),
  project: z
    .string()
    .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, { message: 'is no GCP project id' })
    .optional(),
  image: image.optional(),
  imageMirror: z
    .string()
    .regex(/^[\w.:/-]+[^/]$/, { message: 'is no registry prefix' })
    .optional(),
  apiAccessCidrs: z.array(accessCidr).max(16).default([]),
  kubernetesVersion: z
    .string()
    .regex(/^1\.\d{2}$/, { message: 'is no Kubernetes version like 1.35' })
    .default('1.35'),
  kubeContext: z.string().min(1).max(253).optional(),
  ttlMinutes: z.int().min(30).max(TTL_MINUTES_MOST).default(180),
  deadline: instant.optional(),
  runCapUsd: dollars.prefault('1000'),
  campaignBudgetUsd: dollars.prefault('10000'),
  spentUsd: dollars.prefault('0'),
  pool: record({
    architecture: z.enum(['amd64', 'arm64']).default('amd64'),
    size: z.string().min(1).max(20).optional(),
    families: z.array(z.string().min(1).max(12)).min(1).max(20).optional(),
    podsPerVm: z.int().min(1).max(110).optional(),
    priceCapUsdPerHour: dollars.optional(),
    diskGiB: z.int().min(20).max(200).default(30),
    zones: z.int().min(1).max(3).default(1),
  }).prefault({}),
  pod: record({
    cpuMilli: z.int().min(10).max(64_000).default(500),
    memoryMiB: z.int().min(64).max(262_144).default(512),
    cpuLimitMilli: z.int().min(10).max(64_000).default(1_000),
    memoryLimitMiB: z.int().min(64).max(262_144).default(1_024),
    diskMiB: z.int().min(64).max(102_400).default(1_024),
  }).prefault({}),
});

export type StackConfig = Readonly<z.output<typeof written>>;

/** Keys whose text is the value; the text of all others is JSON, as Pulumi hands numbers, lists and records over. */
const textKeys: ReadonlySet<string> = new Set([
  'platform',
  'phase',
  'campaign',
  'run',
  'owner',
  'region',
  'account',
  'project',
  'image',
  'imageMirror',
  'kubernetesVersion',
  'kubeContext',
  'deadline',
  'runCapUsd',
  'campaignBudgetUsd',
  'spentUsd',
]);

export function stackFile(stack: string): string {
  return `stacks/Pulumi.${stack}.yaml`;
}

function problemAt(stack: string, path: readonly string[], message: string, remedy: string): ConfigProblem {
  const key = path.length === 0 ? '' : `${PROJECT}:${path.join('.')}`;
  return { file: stackFile(stack), line: 0, path: key, message, remedy };
}

/** An error about one key of a stack, for planners that find what no schema sees. */
export function configError(stack: string, key: string, message: string, remedy: string): ConfigError {
  return new ConfigError([problemAt(stack, key === '' ? [] : key.split('.'), message, remedy)]);
}

/** Amounts inside records arrive as JSON numbers when they were not quoted; everything of money is text from here on. */
function moneyAsText(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key.endsWith('UsdPerHour') && typeof inner === 'number' ? String(inner) : inner,
    ]),
  );
}

function decode(
  stack: string,
  raw: Readonly<Record<string, string>>,
  problems: ConfigProblem[],
): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(raw)) {
    const colon = name.indexOf(':');
    const namespace = name.slice(0, colon);
    const key = name.slice(colon + 1);
    if (namespace === 'pulumi') continue;
    if (namespace !== PROJECT) {
      problems.push({
        file: stackFile(stack),
        line: 0,
        path: name,
        message: 'is not read: regions and accounts are keys of this project',
        remedy: `remove it; known: ${PROJECT}:${Object.keys(written.shape).join(`, ${PROJECT}:`)}`,
      });
    } else if (textKeys.has(key) || !(key in written.shape)) decoded[key] = text;
    else {
      try {
        decoded[key] = moneyAsText(JSON.parse(text));
      } catch {
        problems.push(
          problemAt(stack, [key], 'is not what is expected here', 'write a number, a list or a record'),
        );
      }
    }
  }
  return decoded;
}

/** What the keys mean together and no single one shows. */
function together(stack: string, config: StackConfig): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  const need = (key: string, why: string, remedy: string): void => {
    found.push(problemAt(stack, [key], why, remedy));
  };
  const set = (key: string, value: string): string => `pulumi config set --stack ${stack} ${key} ${value}`;
  if (config.pod.cpuLimitMilli < config.pod.cpuMilli)
    need('pod.cpuLimitMilli', 'is below the request', 'at least pod.cpuMilli');
  if (config.pod.memoryLimitMiB < config.pod.memoryMiB)
    need('pod.memoryLimitMiB', 'is below the request', 'at least pod.memoryMiB');
  if (config.platform === 'local') return found;
  if (config.kubeContext !== undefined) need('kubeContext', 'belongs to platform local', 'remove it');
  if (config.owner === undefined)
    need('owner', 'is missing: every VM is tagged with who pays', set('owner', 'YOUR-NAME'));
  if (config.image === undefined)
    need('image', 'is missing: what the pods run', set('image', 'REGISTRY/bft-scale@sha256:...'));
  if (config.nodes > 1_000 && config.pool.zones > 1) {
    need('pool.zones', 'above 1,000 nodes traffic between zones costs more than the VMs', 'write 1');
  }
  if (config.platform === 'aws') {
    if (config.account === undefined) {
      need('account', 'is missing: the only account this stack may touch', set('account', '000000000000'));
    }
    if (config.apiAccessCidrs.length === 0) {
      need(
        'apiAccessCidrs',
        'is missing: who may reach the API of the cluster',
        set("--path 'apiAccessCidrs[0]'", '203.0.113.7/32'),
      );
    }
  } else if (config.project === undefined) {
    need('project', 'is missing: the project this stack lives in', set('project', 'YOUR-PROJECT'));
  }
  return found;
}

/**
 * `raw`: all configuration of the stack as Pulumi hands it over, "namespace:key" to text.
 * Throws ConfigError with every problem found, each with path and remedy; values are not printed.
 */
export function parseStackConfig(stack: string, raw: Readonly<Record<string, string>>): StackConfig {
  const problems: ConfigProblem[] = [];
  const decoded = decode(stack, raw, problems);
  if (Object.keys(decoded).length === 0 && problems.length === 0) {
    throw configError(
      stack,
      '',
      'the stack has no configuration',
      `known stacks: local, 1k-nodes, 5k-nodes, 10k-nodes`,
    );
  }
  const parsed = written.safeParse(decoded, { reportInput: true });
  if (!parsed.success) {
    // A key that could not be read is not also missing.
    const told = new Set(problems.map((one) => one.path));
    for (const { path, message, remedy } of complaintsOf(parsed.error.issues)) {
      const problem = problemAt(stack, path, message, remedy);
      if (!told.has(problem.path)) problems.push(problem);
    }
  }
  if (problems.length > 0 || parsed.data === undefined) throw new ConfigError(problems);
  const wrong = together(stack, parsed.data);
  if (wrong.length > 0) throw new ConfigError(wrong);
  return parsed.data;
}

/** The nearest known name, as words for a remedy. */
export function nearestOf(name: string, known: readonly string[]): string {
  return suggestion(name, known);
}
