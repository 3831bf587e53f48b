/**
 * The configuration of a node process: one record from a file (YAML or JSON), the environment and the command line.
 * Owns: the options, their names in the three places (command line over environment over file), and their checks.
 * Does not own: what a network agrees on (consensus, members, load): the conductor assigns that (agent-protocol.ts).
 *
 * Secrets never stand on a command line: tokens come from the file, the environment or a file of their own.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { nodesPerProcessMost, type TransportName, transportNames } from '#node/agent-fields.ts';
import { type ConfigFile, noConfigFile, readConfigFile } from '#node/config-file.ts';
import { record, suggestion } from '#node/config-names.ts';
import { ConfigError, type ConfigProblem, complaintsOf } from '#node/config-problem.ts';
import { readToken, token } from '#node/config-token.ts';

/** Of the program; the same numbers as the campaigns' where they mean the same. */
export const nodeExitCodes = {
  stopped: 0,
  /** Gave up: no conductor for too long. */
  orphaned: 11,
  invalid: 20,
  couldNotStart: 30,
  interrupted: 130,
} as const;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

const host = z.string().regex(/^[\w.:-]{1,253}$/, { message: 'is no host name or address' });
const port = z.int().min(0).max(65_535);
const url = z.string().refine((text) => /^wss?:\/\/[^\s/]+(\/[^\s]*)?$/.test(text) && URL.canParse(text), {
  message: 'is no WebSocket address',
  params: { remedy: 'write it like ws://127.0.0.1:7400' },
});

const written = record({
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { message: 'is no name: letters, digits, dot, dash, at most 64' })
    .default('node'),
  data: z.string().min(1).max(1_024),
  nodesPerProcess: z.int().min(1).max(nodesPerProcessMost).default(1),
  listen: record({
    host: host.default('127.0.0.1'),
    port: port.default(0),
    advertise: host.optional(),
    transport: z.enum(transportNames).default('tcp'),
  }).prefault({}),
  admin: record({
    host: host.default('127.0.0.1'),
    port: port.default(0),
    token: token.optional(),
    tokenFile: z.string().min(1).max(1_024).optional(),
    metricsTokenFile: z.string().min(1).max(1_024).optional(),
  }).prefault({}),
  conductor: record({
    url,
    token: token.optional(),
    tokenFile: z.string().min(1).max(1_024).optional(),
  }).prefault({} as { url: string }),
  identitySeedFile: z.string().min(1).max(1_024).optional(),
  campaign: z.boolean().default(false),
  log: record({ level: z.enum(logLevels).default('info') }).prefault({}),
});
type Written = z.infer<typeof written>;

export interface NodeConfig {
  /** Of the process: it names itself so to the conductor. */
  readonly name: string;
  readonly dataFolder: string;
  readonly nodesPerProcess: number;
  /** Node i listens on `port` + i, or on a free port when it is 0. `advertise`: what other nodes dial. */
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly advertise: string;
    readonly transport: TransportName;
  };
  /** A null token: one is drawn at the start and written into the data folder. */
  readonly admin: {
    readonly host: string;
    readonly port: number;
    readonly token: string | null;
    /** Opens /metrics and nothing else: a scraper that is broken into cannot switch an attack on. */
    readonly metricsToken: string | null;
  };
  /** Secret of a run that identities are derived from by name and index; null: they are kept in the data folder. */
  readonly identitySeed: string | null;
  readonly conductor: { readonly url: string; readonly token: string };
  /** Started for a campaign: Byzantine modes and faults may be switched on. */
  readonly isCampaign: boolean;
  readonly log: { readonly level: (typeof logLevels)[number] };
}

interface Setting {
  readonly path: readonly string[];
  readonly env: string;
  /** Null: a secret. */
  readonly flag: string | null;
  readonly kind: 'text' | 'number' | 'switch';
  readonly help: string;
}

export const environmentPrefix = 'BFT_NODE_';

function setting(dotted: string, kind: Setting['kind'], help: string, isSecret = false): Setting {
  const words = dotted.replaceAll('.', '-').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const env = environmentPrefix + words.replaceAll('-', '_').toUpperCase();
  return { path: dotted.split('.'), env, flag: isSecret ? null : words, kind, help };
}

export const settings: readonly Setting[] = [
  setting('name', 'text', 'name of the process, told to the conductor (node)'),
  setting('data', 'text', 'folder of identities and stores; created when absent'),
  setting('nodesPerProcess', 'number', 'nodes that this process carries (1)'),
  setting('listen.host', 'text', 'address the nodes listen on (127.0.0.1)'),
  setting('listen.port', 'number', 'port of the first node, the others follow; 0 = free ports (0)'),
  setting('listen.advertise', 'text', 'address other nodes dial (the one they listen on)'),
  setting(
    'listen.transport',
    'text',
    `one of ${transportNames.join(', ')}; all nodes of a network the same (tcp)`,
  ),
  setting('admin.host', 'text', 'address of the admin API and /metrics (127.0.0.1)'),
  setting('admin.port', 'number', 'port of the admin API; 0 = a free one (0)'),
  setting('admin.token', 'text', 'token of the admin API; drawn when absent', true),
  setting('admin.tokenFile', 'text', 'file that holds the token of the admin API'),
  setting('admin.metricsTokenFile', 'text', 'file with a token that opens /metrics only'),
  setting(
    'identitySeedFile',
    'text',
    'file with a secret that identities are derived from, by name and index',
  ),
  setting('conductor.url', 'text', 'the conductor, like ws://127.0.0.1:7400'),
  setting('conductor.token', 'text', 'token of the conductor', true),
  setting('conductor.tokenFile', 'text', 'file that holds the token of the conductor'),
  setting('campaign', 'switch', 'allow Byzantine modes and injected faults (off)'),
  setting('log.level', 'text', `one of ${logLevels.join(', ')} (info)`),
];

/** What the settings outside the file say: values by dotted path, and where each was written. */
class Overlay {
  readonly problems: ConfigProblem[] = [];
  readonly #values = new Map<
    string,
    { readonly value: unknown; readonly file: string; readonly name: string }
  >();

  add(known: Setting, text: string, file: string, name: string): void {
    const value = this.#convert(known, text, file, name);
    if (value !== undefined) this.#values.set(known.path.join('.'), { value, file, name });
  }

  #convert(known: Setting, text: string, file: string, name: string): unknown {
    if (known.kind === 'text') return text;
    if (known.kind === 'number' && /^\d{1,9}$/.test(text)) return Number(text);
    if (known.kind === 'switch' && /^(true|false)$/.test(text)) return text === 'true';
    const remedy = known.kind === 'number' ? 'write a whole number' : 'write true or false';
    this.problems.push(problem(file, name, `${JSON.stringify(text.slice(0, 40))} does not fit`, remedy));
    return undefined;
  }

  source(dotted: string): { readonly file: string; readonly name: string } | null {
    return this.#values.get(dotted) ?? null;
  }

  /** A copy of the file's record with the values of this overlay in it. */
  over(base: unknown): unknown {
    if (base !== null && (typeof base !== 'object' || Array.isArray(base))) return base;
    const merged: Record<string, unknown> = { ...base };
    for (const [dotted, { value }] of this.#values) {
      const [outer, inner] = dotted.split('.') as [string, string?];
      if (inner === undefined) merged[outer] = value;
      else if (typeof merged[outer] === 'object' || merged[outer] === undefined)
        merged[outer] = { ...(merged[outer] as object | undefined), [inner]: value };
    }
    return merged;
  }
}

function problem(file: string, where: string, message: string, remedy = ''): ConfigProblem {
  return { file, line: 0, path: where, message, remedy };
}

function readEnvironment(env: Readonly<Record<string, string | undefined>>, overlay: Overlay): void {
  const known = settings.map(({ env: name }) => name);
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(environmentPrefix) || text === undefined) continue;
    const match = settings.find((candidate) => candidate.env === name);
    if (match !== undefined) overlay.add(match, text, 'environment', name);
    else overlay.problems.push(problem('environment', name, 'is not known', suggestion(name, known)));
  }
}

interface Flags {
  readonly configFile: string | null;
  readonly wantsHelp: boolean;
}

function readFlags(argv: readonly string[], overlay: Overlay): Flags {
  const options = Object.fromEntries(
    settings.flatMap(({ flag, kind }) =>
      flag === null ? [] : [[flag, { type: kind === 'switch' ? 'boolean' : 'string' } as const]],
    ),
  );
  const flags = { configFile: null as string | null, wantsHelp: false };
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    strict: false,
    tokens: true,
  });
  const refuse = (where: string, message: string, remedy: string): void => {
    overlay.problems.push(problem('command line', where, message, remedy));
  };
  for (const found of tokens) {
    if (found.kind === 'positional') refuse(found.value, 'is no option', 'name the file with --config');
    if (found.kind !== 'option') continue;
    const match = settings.find(({ flag }) => flag === found.name);
    if (found.name === 'help') flags.wantsHelp = true;
    else if (match?.kind === 'switch')
      overlay.add(match, found.value ?? 'true', 'command line', found.rawName);
    else if (match === undefined && found.name !== 'config')
      refuse(found.rawName, 'is not known', flagRemedy(found.name));
    else if (found.value === undefined || found.value.startsWith('--'))
      refuse(found.rawName, 'has no value', `write ${found.rawName} VALUE`);
    else if (match === undefined) flags.configFile = found.value;
    else overlay.add(match, found.value, 'command line', found.rawName);
  }
  return flags;
}

function flagRemedy(name: string): string {
  const secret = settings.find(({ flag, path: where }) => flag === null && where.join('-') === name);
  if (secret !== undefined) return `secrets stay off the command line: use --${name}-file or ${secret.env}`;
  const flags = ['config', 'help', ...settings.flatMap(({ flag }) => flag ?? [])];
  return suggestion(name, flags).replace(/"(.+)"/, '"--$1"');
}

/** Tells a problem at the place where its value was written, or could be. */
class Places {
  readonly #file: ConfigFile;
  readonly #overlay: Overlay;

  constructor(file: ConfigFile, overlay: Overlay) {
    this.#file = file;
    this.#overlay = overlay;
  }

  at(path: readonly string[], message: string, remedy = ''): ConfigProblem {
    const dotted = path.join('.');
    const source = this.#overlay.source(dotted);
    if (source !== null) return problem(source.file, source.name, message, remedy);
    const known = settings.find((candidate) => candidate.path.join('.') === dotted);
    const place = { file: this.#file.name, line: this.#file.lineOf(path), path: dotted, message };
    if (message !== 'is missing' || known === undefined) return { ...place, remedy };
    const flag = known.flag === null ? '' : ` or --${known.flag}`;
    return { ...place, remedy: `write it into the file, or set ${known.env}${flag}` };
  }

  /** The configuration file, when it is where the value was written: relative paths start there. */
  fileOf(dotted: string): string | null {
    const isElsewhere = this.#overlay.source(dotted) !== null || this.#file === noConfigFile;
    return isElsewhere ? null : this.#file.name;
  }
}

export type ConfigRequest = { readonly kind: 'help' } | { readonly kind: 'run'; readonly config: NodeConfig };

/** Throws ConfigError with everything that is wrong, in words that say where and what to do. */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigRequest {
  const overlay = new Overlay();
  readEnvironment(env, overlay);
  const { configFile, wantsHelp } = readFlags(argv, overlay);
  if (wantsHelp) return { kind: 'help' };
  const file = configFile === null ? noConfigFile : readConfigFile(configFile);
  const places = new Places(file, overlay);
  const parsed = written.safeParse(overlay.over(file.value ?? {}), { reportInput: true });
  const complaints = parsed.success ? [] : complaintsOf(parsed.error.issues);
  const problems = [
    ...overlay.problems,
    ...complaints.map(({ path, message, remedy }) => places.at(path, message, remedy)),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return { kind: 'run', config: resolve(parsed.data, places) };
}

function resolve(value: Written, places: Places): NodeConfig {
  const problems: ConfigProblem[] = [];
  const absolute = (dotted: string, text: string): string =>
    path.resolve(path.dirname(places.fileOf(dotted) ?? 'here'), text);
  const fromFile = (path: readonly string[], file: string | undefined): string | null =>
    file === undefined
      ? null
      : readToken(absolute(path.join('.'), file), (message, remedy) =>
          problems.push(places.at(path, message, remedy)),
        );
  const secret = (owner: 'admin' | 'conductor'): string | null => {
    const { token: given, tokenFile } = value[owner];
    if (tokenFile === undefined) return given ?? null;
    if (given !== undefined)
      problems.push(places.at([owner, 'tokenFile'], 'is given beside a token', 'keep one of the two'));
    return fromFile([owner, 'tokenFile'], tokenFile);
  };
  const metricsToken = fromFile(['admin', 'metricsTokenFile'], value.admin.metricsTokenFile);
  const identitySeed = fromFile(['identitySeedFile'], value.identitySeedFile);
  const adminToken = secret('admin');
  const conductorToken = secret('conductor');
  if (conductorToken === null && problems.length === 0) {
    problems.push(places.at(['conductor', 'token'], 'is missing'));
  }
  const { listen, admin } = value;
  if (!isLoopback(admin.host) && adminToken === null) {
    const remedy = 'set admin.tokenFile, or keep to 127.0.0.1';
    problems.push(
      places.at(['admin', 'host'], 'is reachable from outside, and no admin token is set', remedy),
    );
  }
  if (listen.port > 0 && listen.port + value.nodesPerProcess - 1 > 65_535) {
    problems.push(
      places.at(['listen', 'port'], 'leaves too few ports for all nodes of the process', 'lower it'),
    );
  }
  if (listen.advertise === undefined && /^(0\.0\.0\.0|::)$/.test(listen.host)) {
    const remedy = 'set listen.advertise to the address that other nodes reach';
    problems.push(places.at(['listen', 'host'], 'is no address that others could dial', remedy));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    name: value.name,
    dataFolder: absolute('data', value.data),
    nodesPerProcess: value.nodesPerProcess,
    listen: { ...listen, advertise: listen.advertise ?? listen.host },
    admin: { host: admin.host, port: admin.port, token: adminToken, metricsToken },
    identitySeed,
    conductor: { url: value.conductor.url, token: conductorToken ?? '' },
    isCampaign: value.campaign,
    log: value.log,
  };
}

export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

export function helpText(): string {
  const rows = settings.map(({ flag, env, kind, help }) => {
    const option = flag === null ? `(${env})` : `--${flag}${kind === 'switch' ? '' : ' VALUE'}`;
    return `  ${option.padEnd(32)} ${help}`;
  });
  return [
    'Usage: node node/main.ts [--config FILE] [options]',
    '',
    'Starts the nodes of one process. They dial the conductor, get their assignment and run until it says stop.',
    '',
    'Options (each may stand in the file, or in the environment as in BFT_NODE_ADMIN_PORT):',
    '  --config FILE                    YAML or JSON; relative paths start at its folder',
    ...rows,
    '  -h, --help                       this text',
    '',
    'Examples:',
    '  node node/main.ts --config node.yaml',
    '  BFT_NODE_CONDUCTOR_TOKEN=... node node/main.ts --data ./data --conductor-url ws://127.0.0.1:7400',
    '  node node/main.ts --config node.yaml --nodes-per-process 10 --campaign --log-level debug',
    '',
    'A file:',
    '  name: p00',
    '  data: ./data/p00',
    '  nodesPerProcess: 10',
    '  conductor: { url: "ws://127.0.0.1:7400", tokenFile: ./conductor-token }',
    '',
    'Exit codes: 0 stopped in order, 20 invalid configuration, 30 could not start, 11 gave up without a conductor, 130 interrupted twice.',
  ].join('\n');
}
