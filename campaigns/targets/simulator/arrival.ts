/**
 * The place of an answer among all answers of its poll, as one word: ticks from the start of the poll until it arrives (11 bits),
 * ticks until its query arrives (10), slot (10). The words of a poll sort in the order in which its answers arrive.
 * Owns: the layout. Does not own: the draws behind it. A one-way delay has at most `finerThan` ticks (network.ts), so all fit.
 */

const slotMask = 1023;
const askMask = 1023;
const latestTicks = 2047;

/** Later than every answer; also: there is no such answer. */
export const noArrival = 0x7fffffff;

export function arrivalWord(arriveTicks: number, askTicks: number, slot: number): number {
  return (arriveTicks << 20) | (askTicks << 10) | slot;
}

/** Every answer that arrives before that tick has a smaller word. */
export function firstWordAt(ticks: number): number {
  return ticks > latestTicks ? noArrival : ticks << 20;
}

export function arrivalSlot(word: number): number {
  return word & slotMask;
}

export function askTicksOf(word: number): number {
  return (word >>> 10) & askMask;
}

export function arriveTicksOf(word: number): number {
  return word >>> 20;
}
