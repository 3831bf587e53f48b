/**
 * Every figure of the bench: its name, unit, target and the published figure it stands beside.
 * Owns: the list. Does not own: how a figure is measured (jobs), what was measured (runner.ts).
 * Published figures come from other machines and other programs: a ratio to them says where this product stands, no more.
 */
export const groups = [
  'messages',
  'load',
  'consensus',
  'graph',
  'vertex',
  'hashing',
  'growth',
  'storage',
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
}

const messageRate = 'M messages/CPU-s';
/** The fastest published simulator of this kind that is known. */
const fastestAnchor = 8;

type Draft = Pick<Figure, 'id' | 'title' | 'unit'> & Partial<Figure>;

function figure(draft: Draft): Figure {
  const group = groups.find((name) => draft.id.startsWith(`${name}.`));
  if (group === undefined) throw new RangeError(`${draft.id} belongs to no group`);
  return { group, better: 'lower', target: null, published: null, regression: true, ...draft };
}

function rate(id: string, title: string, target: number | null, regression = true): Figure {
  const published = regression ? fastestAnchor : null;
  return figure({ id, title, unit: messageRate, better: 'higher', target, published, regression });
}

/** Source of the factor: "each at least twice as fast as published". */
function twiceAsFast(id: string, title: string, unit: string, published: number): Figure {
  return figure({ id, title, unit, published, target: published / 2 });
}

const network: readonly Figure[] = [
  rate('messages.single-1000', 'one decision at a time, 1,000 nodes, 50/40/15, WAN, 10 % always-reject', 30),
  rate(
    'messages.single-10000',
    'one decision at a time, 10,000 nodes, 100/80/10, WAN, 10 % always-reject',
    30,
  ),
  rate('load.dag-1000', 'DAG of 2-4 parents, 1 % conflicts, 100 vertices/s, 1,000 nodes, LAN, mesh', 10),
];

const consensus: readonly Figure[] = [
  figure({
    id: 'consensus.one-vertex',
    title: 'one vertex through the whole network, 150 nodes, 30/24/20, in memory',
    unit: 'CPU ms',
    target: 9,
    published: 17.77,
  }),
  figure({
    id: 'consensus.ten-vertices',
    title: 'ten vertices together, the same network',
    unit: 'CPU ms',
    target: 12,
    published: 177.24,
  }),
];

const graph: readonly Figure[] = [
  twiceAsFast('graph.add-100', 'add 100 vertices of 2 parents to a new table', 'us', 54.36),
  twiceAsFast('graph.add-1000', 'add 1,000 vertices of 2 parents to a new table', 'us', 611.93),
  twiceAsFast('graph.get', 'get: find by creator and sequence among 1,000, read its facts', 'ns', 128.31),
  twiceAsFast('graph.children', 'children of a vertex (2 on average)', 'ns', 62),
  twiceAsFast('graph.parents', 'parents of a vertex (2)', 'ns', 62),
  twiceAsFast('graph.topological-100', 'topological order of 100 vertices', 'us', 34.55),
  figure({ id: 'graph.topological-1000', title: 'topological order of 1,000 vertices', unit: 'us' }),
];

function creation(name: string, title: string, published: number): Figure[] {
  return [
    figure({ id: `vertex.create-${name}`, title: `create: ${title}`, unit: 'ns', published }),
    figure({ id: `vertex.hash-${name}`, title: 'the limit: BLAKE3 of as many bytes', unit: 'ns' }),
    figure({ id: `vertex.ratio-${name}`, title: 'creation / hash', unit: 'x', regression: false }),
  ];
}

const vertex: readonly Figure[] = [
  ...creation('genesis', 'genesis', 175.82),
  ...creation('parents', '4 parents, one transaction of 100 B with one input', 1_900),
  ...creation('10k', '2 parents, one transaction of 10 KB', 12_480),
];

const hashing: readonly Figure[] = [
  figure({ id: 'hashing.100', title: 'BLAKE3 of 100 B', unit: 'ns', published: 201.69 }),
  figure({ id: 'hashing.1k', title: 'BLAKE3 of 1 KB', unit: 'ns', published: 1_420 }),
  figure({ id: 'hashing.10k', title: 'BLAKE3 of 10 KB', unit: 'ns', published: 10_660 }),
  figure({
    id: 'hashing.bulk',
    title: 'BLAKE3 of 1 MiB',
    unit: 'GB/s',
    better: 'higher',
    published: 2.8,
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

export const figures: readonly Figure[] = [
  ...network,
  ...consensus,
  ...graph,
  ...vertex,
  ...hashing,
  ...growth,
];

/** Groups without figures, and why. */
export const notRun: ReadonlyMap<Group, string> = new Map([
  ['storage', 'NOT RUN: the node has no store yet'],
]);

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
  'Creation of a vertex is its canonical encoding into a reused buffer and its id; it is not signed.',
];
