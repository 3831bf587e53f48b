/**
 * Every figure of the bench: its name, unit, target and the published figure it stands beside.
 * Owns: the list. Does not own: how a figure is measured (jobs), what was measured (runner.ts).
 * Published figures come from other machines and other programs: a ratio to them says where this product stands, no more.
 */
import { suiteFigure } from '#campaigns/targets/benchmark/suite.ts';
import type { TransportName } from '#node/agent-fields.ts';

export const groups = [
  'messages',
  'load',
  'lumped',
  'consensus',
  'graph',
  'vertex',
  'hashing',
  'signatures',
  'wire',
  'session',
  'transport',
  'growth',
  'storage',
  'live',
  'stack',
  'forecast',
] as const;
export type Group = (typeof groups)[number];

export interface Figure {
  /** group.name */
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly target: number | null;
  /** In the same unit. */
  readonly published: number | null;
  /** Compared with the baseline. */
  readonly regression: boolean;
  /** The figure whose job measures this one too. */
  readonly measuredWith: string;
}

const messageRate = 'M messages/CPU-s';
/** The fastest published simulator of this kind that is known. */
const fastestAnchor = 8;

type Draft = Pick<Figure, 'id' | 'title' | 'unit'> & Partial<Figure>;

function figure(draft: Draft): Figure {
  const group = groups.find((name) => draft.id.startsWith(`${name}.`));
  if (group === undefined) throw new RangeError(`${draft.id} belongs to no group`);
  const plain = { better: 'lower', target: null, published: null, regression: true } as const;
  return { group, ...plain, measuredWith: draft.id, ...draft };
}

function rate(id: string, title: string, target: number | null, regression = true): Figure {
  const published = regression ? fastestAnchor : null;
  return figure({ id, title, unit: messageRate, better: 'higher', target, published, regression });
}

/** What the bare loop of a fidelity does at most, and the share of it that is left with the consensus core. */
function limits(measuredWith: string, id: string, title: string, unit: string): Figure[] {
  const common = { unit, better: 'higher', regression: false, measuredWith } as const;
  return [
    figure({ ...common, id: `messages.${id.replace('*', 'limit')}`, title: `the limit: ${title}` }),
    figure({
      ...common,
      id: `messages.${id.replace('*', 'ratio')}`,
      title: 'messages / limit, of the same process',
      unit: 'x',
    }),
  ];
}

function messageLimits(nodes: number, text: string): Figure[] {
  const title = `the same queues and draws without consensus, ${text} nodes`;
  return limits(`messages.single-${nodes}`, `*-${nodes}`, title, 'M events/CPU-s');
}

function pollLimits(nodes: number, text: string): Figure[] {
  const title = `the same samples, delays and ends of polls without consensus, ${text} nodes`;
  return limits(`messages.poll-${nodes}`, `poll-*-${nodes}`, title, messageRate);
}

/** Source of the factor: "each at least twice as fast as published". */
function twiceAsFast(id: string, published: number): Figure {
  return figure({ ...suiteFigure(id), published, target: published / 2 });
}

const network: readonly Figure[] = [
  rate('messages.single-1000', 'one decision at a time, 1,000 nodes, 50/40/15, WAN, 10 % always-reject', 30),
  ...messageLimits(1_000, '1,000'),
  rate(
    'messages.single-10000',
    'one decision at a time, 10,000 nodes, 100/80/10, WAN, 10 % always-reject',
    30,
  ),
  ...messageLimits(10_000, '10,000'),
  rate('messages.poll-1000', 'the same 1,000 nodes at poll fidelity, messages it stands for', 120),
  ...pollLimits(1_000, '1,000'),
  rate('messages.poll-10000', 'the same 10,000 nodes at poll fidelity, messages it stands for', 120),
  ...pollLimits(10_000, '10,000'),
  rate('load.dag-1000', 'DAG of 2-4 parents, 1 % conflicts, 100 vertices/s, 1,000 nodes, LAN, mesh', 15),
];

const consensus: readonly Figure[] = [
  figure({
    ...suiteFigure('consensus.one-vertex'),
    target: 9,
    published: 17.77,
  }),
  figure({
    ...suiteFigure('consensus.ten-vertices'),
    target: 12,
    published: 177.24,
  }),
];

const countedLoad = '1,000 TPS on the WAN, 100/80/10, 10 % always-reject, nodes counted';
const lumped: readonly Figure[] = [
  figure({ id: 'lumped.day-10000', title: `24 h of 10,000 nodes, ${countedLoad}`, unit: 'CPU s', target: 1 }),
  figure({ id: 'lumped.week-10000', title: 'seven days of the same', unit: 'CPU s', target: 7 }),
  figure({ id: 'lumped.day-1000000', title: '24 h of 1,000,000 nodes', unit: 'CPU s', target: 2 }),
  figure({
    id: 'lumped.decision-10000',
    title: 'one decision of 10,000 nodes, counted',
    unit: 'CPU ms',
    target: 0.1,
  }),
].map((one) => ({ ...one, regression: false, measuredWith: 'lumped' }));

const graph: readonly Figure[] = [
  twiceAsFast('graph.add-100', 54.36),
  twiceAsFast('graph.add-1000', 611.93),
  twiceAsFast('graph.get', 128.31),
  twiceAsFast('graph.children', 62),
  twiceAsFast('graph.parents', 62),
  twiceAsFast('graph.topological-100', 34.55),
  figure(suiteFigure('graph.topological-1000')),
];

function creation(name: string, published: number): Figure[] {
  return [
    figure({ ...suiteFigure(`vertex.create-${name}`), published }),
    figure({ id: `vertex.hash-${name}`, title: 'the limit: BLAKE3 of as many bytes', unit: 'ns' }),
    figure({ id: `vertex.ratio-${name}`, title: 'creation / hash', unit: 'x', regression: false }),
  ];
}

const vertex: readonly Figure[] = [
  ...creation('genesis', 175.82),
  ...creation('parents', 1_900),
  ...creation('10k', 12_480),
];

function hashOf(length: string, target: number, published: number): Figure[] {
  const hash = suiteFigure(`hashing.${length}`);
  const { unit, better } = hash;
  const title = 'the limit: the faster of the two libraries, called bare';
  return [
    figure({ ...hash, target, published }),
    figure({ id: `hashing.limit-${length}`, title, unit, better, regression: false }),
  ];
}

const hashing: readonly Figure[] = [
  ...hashOf('100', 180, 201.69),
  ...hashOf('1k', 1_000, 1_420),
  ...hashOf('10k', 4_500, 10_660),
  ...hashOf('bulk', 2.8, 2.8),
];

const perCores = 'k/s of all cores';
const signatures: readonly Figure[] = [
  figure({
    id: 'signatures.limit',
    title: 'the limit: bare ML-DSA-44 verification in a loop on every core',
    unit: perCores,
    better: 'higher',
  }),
  figure({
    id: 'signatures.pipeline',
    title: 'verification pipeline, its main thread counted',
    unit: perCores,
    better: 'higher',
  }),
  ...(['share', 'wall-share'] as const).map((name) =>
    figure({
      id: `signatures.${name}`,
      title: `pipeline / limit by ${name === 'share' ? 'CPU time' : 'the wall clock'}`,
      unit: 'x',
      better: 'higher',
      target: 0.9,
      regression: false,
    }),
  ),
  figure({ id: 'signatures.main', title: 'of a verification, on the main thread', unit: 'CPU us' }),
  figure({ id: 'signatures.again', title: 'the same claim again, from memory', unit: 'CPU us' }),
  figure({ id: 'signatures.sign', title: 'ML-DSA-44 signature in the thread pool', unit: 'CPU us' }),
];

const wire: readonly Figure[] = [
  figure({ id: 'wire.query-encode', title: 'encode a query about 29 vertices (246 B)', unit: 'ns' }),
  figure({ id: 'wire.query-decode', title: 'decode it', unit: 'ns' }),
  figure({ id: 'wire.answer-encode', title: 'encode an answer with 4 exceptions (14 B)', unit: 'ns' }),
  figure({ id: 'wire.answer-decode', title: 'decode it', unit: 'ns' }),
  figure({ id: 'wire.name', title: 'make the short name of a vertex', unit: 'ns' }),
];

const session: readonly Figure[] = [
  figure({
    id: 'session.handshake',
    title: 'post-quantum handshake, both ends, in memory, all threads',
    unit: 'CPU us',
  }),
  figure({ id: 'session.record-100', title: 'seal and open a record of 100 B', unit: 'ns' }),
  figure({ id: 'session.record-1k', title: 'seal and open a record of 1 KB', unit: 'ns' }),
  figure({
    id: 'session.bulk',
    title: 'seal and open records of 64 KB',
    unit: 'GB/s',
    better: 'higher',
  }),
];

const transport: readonly Figure[] = [
  figure({
    id: 'transport.session',
    title: 'fresh session over TCP, both ends, all threads',
    unit: 'CPU us',
    regression: false,
  }),
  figure({
    id: 'transport.acquire',
    title: 'get a pooled session and hand it a frame',
    unit: 'ns',
    regression: false,
  }),
  figure({
    id: 'transport.acquire-ratio',
    title: 'wall time of a fresh session / of a pooled one',
    unit: 'x',
    better: 'higher',
    target: 50,
    regression: false,
  }),
  figure({
    id: 'transport.reuse',
    title: 'frames that found an open session, 16 nodes, peers in turn',
    unit: '%',
    better: 'higher',
    target: 80,
    regression: false,
  }),
  figure({
    id: 'transport.round-trip',
    title: 'query of 250 B and answer, 2 nodes, 32 in flight',
    unit: 'CPU us',
  }),
  figure({
    id: 'transport.round-trip-spread',
    title: 'the same, 16 nodes, every query to another peer',
    unit: 'CPU us',
  }),
  figure({
    id: 'transport.announcement',
    title: 'announcement, per node that hears it, 16 nodes',
    unit: 'CPU us',
  }),
];

/** Beside the bare library in the same process, and what was measured of it on an idle machine (`published`). */
function stored(name: string, published: number): Figure[] {
  return [
    figure({ ...suiteFigure(`storage.${name}`), published }),
    figure({ id: `storage.limit-${name}`, title: 'the limit: the same by the bare library', unit: 'CPU us' }),
    figure({ id: `storage.ratio-${name}`, title: 'store / limit', unit: 'x', regression: false }),
  ];
}

const storage: readonly Figure[] = [
  ...stored('put', 18.8),
  ...stored('batch', 3.2),
  ...stored('get', 15),
  figure({ ...suiteFigure('storage.get-cached'), target: 1_000 }),
  figure({
    id: 'storage.reopen',
    title: 'open a store of 20,000 records of 1 KB',
    unit: 'ms',
    regression: false,
  }),
];

/** Growth with load at 1,000 nodes, and with nodes at 100 vertices/s. `load.dag-1000` belongs to both series. */
export const growthLoads = [10, 500, 1_000] as const;
export const growthNodes = [100, 300, 3_000, 10_000] as const;

const growth: readonly Figure[] = [
  ...growthLoads.map((load) =>
    rate(`growth.load-${load}`, `${load} vertices/s, 1,000 nodes, as load.dag-1000`, null, false),
  ),
  ...growthNodes.map((nodes) =>
    rate(`growth.nodes-${nodes}`, `${nodes} nodes, 100 vertices/s, as load.dag-1000`, null, false),
  ),
];

export const stackClouds = ['aws', 'gcp'] as const;

/** Sizes of networks of real nodes; the larger ones take minutes each. */
const liveSizes = [4, 16, 50, 150] as const;
const liveBatches = [1, 10, 100] as const;
/** Source: the published figure of the sources' own implementation, whatever the batch. */
const publishedTps = 56;

/** A network that is measured, and what its figures are named after. */
export interface LiveNetwork {
  readonly name: string;
  readonly nodes: number;
  readonly batch: number;
  readonly transport: TransportName;
}

/** QUIC beside TCP where both are quick to measure. */
export const liveNetworks: readonly LiveNetwork[] = [
  ...liveSizes.flatMap((nodes) =>
    liveBatches.map((batch) => ({ name: `${nodes}x${batch}`, nodes, batch, transport: 'tcp' as const })),
  ),
  ...[4, 16].map((nodes) => ({ name: `${nodes}x10-quic`, nodes, batch: 10, transport: 'quic' as const })),
];

function liveFigures({ name, nodes, batch, transport }: LiveNetwork): Figure[] {
  const many = `${nodes} real nodes${transport === 'tcp' ? '' : ' over QUIC'}, ${batch} transactions a vertex`;
  const common = { measuredWith: `live.tps-${name}`, regression: false } as const;
  return [
    figure({
      id: `live.tps-${name}`,
      title: `finalised of a steady load: ${many}`,
      unit: 'TPS',
      better: 'higher',
      published: publishedTps,
      ...common,
    }),
    figure({
      id: `live.cpu-${name}`,
      title: 'CPU of all nodes for a transaction',
      unit: 'CPU ms',
      ...common,
    }),
    figure({ id: `live.signatures-${name}`, title: 'of it, checking signatures', unit: '%', ...common }),
  ];
}

const live: readonly Figure[] = liveNetworks.flatMap(liveFigures);

/** Source: the product's own target for its largest stack. */
const programSeconds = 3;

const stack: readonly Figure[] = stackClouds.flatMap((cloud) => {
  const common = { measuredWith: `stack.program-${cloud}`, regression: false } as const;
  const program = { unit: 's', target: programSeconds, regression: false } as const;
  return [
    figure({
      ...common,
      ...program,
      id: `stack.program-${cloud}`,
      title: `program of 10k-nodes on ${cloud}, start to end, engine of the tests`,
    }),
    figure({
      ...common,
      id: `stack.cpu-${cloud}`,
      title: 'its process, all threads',
      unit: 'CPU s',
    }),
    figure({
      ...program,
      id: `stack.preview-${cloud}`,
      title: 'the same on the real engine, a preview',
    }),
  ];
});

/** Source: the product's own target for its forecast. */
const forecastSeconds = 1;

const forecast: readonly Figure[] = [
  figure({
    id: 'forecast.typed',
    title: 'npm run campaign forecast phase3, from the first key to the last line',
    unit: 's',
    target: forecastSeconds,
    measuredWith: 'forecast',
    regression: false,
  }),
  figure({
    id: 'forecast.program',
    title: 'the same without npm',
    unit: 's',
    measuredWith: 'forecast',
    regression: false,
  }),
];

export const figures: readonly Figure[] = [
  ...network,
  ...lumped,
  ...consensus,
  ...graph,
  ...vertex,
  ...hashing,
  ...signatures,
  ...wire,
  ...session,
  ...transport,
  ...storage,
  ...growth,
  ...live,
  ...stack,
  ...forecast,
];

/** What the published figures are. */
export const publishedNotes: readonly string[] = [
  'Published figures come from other machines and other programs; ratios to them are no like-for-like comparison.',
  'Message rates of simulators, one thread: Wittgenstein (Java) 3.5-7.8 M messages/s, the test network of avalanchego 2.7-8 M ' +
    'samples/s, JABS 0.23-0.55 M, BFT-Simulator (JavaScript) 0.006-0.074 M; the ratio is to the fastest, 8 M.',
  'A message is a query, an answer, a vertex or a request, delivered to the core of a node; CPU-s is the time of the one ' +
    'simulating thread.',
  'The published topological sort does not say its size: 100 vertices are assumed, the smaller of the two sizes of its graph ' +
    'figures. Published "children/parents" is 62-66 ns: the smaller is used for both.',
  'Adding includes making the table and collecting old ones on the same thread.',
  'Storage: published figures are those of the bare library (rocksdb-native 3.18.1, 1 KB values) on an idle machine of the same ' +
    'kind; CPU of all threads, compaction included, so that they grow on a busy machine: look at the ratio to the limit.',
  'Networks of real nodes (live) are MEASURED: every node has its sockets, sessions, keys and disk, packed into one process a core. ' +
    'They run when they are named: npm run bench -- live (4 and 16 nodes), npm run bench -- live --large (50 and 150 too).',
  'The program of a stack and the forecast of a phase run when they are named, too: npm run bench -- stack forecast.',
  'Creation of a vertex is its canonical encoding into a reused buffer and its id; it is not signed.',
];
