/**
 * The error class of this folder: operational errors about money, each with a stable code.
 * Owns: the codes. Does not own: what the command line prints or which exit code it becomes.
 */
export type BudgetErrorCode =
  | 'bad-amount'
  | 'amount-out-of-range'
  | 'mixed-amounts'
  | 'bad-price-sheet'
  | 'unpriceable'
  | 'unknown-instance'
  | 'unknown-sku'
  | 'node-does-not-fit'
  | 'unknown-stack'
  | 'over-budget'
  | 'bad-forecast-input'
  | 'bad-ledger-entry'
  | 'ledger-damaged'
  | 'ledger-busy'
  | 'bad-bill'
  | 'bad-key'
  | 'no-credentials'
  | 'refresh-failed'
  | 'sheet-exists'
  | 'bad-guard-policy'
  | 'bad-report';

export class BudgetError extends Error {
  readonly code: BudgetErrorCode;
  constructor(code: BudgetErrorCode, message: string) {
    super(message);
    this.name = 'BudgetError';
    this.code = code;
  }
}
