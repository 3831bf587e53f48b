/**
 * The two words of an event: what kind, for whom, about what.
 * Owns: the bit layout. Does not own: the queues or the handlers.
 *
 * Queries and answers have queues of their own: word a is kind of answer (3 bits), deferred (1), attempt (1), slot (10), member
 * (17); word b is sequence (11 bits), poll (20). All other events: word a is kind (4 bits), member (17); word b is theirs.
 * Limits: 131,072 members, 1,048,576 polls, 1,023 peers a poll, answers up to 2,047 polls late.
 */
import { sequenceMask } from '#node/core/poll-book.ts';

export const eventKind = {
  body: 0,
  verified: 1,
  request: 2,
  wake: 3,
  timeout: 4,
  publish: 5,
} as const;

export const mostMembers = 1 << 17;
export const mostPolls = 1 << 20;
const pollMask = mostPolls - 1;
const memberMask = mostMembers - 1;

/** Set in word a of an answer that waited for the querier's event loop. */
export const deferred = 1 << 28;
/** From this bit of word a on: what the poll book said of an answer. */
export const kindShift = 29;

export function pollEvent(attempt: number, slot: number, member: number): number {
  return (attempt << 27) | (slot << 17) | member;
}

export function nodeEvent(kind: number, member: number): number {
  return (kind << 28) | member;
}

export function pollReference(poll: number, sequence: number): number {
  return ((sequence & sequenceMask) << 20) | poll;
}

export function kindOf(a: number): number {
  return a >>> 28;
}

export function attemptOf(a: number): number {
  return (a >>> 27) & 1;
}

export function slotOf(a: number): number {
  return (a >>> 17) & 1023;
}

export function memberOf(a: number): number {
  return a & memberMask;
}

export function pollOf(b: number): number {
  return b & pollMask;
}

export function sequenceOf(b: number): number {
  return b >>> 20;
}
