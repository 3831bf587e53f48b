/**
 * What a conductor that stands alone is told: where it listens, who may speak to it, how many processes it waits for, what it costs.
 * Owns: the variables BFT_CONDUCTOR_*, their checks, the help. Does not own: runs, which arrive later (run-desk.ts).
 *
 * Everything comes from the environment, and secrets from files named there: a pod is configured so.
 */
import { z } from 'zod';
import type { PlannedMoney } from '#campaigns/conductor/fleet-metrics.ts';
import { suggestion } from '#node/config-names.ts';
import { ConfigError, type ConfigProblem } from '#node/config-problem.ts';
import { readToken } from '#node/config-token.ts';

export interface ConductorConfig {
  readonly host: string;
  readonly port: number;
  /** Opens everything: agents and operators have it. */
  readonly token: string;
  /** Opens /metrics and nothing else; null: only `token` does. */
  readonly metricsToken: string | null;
  /** Processes that a run waits for. */
  readonly agents: number;
  readonly nodesPerProcess: number;
  /** Limits that the processes run under, in words for the record. */
  readonly limits: string;
  /** Folder of finished cells and of runs that wait. */
  readonly folder: string;
  readonly money: PlannedMoney | null;
}

const prefix = 'BFT_CONDUCTOR_';

const count = (most: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, 'is no whole number')
    .transform(Number)
    .pipe(z.int().min(1).max(most));
const usd = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,6})?$/, 'is no amount: write dollars, like 12.50')
  .transform(Number);
const time = z
  .string()
  .refine((text) => /^\d{4}-\d\d-\d\dT.*Z$/.test(text) && Number.isFinite(Date.parse(text)), {
    message: 'is no time: write UTC, like 2026-01-31T18:00:00Z',
  })
  .transform((text) => Date.parse(text));
const file = z.string().min(1).max(1_024);

interface Variable {
  readonly schema: z.ZodType;
  readonly help: string;
}
const variables = {
  LISTEN_HOST: {
    schema: z
      .string()
      .regex(/^[\w.:-]{1,253}$/, 'is no address')
      .default('127.0.0.1'),
    help: 'address it listens on (127.0.0.1)',
  },
  LISTEN_PORT: {
    schema: z
      .string()
      .regex(/^\d{1,5}$/, 'is no port')
      .transform(Number)
      .pipe(z.int().max(65_535))
      .default(7400),
    help: 'port of agents, metrics and runs; 0 = a free one (7400)',
  },
  TOKEN_FILE: { schema: file, help: 'file with the token of agents and operators' },
  METRICS_TOKEN_FILE: { schema: file.optional(), help: 'file with a token that opens /metrics only' },
  AGENTS: { schema: count(16_384), help: 'node processes that a run waits for' },
  NODES_PER_PROCESS: { schema: count(1_024).default(1), help: 'nodes that each of them carries (1)' },
  LIMITS: {
    schema: z.string().min(1).max(200).default('none that the conductor knows of'),
    help: 'limits that the processes run under, in words for the record',
  },
  OUT: { schema: file, help: 'folder of finished cells and of runs that wait' },
  USD_PER_HOUR: { schema: usd.optional(), help: 'FORECAST burn rate of the plan, shown as a metric' },
  CAP_USD: { schema: usd.optional(), help: 'limit of the run, with USD_PER_HOUR' },
  SINCE: { schema: time.optional(), help: 'when the deployment began, with USD_PER_HOUR' },
  DEADLINE: { schema: time.optional(), help: 'when the dead-man switch acts, with USD_PER_HOUR' },
} satisfies Record<string, Variable>;
const shape = z.object({
  LISTEN_HOST: variables.LISTEN_HOST.schema,
  LISTEN_PORT: variables.LISTEN_PORT.schema,
  TOKEN_FILE: variables.TOKEN_FILE.schema,
  METRICS_TOKEN_FILE: variables.METRICS_TOKEN_FILE.schema,
  AGENTS: variables.AGENTS.schema,
  NODES_PER_PROCESS: variables.NODES_PER_PROCESS.schema,
  LIMITS: variables.LIMITS.schema,
  OUT: variables.OUT.schema,
  USD_PER_HOUR: variables.USD_PER_HOUR.schema,
  CAP_USD: variables.CAP_USD.schema,
  SINCE: variables.SINCE.schema,
  DEADLINE: variables.DEADLINE.schema,
});

export const conductorVariables: readonly string[] = Object.keys(variables).map((name) => prefix + name);

/** Throws ConfigError with everything that is wrong. */
export function readConductorConfig(env: Readonly<Record<string, string | undefined>>): ConductorConfig {
  const problems: ConfigProblem[] = [];
  const refuse = (name: string, message: string, remedy = ''): void => {
    problems.push({ file: 'environment', line: 0, path: prefix + name, message, remedy });
  };
  const given: Record<string, string> = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(prefix) || text === undefined) continue;
    if (conductorVariables.includes(name)) given[name.slice(prefix.length)] = text;
    else refuse(name.slice(prefix.length), 'is not known', suggestion(name, conductorVariables));
  }
  const parsed = shape.safeParse(given, { reportInput: true });
  for (const issue of parsed.error?.issues ?? []) {
    refuse(String(issue.path[0]), issue.input === undefined ? 'is missing' : issue.message);
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const value = parsed.data;
  const tokenOf = (name: 'TOKEN_FILE' | 'METRICS_TOKEN_FILE'): string | null => {
    const named = value[name];
    return named === undefined ? null : readToken(named, (message, remedy) => refuse(name, message, remedy));
  };
  const token = tokenOf('TOKEN_FILE');
  const metricsToken = tokenOf('METRICS_TOKEN_FILE');
  const money = moneyOf(value, refuse);
  if (problems.length > 0 || token === null) throw new ConfigError(problems);
  return {
    host: value.LISTEN_HOST,
    port: value.LISTEN_PORT,
    token,
    metricsToken,
    agents: value.AGENTS,
    nodesPerProcess: value.NODES_PER_PROCESS,
    limits: value.LIMITS,
    folder: value.OUT,
    money,
  };
}

function moneyOf(
  { USD_PER_HOUR, CAP_USD, SINCE, DEADLINE }: z.infer<typeof shape>,
  refuse: (name: string, message: string) => void,
): PlannedMoney | null {
  if (USD_PER_HOUR === undefined) {
    for (const [name, value] of Object.entries({ CAP_USD, SINCE, DEADLINE }))
      if (value !== undefined) refuse(name, `means nothing without ${prefix}USD_PER_HOUR`);
    return null;
  }
  for (const [name, value] of Object.entries({ CAP_USD, SINCE, DEADLINE }))
    if (value === undefined) refuse(name, `is missing beside ${prefix}USD_PER_HOUR`);
  if (SINCE !== undefined && DEADLINE !== undefined && DEADLINE <= SINCE)
    refuse('DEADLINE', `is not after ${prefix}SINCE`);
  return { usdPerHour: USD_PER_HOUR, capUsd: CAP_USD ?? 0, sinceMs: SINCE ?? 0, deadlineMs: DEADLINE ?? 0 };
}

export function conductorHelp(): string {
  return [
    'Usage: node campaigns/conductor-main.ts',
    '',
    'Waits for node processes, conducts the runs that an operator hands in, one after the other, and keeps their results.',
    '',
    'Environment:',
    ...Object.entries(variables).map(([name, { help }]) => `  ${(prefix + name).padEnd(36)} ${help}`),
    '',
    'HTTP on the same port, with "authorization: Bearer TOKEN" (but /healthz and /readyz):',
    '  GET /metrics                     of all nodes together, of the run, of the planned money',
    '  GET /v1/status                   agents and runs',
    '  PUT /v1/runs/CELL                a run specification as JSON; a finished cell is not run again',
    '  GET /v1/runs/CELL                queued, running (with progress), done or failed',
    '  GET /v1/runs/CELL/files/NAME     manifest.json, result.json, series.json, events.jsonl, spec.json',
    '  DELETE /v1/runs/CELL             stop it safely, or take it out of the queue',
    '',
    'Example:',
    '  BFT_CONDUCTOR_TOKEN_FILE=./token BFT_CONDUCTOR_AGENTS=2 BFT_CONDUCTOR_NODES_PER_PROCESS=8 \\',
    '    BFT_CONDUCTOR_OUT=./conducted node campaigns/conductor-main.ts',
    '',
    'Exit codes: 0 stopped in order, 20 invalid configuration, 30 could not start.',
  ].join('\n');
}
