/**
 * The keys of the tags by which everything that bills is found again: by the program that writes them, the meter and its inventory, the
 * watchdog, the sweep after a teardown, and the bill.
 * Owns: the keys, once. Does not own: their values, which resources carry them, other clouds' written form. Imports nothing: the
 * watchdog takes this file into the cloud.
 */

/** Keys of AWS tags; the deadline is only known once the first `up` has fixed it. */
export const tagKeys = {
  campaign: 'bft:campaign',
  run: 'bft:run',
  phase: 'bft:phase',
  owner: 'bft:owner',
  stack: 'bft:stack',
  deadline: 'bft:deadline',
  /** In the bill only: runs of several scenarios share a VM. */
  scenario: 'bft:scenario',
  /** What the VM may cost per hour, and the run until its end, in millionths of a dollar: the watchdog reads nothing else. */
  priceCap: 'bft:price-cap-micros',
  runCap: 'bft:run-cap-micros',
} as const;
