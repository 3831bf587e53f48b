/**
 * The error class of the campaign loop: operational errors, each with a stable code, its exit code and a remedy.
 * Owns: the codes of plan, journal, lock, results and operator. Does not own: configuration problems (config-error.ts).
 */
export type CampaignErrorCode =
  | 'usage'
  | 'locked'
  | 'no-such-campaign'
  | 'already-closed'
  | 'journal-damaged'
  | 'results-damaged'
  | 'plan-damaged'
  | 'plan-empty'
  | 'code-changed'
  | 'worker-failed'
  | 'not-available';

/** All of them mean "what was asked for cannot be done as it stands": exit 20. */
export class CampaignError extends Error {
  override readonly name = 'CampaignError';
  readonly code: CampaignErrorCode;
  readonly exitCode = 20;
  /** What to do about it; empty when the message says it. */
  readonly remedy: string;

  constructor(code: CampaignErrorCode, message: string, remedy = '', options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = remedy;
  }
}
