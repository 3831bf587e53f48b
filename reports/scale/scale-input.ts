/**
 * What a scale report is written from: the plan, the verdict and the stored runs of one campaign.
 * Owns: the input record. Does not own: the report's figures (scale-document.ts) or the analysis behind them
 * (campaigns/analysis), which the report asks for itself so that it cannot disagree with the runs.
 */
import type { Planning } from '#campaigns/analysis/larger-network.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { FeasibilityReport } from '#campaigns/feasibility/finding.ts';
import type { Plan } from '#campaigns/plan-record.ts';

export interface ScaleReportInput {
  readonly campaign: string;
  readonly plan: Plan;
  readonly verdict: CampaignVerdict;
  /** Null when it was not checked. */
  readonly feasibility: FeasibilityReport | null;
  /** By cell id; a cell without a run (skipped, aborted) is absent. */
  readonly runs: ReadonlyMap<string, RunRecord>;
  /** Far larger networks; left out or null when no row of the plan can be taken further. */
  readonly planning?: Planning | null;
}
