/**
 * Time as the parts of a node see it: the monotonic clock, and actions at a time.
 * Owns: the interface, so that tests run on virtual time, and the clock of this process. Does not own: clock skew, offsets to others.
 */

export interface ClockHandle {
  cancel(): void;
}

export interface Clock {
  /** Microseconds, monotonic, integer. */
  nowUs(): number;
  /** Runs `act` once at that time, or as soon as possible when it has passed; never before `at` has returned. */
  at(atUs: number, act: () => void): ClockHandle;
}

/** setTimeout fires at once for longer delays; whoever waits longer looks at the time again. */
const longestMs = 2 ** 31 - 1;
const originUs = Number(process.hrtime.bigint() / 1_000n) - performance.now() * 1_000;

function nowUs(): number {
  return Math.round(performance.now() * 1_000 + originUs);
}

/** CLOCK_MONOTONIC: the same for all processes of one machine. Actions run to the millisecond, never early. */
export const monotonicClock: Clock = {
  nowUs,
  at: (atUs, act) => {
    if (atUs <= nowUs()) {
      // A timer would wait a millisecond: whatever comes in with this turn of the event loop is handled after it.
      const soon = setImmediate(act);
      return { cancel: () => clearImmediate(soon) };
    }
    const run = (): void => {
      if (nowUs() < atUs) timer = wait();
      else act();
    };
    const wait = () => setTimeout(run, Math.min(longestMs, Math.max(0, Math.ceil((atUs - nowUs()) / 1_000))));
    let timer = wait();
    return { cancel: () => clearTimeout(timer) };
  },
};
