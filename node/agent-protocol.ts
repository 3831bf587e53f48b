/**
 * What an agent (the process that carries nodes) and the conductor (the process that runs a measurement) tell each other.
 * Owns: the messages, their limits, strict reading and writing. Does not own: sockets, or what a side does about a message.
 *
 * One JSON text per WebSocket message, unknown keys are errors. hello -> welcome -> assignment -> 'assigned' -> connect -> 'ready' ->
 * load, faults and pushes -> stop -> 'stopped' -> bye. Times inside conductor messages are microseconds of the conductor's clock,
 * times inside agent messages are microseconds of the agent's own monotonic clock; `clock` says how far the two are apart.
 */
import { z } from 'zod';
import {
  agentMessageBytesMost,
  column,
  count,
  memberNumber,
  membersMost,
  nodesPerProcessMost,
  share,
  text,
  timeUs,
} from '#node/agent-fields.ts';
import { pushBody } from '#node/agent-push.ts';
import { attackNames } from '#node/byzantine/attacks.ts';

export const agentProtocolVersion = 1;
/** How far the conductor's clock is ahead of the agent's: conductor time = agent time + offset, give or take `errorUs`. */
const clockEstimate = z.strictObject({ offsetUs: timeUs, errorUs: count, samples: count });
export type ClockEstimate = z.infer<typeof clockEstimate>;

/** Raw ML-DSA-44 public key (1,312 bytes) as base64. */
const publicKey = z.string().regex(/^[A-Za-z0-9+/]{1750}==$/);
const peerId = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{20,80}$/);
const addresses = z.array(z.string().min(1).max(256)).max(8);

export const memberRecord = z.strictObject({ number: memberNumber, publicKey, peerId, addresses });
export type MemberRecord = z.infer<typeof memberRecord>;

// ---------------------------------------------------------------- agent -> conductor

/** One node of this process; `index` counts within the process from 0. */
const offeredNode = z.strictObject({
  index: z
    .int()
    .min(0)
    .max(nodesPerProcessMost - 1),
  publicKey,
  peerId,
  addresses,
});
export type OfferedNode = z.infer<typeof offeredNode>;

const hello = z.strictObject({
  kind: z.literal('hello'),
  version: z.literal(agentProtocolVersion),
  /** Stable name of the process (survives its restart), e.g. "p03". */
  agent: z.string().regex(/^[\w.-]{1,64}$/),
  /** Drawn anew by each start of the process; a reconnect keeps it. */
  incarnation: z.string().regex(/^[0-9a-f]{32}$/),
  nodes: z.array(offeredNode).min(1).max(nodesPerProcessMost),
  host: z.strictObject({
    pid: count,
    nodeVersion: text,
    platform: text,
    cpuCores: count,
    memoryBytes: count,
    /** Null: not limited as far as the process can tell. */
    memoryLimitBytes: count.nullable(),
    cpuLimitCores: z.number().positive().nullable(),
  }),
});

const ping = z.strictObject({ kind: z.literal('ping'), id: count, agentUs: timeUs });

export const agentPhases = [
  'idle',
  'assigned',
  'connecting',
  'ready',
  'collected',
  'stopped',
  'failed',
] as const;
export type AgentPhase = (typeof agentPhases)[number];
/** Sent whenever the phase changes, and after each welcome. `reason` is empty unless the phase is 'failed'. */
const state = z.strictObject({ kind: z.literal('state'), phase: z.enum(agentPhases), reason: text });

/** Numbered from 1 without gaps within an incarnation, kept by the agent until acknowledged, sent again after a reconnect. */
const push = z.strictObject({
  kind: z.literal('push'),
  seq: z.int().min(1),
  atUs: timeUs,
  clock: clockEstimate,
  body: pushBody,
});
export type Push = z.infer<typeof push>;

const bye = z.strictObject({ kind: z.literal('bye'), reason: text, lastSeq: count });

export const agentMessage = z.discriminatedUnion('kind', [hello, ping, state, push, bye]);
export type AgentMessage = z.infer<typeof agentMessage>;
export type Hello = z.infer<typeof hello>;

// ---------------------------------------------------------------- conductor -> agent

/** `lastSeq`: last push of this incarnation that arrived; 0 for an unknown incarnation. The agent sends what is later again. */
const welcome = z.strictObject({
  kind: z.literal('welcome'),
  version: z.literal(agentProtocolVersion),
  lastSeq: count,
});
/** The last message on a connection that is not wanted; the agent does not dial again when `isFinal`. */
const refused = z.strictObject({ kind: z.literal('refused'), reason: text, isFinal: z.boolean() });
const pong = z.strictObject({
  kind: z.literal('pong'),
  id: count,
  agentUs: timeUs,
  receivedUs: timeUs,
  sentUs: timeUs,
});
/** Every push up to and including `seq` is stored. */
const ack = z.strictObject({ kind: z.literal('ack'), seq: count });

const positive = z.int().min(1);
const consensusRecord = z.strictObject({
  k: positive,
  alphaPreference: positive,
  alphaConfidence: positive,
  beta: positive,
  threshold: z.number().gt(0).lt(1),
  maxRounds: positive,
  pollIntervalUs: positive,
  concurrentPolls: positive,
  earlyEnd: z.boolean(),
  maxUndecided: positive,
});
const networkRecord = z.strictObject({
  name: text,
  oneWayUs: z.tuple([count, count]).readonly(),
  spread: z.enum(['message', 'pair']),
  loss: share,
  duplication: share,
  reorder: share,
  bandwidthBitsPerSecond: positive.nullable(),
  source: text,
});

export const attackChoice = z.enum(['none', ...attackNames]);
export type AttackChoice = z.infer<typeof attackChoice>;

export const workloadShape = z.strictObject({
  /** Transactions of one load item; an item becomes one vertex unless it has to queue. */
  batch: z.int().min(1).max(65_535),
  payloadBytes: z.int().min(0).max(1_048_576),
  parents: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('count'), least: z.int().min(1).max(8), most: z.int().min(1).max(8) }),
    z.strictObject({ kind: z.literal('chain') }),
    z.strictObject({ kind: z.literal('wide') }),
    z.strictObject({ kind: z.literal('random') }),
  ]),
});

const ownNode = z.strictObject({
  index: count,
  number: memberNumber,
  attack: attackChoice,
  /** Shared by the identities of one Sybil operator; without it the node is its own. */
  operator: count.optional(),
});
export type OwnNode = z.infer<typeof ownNode>;

const assignment = z.strictObject({
  kind: z.literal('assignment'),
  /** Names the run; everything that is signed or connected belongs to it. */
  run: z.string().regex(/^[\w.-]{1,128}$/),
  seed: z.int().min(0).max(0xffff_ffff),
  members: z.array(memberRecord).min(2).max(membersMost),
  own: z.array(ownNode).min(1).max(nodesPerProcessMost),
  consensus: consensusRecord,
  network: networkRecord,
  /** False switches the network conditions off; such a run cannot be judged, and exists to show that. */
  isNetworkShaped: z.boolean(),
  byzantine: z.strictObject({
    clusters: z.int().min(1),
    identities: z.int().min(1),
    exclusion: z.boolean(),
    /** 0 = convictions are for good. */
    halfLifeUs: z.number().min(0),
    basis: z.enum(['misbehaviour', 'outcome']),
  }),
  workload: workloadShape,
  /** Of one node. The process refuses the assignment ('failed') when it was not started under limits it can see. */
  resources: z.strictObject({
    name: text,
    cpuCores: z.number().positive(),
    memoryBytes: positive,
    isEnforced: z.boolean(),
  }),
  /** Planned times of the run, conductor's clock. */
  window: z.strictObject({ startUs: timeUs, measureFromUs: timeUs, measureUntilUs: timeUs, endUs: timeUs }),
  push: z.strictObject({
    everyUs: z.int().min(10_000),
    /** Time between two probes of a node to a random peer. */
    probeEveryUs: z.int().min(10_000),
    /** Facts and decisions for the safety checker. */
    decisions: z.boolean(),
  }),
  /** How long the nodes go on when the conductor is gone; after that the agent stops them and exits. */
  orphanUs: z.int().min(1_000_000),
});
export type Assignment = z.infer<typeof assignment>;
export type WorkloadShape = z.infer<typeof workloadShape>;

/** Start the nodes and connect them; the agent answers with the states 'connecting' and 'ready'. */
const connect = z.strictObject({ kind: z.literal('connect') });
/** The planned times, once everything is ready and the start is known. */
const schedule = z.strictObject({
  kind: z.literal('schedule'),
  window: z.strictObject({ startUs: timeUs, measureFromUs: timeUs, measureUntilUs: timeUs, endUs: timeUs }),
});

/** Load items due in the near future, columns equally long. An item whose time has passed is submitted at once. */
const load = z
  .strictObject({
    kind: z.literal('load'),
    item: column(count),
    node: column(memberNumber),
    dueUs: column(timeUs),
    /** 0, or the input that one other item spends too. */
    conflictKey: column(count),
  })
  .refine(
    (batch) =>
      [batch.node, batch.dueUs, batch.conflictKey].every((other) => other.length === batch.item.length),
    { message: 'the columns are not equally long' },
  );
export type LoadBatch = z.infer<typeof load>;

export const faultEffect = z.discriminatedUnion('kind', [
  /** Group of every member, by number; members of different groups do not hear each other. */
  z.strictObject({
    kind: z.literal('partition'),
    groupOf: z.array(z.int().min(0).max(255)).max(membersMost),
  }),
  z.strictObject({ kind: z.literal('latency'), addUs: count }),
  z.strictObject({ kind: z.literal('loss'), loss: share }),
  /** The event loop gets 1 / factor of its time. The whole process suffers, so `nodes` must name all nodes of the process. */
  z.strictObject({ kind: z.literal('throttle'), factor: z.number().gt(1).max(1_000) }),
  z.strictObject({ kind: z.literal('clock-skew'), ppm: z.int().min(-500_000).max(500_000) }),
  z.strictObject({ kind: z.literal('disk-fail') }),
  z.strictObject({ kind: z.literal('disk-full') }),
  /** The process holds that many bytes more. */
  z.strictObject({ kind: z.literal('memory'), bytes: count }),
  /** The node dies without a flush and is started again when the fault is lifted. */
  z.strictObject({ kind: z.literal('down'), disk: z.enum(['kept', 'lost']) }),
  z.strictObject({ kind: z.literal('attack'), attack: attackChoice }),
]);
export type FaultEffect = z.infer<typeof faultEffect>;

/** Applied at `fromUs` (at once when that has passed), lifted at `untilUs` by the agent itself, whatever became of the conductor. */
const fault = z
  .strictObject({
    kind: z.literal('fault'),
    fault: count,
    nodes: z.array(memberNumber).min(1).max(nodesPerProcessMost),
    fromUs: timeUs,
    untilUs: timeUs,
    effect: faultEffect,
  })
  .refine((order) => order.untilUs > order.fromUs, { message: 'untilUs must be later than fromUs' });
export type FaultOrder = z.infer<typeof fault>;
/** Lifts a fault before its time. */
const lift = z.strictObject({ kind: z.literal('lift'), fault: count });

/** Push everything that is left; the agent answers with the state 'collected' after its last push. */
const collect = z.strictObject({ kind: z.literal('collect') });
/** Stop the nodes and flush their stores; the agent answers 'stopped' and bye. */
const stop = z.strictObject({ kind: z.literal('stop'), exit: z.boolean() });

export const conductorMessage = z.discriminatedUnion('kind', [
  welcome,
  refused,
  pong,
  ack,
  assignment,
  connect,
  schedule,
  load,
  fault,
  lift,
  collect,
  stop,
]);
export type ConductorMessage = z.infer<typeof conductorMessage>;

export type AgentProtocolErrorCode = 'too-long' | 'not-json' | 'invalid';

/** A message that is none; the reader closes the connection. */
export class AgentProtocolError extends Error {
  override readonly name = 'AgentProtocolError';
  readonly code: AgentProtocolErrorCode;

  constructor(code: AgentProtocolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

function read<T>(schema: z.ZodType<T>, message: string): T {
  if (message.length > agentMessageBytesMost) {
    throw new AgentProtocolError(
      'too-long',
      `a message of ${message.length} characters, at most ${agentMessageBytesMost}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    throw new AgentProtocolError('not-json', 'a message that is no JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new AgentProtocolError('invalid', `${place}${issue?.message ?? 'invalid'}`.slice(0, 300));
}

/** What the conductor reads. Throws AgentProtocolError. */
export function readAgentMessage(message: string): AgentMessage {
  return read(agentMessage, message);
}

/** What the agent reads. Throws AgentProtocolError. */
export function readConductorMessage(message: string): ConductorMessage {
  return read(conductorMessage, message);
}

export function writeMessage(message: AgentMessage | ConductorMessage): string {
  return JSON.stringify(message);
}
