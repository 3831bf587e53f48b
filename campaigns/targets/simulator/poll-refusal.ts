/**
 * Which runs the poll fidelity answers: those in which every delay is a function of its own draw.
 * Owns: the reason why one is refused, and why the others may be believed. Does not own: running them (poll-exchange.ts).
 */
import { type AttackName, type RunSpec, rampEndOf } from '#campaigns/run-spec.ts';
import { nodeMemoryBytes } from '#node/model/calibration.ts';
import { finerThan } from './network.ts';

/** Why a run at poll fidelity may be believed. */
export const pollIsExact =
  'nothing queues at nodes or links in this run, so the instants of a poll follow from its draws; decisions and figures equal those of the message fidelity';

/** Attacks whose answers depend on who asks, or on more than what is asked and known. */
const uncompared: ReadonlySet<string> = new Set<AttackName>([
  'minority-balance',
  'informed-split',
  'descendant-poison',
  'evidence-evasion',
  'selective-silence',
  'late-flip',
  'reputation-cycling',
]);

/** What puts the order of messages, or their delay, out of the hands of their own draws. */
export function pollRefusal({
  nodes,
  resources,
  calibration,
  network,
  consensus,
  faults,
  byzantine,
  workload,
}: RunSpec): string | null {
  const { askQuery, answerQuery } = calibration.serviceTimesUs;
  const why = (what: string): string => `the poll fidelity cannot run it: ${what}; use --tier message`;
  if (rampEndOf(workload) !== null)
    return why('the load falls when a node is saturated, which queues decide');
  if (askQuery > 0 || answerQuery > 0)
    return why('queries and answers cost CPU (service times), so they wait for a busy node');
  if (network.bandwidthBitsPerSecond !== null) return why('messages wait for links of limited bandwidth');
  const fullBytes = nodeMemoryBytes(calibration, nodes, consensus.maxUndecided, 0);
  if (fullBytes > 0.9 * resources.memoryBytes)
    return why('memory can get tight, which slows and kills nodes');
  if (network.spread === 'pair') return why('delays belong to pairs of nodes');
  if (network.duplication > 0 || network.reorder > 0) return why('messages are duplicated or held back');
  if (network.oneWayUs[0] * finerThan < network.oneWayUs[1] || network.oneWayUs[0] === 0)
    return why('the fastest message takes less than a tick, so the order within a tick decides');
  if (consensus.concurrentPolls > 1)
    return why('concurrent polls of a node change what is left of each other');
  const unforeseen = faults.find(({ kind }) => kind !== 'throttle' && kind !== 'clock-skew');
  if (unforeseen !== undefined)
    return why(`the fault "${unforeseen.kind}" changes what becomes of messages that are on their way`);
  if (byzantine.share > 0 && (byzantine.attack === 'silent' || byzantine.attack === 'late'))
    return why(`"${byzantine.attack}" attackers choose when to answer`);
  if (byzantine.share > 0 && uncompared.has(byzantine.attack))
    return why(`the answers of "${byzantine.attack}" were not compared with the message fidelity`);
  return null;
}
