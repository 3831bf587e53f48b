/**
 * The tags by which everything that bills is found again: by the meter, the watchdog and the sweep after a teardown.
 * Owns: the keys in the written forms of AWS and GCP. Does not own: which resources carry them (components, platforms).
 */

export interface StackTags {
  readonly campaign: string;
  readonly run: string;
  readonly phase: string;
  readonly owner: string;
  readonly stack: string;
}

/** Keys of AWS tags; the deadline is only known once the first `up` has fixed it. */
export const tagKeys = {
  campaign: 'bft:campaign',
  run: 'bft:run',
  phase: 'bft:phase',
  owner: 'bft:owner',
  stack: 'bft:stack',
  deadline: 'bft:deadline',
  /** What the VM may cost per hour, and the run until its end, in millionths of a dollar: the watchdog reads nothing else. */
  priceCap: 'bft:price-cap-micros',
  runCap: 'bft:run-cap-micros',
} as const;

export function awsTags(tags: StackTags): Readonly<Record<string, string>> {
  return {
    [tagKeys.campaign]: tags.campaign,
    [tagKeys.run]: tags.run,
    [tagKeys.phase]: tags.phase,
    [tagKeys.owner]: tags.owner,
    [tagKeys.stack]: tags.stack,
  };
}

export const labelKeys = { campaign: 'bft-campaign', deadline: 'bft-deadline' } as const;

/** GCP labels know no colon and no upper case. */
export function gcpLabels(tags: StackTags): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(awsTags(tags)).map(([key, value]) => [key.replace(':', '-'), value]),
  );
}

/** A deadline as a label: "2026-12-01t18-00-00z". */
export function deadlineLabel(deadline: string): string {
  return deadline.toLowerCase().replaceAll(':', '-');
}
