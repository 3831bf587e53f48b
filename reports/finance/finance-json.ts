/**
 * cost-report.json: the same figures as the pages, money as decimal strings of dollars.
 * Owns: names and shape of that file. Does not own: figures. Every amount sits under a key that ends in `usd`.
 */
import type { BreachWithLevers } from '#budgets/campaign-forecast.ts';
import type { Estimate } from '#budgets/estimate.ts';
import type { Forecast, ForecastRow } from '#budgets/forecast.ts';
import { decimalUsd } from '#budgets/money.ts';
import type { CostLine } from '#budgets/run-cost.ts';
import type { Rate } from '#budgets/stack-rates.ts';
import { p90Basis } from '#reports/finance/cover-section.ts';
import { type FinanceReportInput, settingsOf, standingOf } from '#reports/finance/finance-input.ts';
import { type CellFigure, figureOf, type ReportSheet, totalOfColumn } from '#reports/finance/sheet-model.ts';
import { allSheets } from '#reports/finance/sheets/all-sheets.ts';
import { reportId } from '#reports/finance/sheets/front-sheets.ts';
import { statusOf, totalIn } from '#reports/finance/sheets/ledger-view.ts';

function estimateJson({ low, p50, p90 }: Estimate) {
  return {
    kind: p50.kind,
    low_usd: decimalUsd(low.usdMicros),
    p50_usd: decimalUsd(p50.usdMicros),
    p90_usd: decimalUsd(p90.usdMicros),
  };
}

function lineJson({ component, label, amount, arithmetic }: CostLine) {
  return { component, label, arithmetic, ...estimateJson(amount) };
}

function rowJson(row: ForecastRow, status: string | null) {
  return {
    row: row.rowId,
    scenario: row.scenarioId,
    label: row.label,
    nodes: row.nodes,
    runs: row.repetitions,
    vms: row.vms,
    nodes_per_vm: row.nodesPerVm,
    run_us: row.runUs,
    billed_us_per_run: row.billedUs,
    vm_hours: row.vmHours,
    node_hours: row.nodeHours,
    traffic_gb: row.trafficGB,
    traffic_basis: row.trafficBasis,
    lines_of_one_run: row.lines.map(lineJson),
    one_run: estimateJson(row.perRun),
    one_run_deployed_alone: estimateJson(row.alone),
    all_runs: estimateJson(row.total),
    per_1000_node_hours_usd: decimalUsd(row.perThousandNodeHours),
    simulated_status: status,
  };
}

function rateJson({ use, price }: Rate) {
  return {
    use,
    item: price.item,
    unit: price.unit,
    list_usd: price.list === null ? null : decimalUsd(price.list, 5),
    used_usd: decimalUsd(price.expected, 5),
    low_usd: decimalUsd(price.low, 5),
    high_usd: decimalUsd(price.high, 5),
    quoted: price.date,
    age_days: price.ageDays,
    basis: price.basis,
    source: price.source,
  };
}

function breachJson(breach: BreachWithLevers) {
  return {
    limit: breach.limit,
    subject: breach.subject,
    severity: breach.severity,
    limit_usd: decimalUsd(breach.limitUsd),
    p50_usd: decimalUsd(breach.p50),
    p90_usd: decimalUsd(breach.p90),
    above_by_usd: decimalUsd(breach.by),
    above_by_percent: breach.byPercent,
    levers: breach.levers.map((lever) => ({
      lever: lever.lever,
      text: lever.text,
      inside: lever.inside,
      risk: lever.risk,
      ...estimateJson(lever.after),
    })),
  };
}

function forecastJson(forecast: Forecast, statuses: FinanceReportInput['statuses']) {
  return {
    stack: forecast.stack,
    as_of: forecast.asOf,
    price_sheet: forecast.priceSheetDate,
    packing: forecast.packingArithmetic,
    interruptions: forecast.interruptionBasis,
    window_us: forecast.windowUs,
    vm_hours: forecast.vmHours,
    node_hours: forecast.nodeHours,
    total: estimateJson(forecast.total),
    rows: forecast.rows.map((row) => rowJson(row, statuses?.[row.rowId] ?? null)),
    deploy_and_teardown:
      forecast.overhead === null
        ? null
        : {
            us: forecast.overhead.us,
            vms: forecast.overhead.vms,
            lines: forecast.overhead.lines.map(lineJson),
            ...estimateJson(forecast.overhead.total),
          },
    by_component: forecast.byComponent.map(({ component, amount }) => ({
      component,
      ...estimateJson(amount),
    })),
    by_scenario: forecast.byScenario.map(({ scenarioId, amount, runs }) => ({
      scenario: scenarioId,
      runs,
      ...estimateJson(amount),
    })),
    rates: forecast.rates.map(rateJson),
    unpriced: forecast.unpriced.map(({ unpriced, pricedAs }) => ({
      item: unpriced.item,
      reason: unpriced.reason,
      counted_at_usd: decimalUsd(pricedAs.expected, 5),
      basis: pricedAs.basis,
    })),
    price_warnings: forecast.warnings,
  };
}

function approvalJson({ approval }: FinanceReportInput) {
  const { need, state, hash } = approval;
  return {
    bound_to: hash,
    needed: need.needed,
    why: need.why,
    amount_usd: need.needed ? decimalUsd(need.amount) : null,
    roles: need.needed ? need.roles : [],
    people: need.needed ? need.people : 0,
    state,
  };
}

/** Money of a cell as decimal text under a key that ends in usd; everything else as it is. */
function figureJson(figure: CellFigure) {
  if (figure === null) return null;
  if ('usd' in figure) return { usd: decimalUsd(figure.usd) };
  return 'value' in figure ? figure.value : figure.text;
}

function sheetJson({ number, id, name, note, tables }: ReportSheet) {
  return {
    number,
    id,
    name,
    note,
    tables: tables.map((table) => ({
      title: table.title,
      columns: table.columns.map(({ label }) => label),
      rows: table.rows.map((row) => table.columns.map((_, i) => figureJson(figureOf(row, i)))),
      totals: table.totals.map((i) => ({
        column: table.columns[i]?.label ?? '',
        total: figureJson(totalOfColumn(table, i)),
      })),
    })),
  };
}

/** Each state by itself; null where the ledger has nothing in it. */
function actualJson(input: FinanceReportInput) {
  const [metered, billed, invoiced] = (['METERED', 'BILLED', 'INVOICED'] as const).map((state) => {
    const total = totalIn(input, state);
    return total === null ? null : decimalUsd(total);
  });
  return { metered_usd: metered ?? null, billed_usd: billed ?? null, invoiced_usd: invoiced ?? null };
}

/** Text of cost-report.json, newline at the end. Same input, same bytes. */
export function financeJson(input: FinanceReportInput): string {
  const { forecast, whatIf, limits, breaches, alerts, savings, sensitivity, priceSheet } = input.forecast;
  const record = {
    version: 1,
    document: 'cost report',
    kind: statusOf(input),
    campaign: input.campaign,
    phase: input.phase,
    standing: standingOf(input.forecast),
    actual: actualJson(input),
    p90_basis: p90Basis(input),
    settings: settingsOf(input),
    limits: {
      campaign_usd: decimalUsd(limits.campaign),
      per_run_usd: decimalUsd(limits.perRun),
      alerts: alerts.map(({ at, reached }) => ({ at_usd: decimalUsd(at), reached })),
    },
    approval: approvalJson(input),
    forecast: forecastJson(forecast, input.statuses),
    comparison_not_planned: whatIf === null ? null : forecastJson(whatIf, input.statuses),
    breaches: breaches.map(breachJson),
    savings: savings.map(({ before, after, saved, ...rest }) => ({
      ...rest,
      before_usd: decimalUsd(before),
      after_usd: decimalUsd(after),
      saved_usd: decimalUsd(saved),
    })),
    sensitivity: sensitivity.map(({ assumption, minus, plus }) => ({
      assumption,
      ten_percent_lower_usd: decimalUsd(minus),
      ten_percent_higher_usd: decimalUsd(plus),
    })),
    price_sheet: priceSheet,
    report: { id: reportId(input), ...(input.identity ?? { version: 1, supersedes: null, changes: [] }) },
    sections: allSheets(input).map(sheetJson),
    input_hashes: input.inputHashes,
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}
