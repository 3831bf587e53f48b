/** What a job hands back. Owns: the record. Does not own: jobs (job.ts), their measurements. */

/** Samples by figure, and what a job found out beside its figures. */
export interface JobResult {
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly facts: Readonly<Record<string, number>>;
}
