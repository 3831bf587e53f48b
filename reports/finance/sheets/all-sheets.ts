/**
 * The sixteen sections of the cost report in finance's order.
 * Owns: the list. Does not own: any section.
 */
import type { FinanceReportInput } from '#reports/finance/finance-input.ts';
import type { ReportSheet } from '#reports/finance/sheet-model.ts';
import {
  accrualSheet,
  auditSheet,
  guardSheet,
  itemSheet,
  reconciliationSheet,
  savingsSheet,
  sensitivitySheet,
} from '#reports/finance/sheets/control-sheets.ts';
import {
  allocationSheet,
  rateSheet,
  repetitionSheet,
  unitSheet,
} from '#reports/finance/sheets/cost-sheets.ts';
import { budgetSheet, coverSheet, summarySheet } from '#reports/finance/sheets/front-sheets.ts';
import { bridgeSheet, burnSheet } from '#reports/finance/sheets/movement-sheets.ts';

export function allSheets(input: FinanceReportInput): readonly ReportSheet[] {
  return [
    coverSheet(input),
    summarySheet(input),
    budgetSheet(input),
    bridgeSheet(input),
    burnSheet(input),
    repetitionSheet(input),
    unitSheet(input),
    allocationSheet(input),
    rateSheet(input),
    accrualSheet(input),
    reconciliationSheet(input),
    guardSheet(input),
    savingsSheet(input),
    sensitivitySheet(input),
    auditSheet(input),
    itemSheet(input),
  ];
}
