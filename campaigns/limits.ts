/**
 * Every bound of a configuration and of the simulation it asks for, in one place.
 * Owns: the numbers and why they are what they are. Does not own: checking them (schema/, message-budget.ts).
 */

/** A configuration is written by hand; more is a mistake or an attack. */
export const configurationBytesMost = 262_144;
export const configurationDepthMost = 12;
export const configurationNodesMost = 20_000;

export const nodesMost = 1_000_000;
export const rowsPerScenarioMost = 200;
export const replicationsMost = 1_000;
/** The smallest number of repetitions that a verdict rests on. Source: requirements 2.5. */
export const replicationsLeast = 3;
export const tpsMost = 1_000_000;
export const batchMost = 100_000;
export const payloadBytesMost = 16_777_216;
export const parentsMost = 8; // protocol: a vertex has 1..8 parents
export const faultsMost = 1_000;
export const criteriaMost = 100;
export const messageBudgetMost = 1_000_000_000_000;

/** Finality times that are bought when they are cheap: the confidence interval of a percentile tightens. */
export const finalityTimesWanted = 60;
/** Nobody waits long for this many messages (6 CPU-seconds at 10 M messages per CPU-second). */
export const messagesAlways = 60_000_000;
/** More than this is only bought when the least window needs it. */
export const messagesUsuallyMost = 120_000_000;

/** Of the time of a phase, what is kept for further repetitions where rows want more than all of it. */
export const extraShare = 0.05;
/** Seconds of one core that a row which belongs to no phase may take for further repetitions. */
export const extraSecondsAlone = 60;

/** Cores on which a phase is to be simulated within the time it names. */
export const phaseCores = 2;
/** Of their time, what repetitions get: reports are written alone, and at the end of a phase one core waits for the other. */
export const phaseCoreShare = 0.95;
