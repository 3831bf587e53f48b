/**
 * The record of what counted nodes say of networks far larger than a campaign's, for reports.
 * Owns: its shape. Does not own: working it out (campaigns/planning.ts).
 */

/** One size; figures are null where counting refuses the row, and `why` says so. */
export interface LargerNetwork {
  readonly nodes: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly finalizedShare: number | null;
  readonly roundsMean: number | null;
  /** Data sent per node: polls, and vertices with their duplicates. */
  readonly mbpsPerNode: number | null;
  readonly memoryMb: number | null;
  /** Largest share of rejecting attackers with which every honest node still decides in time in 95 % of the cases. */
  readonly toleratedShare: number;
  readonly why: string;
}

export interface Planning {
  /** The row whose parameters, network and load are kept. */
  readonly rowId: string;
  readonly label: string;
  /** Virtual time that was counted. */
  readonly seconds: number;
  readonly sizes: readonly LargerNetwork[];
}
