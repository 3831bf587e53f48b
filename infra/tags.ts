/**
 * The tags of a stack in the written forms of AWS and GCP.
 * Owns: values and forms. Does not own: the keys (budgets/tag-keys.ts), which resources carry them (components, platforms).
 */
import { tagKeys } from '#budgets/tag-keys.ts';

export interface StackTags {
  readonly campaign: string;
  readonly run: string;
  readonly phase: string;
  readonly owner: string;
  readonly stack: string;
}

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
