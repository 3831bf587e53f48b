/**
 * Frames for tests: one of each kind, arbitrary ones, and those of a network under load.
 * Owns: the samples. Does not own: assertions.
 */
import fc from 'fast-check';
import type { AnswerFrame, Frame, QueryFrame, VertexNames } from '#node/host/wire/frame.ts';
import { shortNames, writeName } from '#node/host/wire/vertex-name.ts';

export function bytesOf(length: number, seed: number): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    return state >>> 16;
  });
}

const names: VertexNames = { salt: 0xfeed_beef, short: bytesOf(24, 1), long: bytesOf(64, 2) };
const reference = { poll: 0xffff_fffe, slot: 19, attempt: 1 } as const;

/** One of each kind, small, with every field in use. */
export const samples: readonly Frame[] = [
  { kind: 'query', ...reference, names },
  { kind: 'answer', ...reference, vertices: 200, no: [0, 7, 199], unknown: [1, 198] },
  {
    kind: 'answer',
    poll: 0,
    slot: 0,
    attempt: 0,
    vertices: 24,
    no: Array.from({ length: 24 }, (_, i) => i),
    unknown: [],
  },
  { kind: 'request', names: { salt: 0, short: new Uint8Array(0), long: bytesOf(32, 3) } },
  {
    kind: 'vertices',
    vertices: [
      { body: bytesOf(12, 4), signature: bytesOf(2_420, 5) },
      { body: bytesOf(300, 6), signature: bytesOf(2_420, 7) },
    ],
  },
  {
    kind: 'announcement',
    vertices: [
      { creator: 0, sequence: 1, id: bytesOf(32, 8) },
      { creator: 2 ** 31 - 1, sequence: 300, id: bytesOf(32, 9) },
    ],
  },
  { kind: 'sync-request', transfer: 5, mode: 'snapshot', fromOrder: Number.MAX_SAFE_INTEGER },
  { kind: 'sync-chunk', transfer: 5, index: 129, data: bytesOf(100, 10) },
  { kind: 'sync-end', transfer: 5, outcome: 'continue', chunks: 130, untilOrder: 1_000_000 },
  { kind: 'probe', sequence: 7, sentUs: 123_456_789_012 },
  { kind: 'probe-echo', sequence: 7, sentUs: 1, receivedUs: 2, echoedUs: 300 },
  { kind: 'status', finalised: 1_000, rejected: 3, undecided: 29, ownSequence: 77, digest: bytesOf(32, 11) },
];

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const count = fc.maxSafeNat();
const id = fc.uint8Array({ minLength: 32, maxLength: 32 });
const arbitraryNames = fc
  .record({ salt: u32, short: fc.nat(20), long: fc.nat(5), fill: u32 })
  .map(({ salt, short, long, fill }) => ({
    salt,
    short: bytesOf(short * 8, fill),
    long: bytesOf(long * 32, fill),
  }));
const arbitraryReference = fc.record({
  poll: u32,
  slot: fc.nat(0x7fff),
  attempt: fc.constantFrom(0 as const, 1 as const),
});
const answers: fc.Arbitrary<Frame> = fc
  .tuple(
    arbitraryReference,
    fc.array(fc.constantFrom('yes', 'yes', 'no', 'unknown'), { maxLength: 300 }),
    fc.nat(3),
  )
  .map(([given, votes, mood]) => {
    // Whole answers of one kind are usual as well: they take the other form of a list.
    const said = mood === 0 ? votes.map(() => 'no') : votes;
    const listed = (vote: string): number[] => said.flatMap((v, i) => (v === vote ? [i] : []));
    return { kind: 'answer', ...given, vertices: votes.length, no: listed('no'), unknown: listed('unknown') };
  });

/** A record without the bare prototype that fast-check gives some. */
function plain<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

export const frames: fc.Arbitrary<Frame> = fc.oneof(
  answers,
  fc
    .tuple(arbitraryReference, arbitraryNames)
    .map(([given, n]): Frame => ({ kind: 'query', ...given, names: n })),
  arbitraryNames.map((n): Frame => ({ kind: 'request', names: n })),
  fc.array(plain({ body: fc.uint8Array({ minLength: 12, maxLength: 60 }), fill: u32 }), { maxLength: 3 }).map(
    (list): Frame => ({
      kind: 'vertices',
      vertices: list.map(({ body, fill }) => ({ body, signature: bytesOf(2_420, fill) })),
    }),
  ),
  fc
    .array(plain({ creator: fc.nat(2 ** 31 - 1), sequence: fc.nat(2 ** 31 - 1), id }), { maxLength: 8 })
    .map((vertices): Frame => ({ kind: 'announcement', vertices })),
  plain({
    kind: fc.constant('sync-request' as const),
    transfer: u32,
    mode: fc.constantFrom('delta' as const, 'snapshot' as const),
    fromOrder: count,
  }),
  plain({ kind: fc.constant('sync-chunk' as const), transfer: u32, index: count, data: fc.uint8Array() }),
  plain({
    kind: fc.constant('sync-end' as const),
    transfer: u32,
    outcome: fc.constantFrom(
      'complete' as const,
      'continue' as const,
      'snapshot-needed' as const,
      'refused' as const,
    ),
    chunks: count,
    untilOrder: count,
  }),
  plain({ kind: fc.constant('probe' as const), sequence: u32, sentUs: count }),
  plain({
    kind: fc.constant('probe-echo' as const),
    sequence: u32,
    sentUs: count,
    receivedUs: count,
    echoedUs: count,
  }),
  plain({
    kind: fc.constant('status' as const),
    finalised: count,
    rejected: count,
    undecided: count,
    ownSequence: count,
    digest: id,
  }),
);

/** The query of a node with so many undecided vertices. */
export function queryOf(vertices: number): QueryFrame {
  const short = shortNames(vertices);
  const ids = bytesOf(32 * vertices, 99);
  for (let i = 0; i < vertices; i++) writeName(ids, 32 * i, 12_345, short, 8 * i);
  const empty = new Uint8Array(0);
  return { kind: 'query', poll: 70_000, slot: 3, attempt: 0, names: { salt: 12_345, short, long: empty } };
}

/** The answer of a peer that lacks the youngest tenth and disagrees about every fiftieth. */
export function usualAnswer(vertices: number): AnswerFrame {
  const indices = Array.from({ length: vertices }, (_, i) => i);
  const unknown = indices.filter((i) => i >= vertices * 0.9);
  const no = indices.filter((i) => i % 50 === 25 && i < vertices * 0.9);
  return { kind: 'answer', poll: 70_000, slot: 3, attempt: 0, vertices, no, unknown };
}
