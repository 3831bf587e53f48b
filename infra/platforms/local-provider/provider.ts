/**
 * The resource provider bft-local: one resource, a network of node processes on this machine.
 * Owns: what the engine asks of a provider. Does not own: the processes (network-process.ts), the resource's class (local-network.ts).
 */
import * as pulumi from '@pulumi/pulumi';
import {
  endNetwork,
  isStanding,
  type NetworkInputs,
  networkInputs,
  networksNamed,
  readRecord,
  startNetwork,
} from './network-process.ts';

const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const keys = Object.keys(networkInputs.shape) as (keyof NetworkInputs)[];

type Properties = Readonly<Record<string, unknown>>;

/** The deadline that was asked for, not the one that follows from the length of life. */
const askedDeadline = '__deadline';

/** Only what was asked for: state holds outputs beside it. */
function inputsOf(properties: Properties): Properties {
  const entries = keys.map((key) => [key, properties[key === 'deadline' ? askedDeadline : key]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
}

interface Handle {
  readonly pid: number;
  readonly ticks: string | null;
  readonly folder: string;
}

function handleOf(properties: Properties): Handle {
  const { pid, ticks, folder } = properties;
  return { pid: Number(pid), ticks: typeof ticks === 'string' ? ticks : null, folder: String(folder) };
}

const provider: pulumi.provider.Provider = {
  version: '1.0.0',
  check: async (_urn, _olds, news: Properties) => {
    const wanted = Object.fromEntries(
      Object.entries(news).filter(([key, value]) => value !== unknownValue && !key.startsWith('__')),
    );
    const parsed = networkInputs.safeParse(wanted);
    const failures = (parsed.error?.issues ?? []).map((issue) => ({
      property: issue.path.join('.'),
      reason: issue.message,
    }));
    return { inputs: wanted, failures };
  },
  diff: async (_id, _urn, olds: Properties, news: Properties) => {
    const [old, wanted] = [inputsOf(olds), inputsOf({ ...news, [askedDeadline]: news['deadline'] })];
    // The deadline is that of the start: another length of life counts from the next start on.
    const replaces = keys.filter((key) => key !== 'ttlMinutes' && old[key] !== wanted[key]);
    return { changes: replaces.length > 0, replaces, deleteBeforeReplace: true };
  },
  create: async (_urn, inputs: Properties) => {
    const wanted = networkInputs.parse(inputs);
    for (const left of networksNamed(wanted.name)) await endNetwork(left);
    const network = await startNetwork(wanted);
    return { id: network.folder, outs: { ...wanted, ...network, [askedDeadline]: wanted.deadline ?? null } };
  },
  read: async (id, _urn, properties: Properties = {}) => {
    const found = readRecord(id);
    if (found === null || !isStanding(found)) return { id: '', props: {} };
    return { id, props: { ...properties, ...found }, inputs: inputsOf(properties) };
  },
  delete: async (_id, _urn, properties: Properties) => {
    await endNetwork(handleOf(properties));
    // What an interrupted `up` has left of the same name is in no state.
    for (const left of networksNamed(String(properties['name']))) await endNetwork(left);
  },
};

// An engine that was killed writes nothing down any more: a network that is being started must not outlive it, and it does not
// when this process ends before it has taken the network over.
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
await pulumi.provider.main(provider, process.argv.slice(2));
