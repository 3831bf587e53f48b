/**
 * A stand-in for a cloud's resource provider: checks inputs by the SDK's own declarations and keeps objects in the fake cloud.
 * Owns: check, diff, create, read, update, delete as the engine calls them. Does not own: storing (fake-cloud.ts), what is special
 * about a cloud (aws.ts, gcp.ts). It leaves when its standard input ends, but lets calls in flight land first, as a real cloud does.
 */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type * as Grpc from '@grpc/grpc-js';
import * as pulumi from '@pulumi/pulumi';
import type * as ProviderMessages from '@pulumi/pulumi/proto/provider_pb.js';
import type * as StructMessages from 'google-protobuf/google/protobuf/struct_pb.js';
import { DeclaredTypes, isRecord, plain, unknownValue } from './declared-types.ts';
import { cloudEnvironment, FakeCloud } from './fake-cloud.ts';

export type Properties = Record<string, unknown>;

/** What a cloud does beyond storing. */
export interface CloudTraits {
  /** aws, gcp. */
  readonly name: string;
  /** Of the pinned SDK. */
  readonly version: string;
  /** Inputs that cannot be changed in place, for every type. */
  readonly fixed: ReadonlySet<string>;
  /** Identifier and outputs of a new object beyond the generic ones; may make it elsewhere too. */
  readonly create: (type: string, name: string, inputs: Properties) => Promise<Properties & { id?: string }>;
  /** The inputs with a name drawn where none was given; an existing object keeps its own. */
  readonly named?: (name: string, olds: Properties, news: Properties) => Properties;
  /** What the provider's own configuration adds to the outputs of every object, such as default tags. */
  readonly configured?: (type: string, inputs: Properties, configuration: Properties) => Properties;
  readonly update: (type: string, id: string, inputs: Properties) => Promise<void>;
  readonly remove: (type: string, id: string, outputs: Properties) => Promise<void>;
  /** False: somebody has deleted it outside of the engine. */
  readonly exists: (type: string, id: string) => Promise<boolean>;
  readonly invoke: (token: string, inputs: Properties) => Promise<Properties | null>;
}

/** What is in a cluster goes with it. */
const clusters: ReadonlySet<string> = new Set(['aws:eks/cluster:Cluster', 'gcp:container/cluster:Cluster']);

/** In the state of a resource: which keys were inputs, and which fields the cloud added inside of them. */
const inputKeys = '__inputKeys';
const addedFields = '__addedFields';

/** An input as it was given: without the fields that the cloud added. */
function asGiven(state: Properties, key: string): unknown {
  const value = state[key];
  const fields = isRecord(state[addedFields]) ? state[addedFields][key] : undefined;
  if (!Array.isArray(fields) || !isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !fields.includes(name)));
}

export function typeOf(urn: string): string {
  return (urn.split('::')[2] ?? '').split('$').at(-1) ?? '';
}

export function nameOf(urn: string): string {
  return urn.split('::')[3] ?? '';
}

class CloudProvider implements pulumi.provider.Provider {
  readonly version: string;
  readonly #traits: CloudTraits;
  readonly #types: DeclaredTypes;
  readonly #cloud: FakeCloud;
  /** Of the provider itself, as the program gave it. */
  configuration: Properties = {};
  #inFlight = 0;
  #isLeaving = false;

  constructor(traits: CloudTraits, folder: string) {
    this.version = traits.version;
    this.#traits = traits;
    this.#types = new DeclaredTypes(traits.name);
    this.#cloud = new FakeCloud(folder);
  }

  check = async (urn: string, olds: Properties, news: Properties): Promise<pulumi.provider.CheckResult> => {
    const failures = this.#types.check(typeOf(urn), news);
    return { inputs: this.#traits.named?.(nameOf(urn), olds, news) ?? news, failures };
  };

  diff = async (
    _id: string,
    _urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<pulumi.provider.DiffResult> => {
    const before = Array.isArray(olds[inputKeys]) ? olds[inputKeys].map(String) : [];
    const keys = [...new Set([...before, ...Object.keys(news)])].filter((key) => !key.startsWith('__'));
    const changed = keys.filter((key) => !isDeepStrictEqual(plain(asGiven(olds, key)), plain(news[key])));
    const replaces = changed.filter((key) => this.#traits.fixed.has(key));
    return { changes: changed.length > 0, replaces, deleteBeforeReplace: true };
  };

  create = (urn: string, inputs: Properties): Promise<pulumi.provider.CreateResult> =>
    this.#landing(async () => {
      const type = typeOf(urn);
      const number = this.#cloud.nextCreate();
      const bare = plain(inputs) as Properties;
      const line = { type, urn, inputs: bare };
      this.#cloud.note({ did: 'asked', id: '', ...line });
      if (number === Number(process.env[cloudEnvironment.failCreate])) {
        this.#cloud.note({ did: 'refused', id: '', ...line });
        throw new Error(`the fake cloud refuses create number ${number} (${type})`);
      }
      await pause(Number(process.env[cloudEnvironment.createMs] ?? 0));
      const configured = this.#traits.configured?.(type, bare, this.configuration) ?? {};
      const special = await this.#traits.create(type, nameOf(urn), { ...bare, ...configured });
      const id = special.id ?? `${nameOf(urn)}-${randomBytes(4).toString('hex')}`;
      const outputs = { ...this.#computed(type, urn, id, bare), ...configured, ...special };
      const completed = this.#completed(type, id, inputs);
      this.#cloud.put({
        id,
        urn,
        type,
        inputs: bare,
        outputs: { ...(plain(completed) as Properties), ...outputs },
      });
      this.#cloud.note({ did: 'created', id, ...line });
      return { id, outs: { ...outputs, ...completed } };
    });

  /** What is in the state is handed back as it came, wrapped secrets too, unless the cloud says otherwise. */
  read = async (id: string, urn: string, props: Properties): Promise<pulumi.provider.ReadResult> => {
    const found = this.#cloud.get(id);
    if (found === null || !(await this.#traits.exists(typeOf(urn), id))) return { id: '', props: {} };
    const entries = Object.entries(found.outputs).map(([key, value]) => [
      key,
      isDeepStrictEqual(plain(props[key]), value) ? props[key] : value,
    ]);
    const state: Properties = Object.fromEntries(entries);
    const inputs = Object.keys(found.inputs).map((key) => [key, asGiven(state, key)]);
    return { id, props: state, inputs: Object.fromEntries(inputs) };
  };

  update = (
    id: string,
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<pulumi.provider.UpdateResult> =>
    this.#landing(async () => {
      const type = typeOf(urn);
      const bare = plain(news) as Properties;
      await this.#traits.update(type, id, bare);
      const old = this.#cloud.get(id);
      if (old === null) throw new Error(`there is no ${id}`);
      const removed = new Set(Object.keys(old.inputs).filter((key) => !(key in bare)));
      const kept = (record: Properties): Properties =>
        Object.fromEntries(Object.entries(record).filter(([key]) => !removed.has(key)));
      const completed = this.#completed(type, id, news);
      this.#cloud.put({
        ...old,
        inputs: bare,
        outputs: { ...kept(old.outputs), ...(plain(completed) as Properties) },
      });
      this.#cloud.note({ did: 'updated', id, urn, type, inputs: bare });
      return { outs: { ...kept(olds), ...completed } };
    });

  delete = (id: string, urn: string, props: Properties): Promise<void> =>
    this.#landing(async () => {
      const type = typeOf(urn);
      await this.#traits.remove(type, id, plain(props) as Properties);
      this.#cloud.remove(id);
      this.#cloud.note({ did: 'deleted', id, urn, type });
      if (clusters.has(type)) this.#cloud.removeWithin('kubernetes:');
    });

  invoke = async (token: string, inputs: Properties): Promise<pulumi.provider.InvokeResult> => {
    const outputs = await this.#traits.invoke(token, inputs);
    if (outputs === null)
      return { failures: [{ property: '', reason: `the stand-in cannot answer ${token}` }] };
    return { outputs };
  };

  /** Outputs as far as they are known before: the inputs, what an existing object has, and unknown values for everything else. */
  previewed(urn: string, olds: Properties, inputs: Properties): Properties {
    const fields = this.#types.outputs(typeOf(urn));
    const outputs: Properties = { ...olds, ...inputs };
    for (const [key, { shape, isOptional }] of fields ?? []) {
      const value = inputs[key];
      if (value === undefined) {
        if (olds[key] === undefined && !isOptional && key !== 'urn' && key !== 'id')
          outputs[key] = unknownValue;
        continue;
      }
      if (shape.kind !== 'record' || !isRecord(value)) continue;
      const before = isRecord(olds[key]) ? olds[key] : {};
      const computed = Object.keys(this.#types.completion(shape, value, key));
      const unknown = Object.fromEntries(computed.map((name) => [name, before[name] ?? unknownValue]));
      outputs[key] = { ...value, ...unknown };
    }
    return outputs;
  }

  /** When the engine is gone: at once, or as soon as what was begun has landed. */
  leave(): void {
    this.#isLeaving = true;
    if (this.#inFlight === 0) process.exit(0);
  }

  async #landing<T>(work: () => Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      return await work();
    } finally {
      this.#inFlight -= 1;
      if (this.#isLeaving && this.#inFlight === 0) process.exit(0);
    }
  }

  /** The inputs as outputs: with what the cloud adds inside of records, and the note which is which. */
  #completed(type: string, id: string, inputs: Properties): Properties {
    const fields = this.#types.outputs(type);
    const completed: Properties = { ...inputs, [inputKeys]: Object.keys(inputs) };
    const added: Record<string, string[]> = {};
    for (const [key, value] of Object.entries(inputs)) {
      const shape = fields?.get(key)?.shape;
      if (shape?.kind !== 'record' || !isRecord(value) || plain(value) === undefined) continue;
      const more = this.#types.completion(shape, value, `${id}-${key}`);
      if (Object.keys(more).length === 0) continue;
      completed[key] = { ...value, ...more };
      added[key] = Object.keys(more);
    }
    return { ...completed, [addedFields]: added };
  }

  /** Every declared output that was not given; names are derived as the real providers derive them. */
  #computed(type: string, urn: string, id: string, inputs: Properties): Properties {
    const fields = this.#types.outputs(type);
    if (fields === null) throw new Error(`there is no resource ${type}`);
    const missing = [...fields].filter(
      ([key, { isOptional }]) =>
        inputs[key] === undefined && (!isOptional || key === 'name') && key !== 'urn',
    );
    return Object.fromEntries(
      missing.map(([key, { shape }]) => [
        key,
        key === 'name' ? `${nameOf(urn)}-${id.slice(-7)}` : this.#types.fill(shape, `${id}-${key}`),
      ]),
    );
  }
}

/**
 * The SDK's server drops the configuration of the provider and knows no preview; both are seen to where the calls come in. In a
 * preview nothing is created: what the cloud will compute is unknown, as with the real providers.
 */
function listenBefore(provider: CloudProvider): void {
  const require = createRequire(import.meta.url);
  const grpc: typeof Grpc = require('@grpc/grpc-js');
  const messages: typeof ProviderMessages = require('@pulumi/pulumi/proto/provider_pb.js');
  const { Struct }: typeof StructMessages = require('google-protobuf/google/protobuf/struct_pb.js');
  const add = grpc.Server.prototype.addService;
  const preview = (given: Properties | undefined): InstanceType<typeof Struct> =>
    Struct.fromJavaScript(given as Parameters<typeof Struct.fromJavaScript>[0]);
  grpc.Server.prototype.addService = function (service, implementation): void {
    const { configure, create, update } = implementation;
    if (configure !== undefined && create !== undefined && update !== undefined) {
      implementation['configure'] = (call: Call<ProviderMessages.ConfigureRequest>, answer: Answer) => {
        provider.configuration = decoded(plain(call.request.getArgs()?.toJavaScript() ?? {}));
        const able: Answer = (error, response) => {
          if (response instanceof messages.ConfigureResponse) response.setSupportspreview(true);
          answer(error, response);
        };
        return Reflect.apply(configure, implementation, [call, able]);
      };
      implementation['create'] = (call: Call<ProviderMessages.CreateRequest>, answer: Answer) => {
        const { request } = call;
        if (!request.getPreview()) return Reflect.apply(create, implementation, [call, answer]);
        const response = new messages.CreateResponse();
        const inputs = request.getProperties()?.toJavaScript() ?? {};
        response.setProperties(preview(provider.previewed(request.getUrn(), {}, inputs)));
        answer(null, response);
      };
      implementation['update'] = (call: Call<ProviderMessages.UpdateRequest>, answer: Answer) => {
        const { request } = call;
        if (!request.getPreview()) return Reflect.apply(update, implementation, [call, answer]);
        const response = new messages.UpdateResponse();
        const [olds, news] = [request.getOlds(), request.getNews()].map((one) => one?.toJavaScript() ?? {});
        response.setProperties(preview(provider.previewed(request.getUrn(), olds ?? {}, news ?? {})));
        answer(null, response);
      };
    }
    add.call(this, service, implementation);
  };
}

interface Call<Request> {
  readonly request: Request;
}
type Answer = (error: object | null, response?: object) => void;

/** Everything but text travels as JSON inside text. */
function decoded(configuration: unknown): Properties {
  if (!isRecord(configuration)) return {};
  const entries = Object.entries(configuration).map(([key, value]): [string, unknown] => {
    if (typeof value !== 'string' || !/^[[{]/.test(value)) return [key, value];
    return [key, plain(JSON.parse(value))];
  });
  return Object.fromEntries(entries);
}

export async function serve(traits: CloudTraits): Promise<void> {
  const folder = process.env[cloudEnvironment.folder];
  if (folder === undefined) throw new Error(`${cloudEnvironment.folder} names the folder of the fake cloud`);
  const provider = new CloudProvider(traits, folder);
  listenBefore(provider);
  process.stdin.resume();
  process.stdin.on('end', () => provider.leave());
  await pulumi.provider.main(provider, process.argv.slice(2));
}
