/**
 * First pages of the cost report: sign-off sheet and executive summary.
 * Owns: their words and layout. Does not own: figures or the decision.
 */
import { converted, NOT_SET } from '#budgets/finance-settings.ts';
import { EMPTY_HEAD } from '#budgets/ledger/chain.ts';
import { reconcile } from '#budgets/ledger/reconcile.ts';
import { formatUsd, formatWholeUsd, type UsdMicros, usdMicros } from '#budgets/money.ts';
import { isComparison } from '#campaigns/analysis/comparison-row.ts';
import type { PlannedRow } from '#campaigns/plan-record.ts';
import { spentText } from '#reports/finance/budget-section.ts';
import {
  counted,
  type FinanceReportInput,
  hoursText,
  quantity,
  type Standing,
  settingsOf,
  standingOf,
} from '#reports/finance/finance-input.ts';
import { exchangeText, periodText, reportId, signOffs } from '#reports/finance/sheets/front-sheets.ts';
import { spentAtLeast, statusOf, totalIn } from '#reports/finance/sheets/ledger-view.ts';
import { badge, type Cell, figures, type Html, html, join, section, table } from '#reports/html.ts';

const UNSIGNED: Cell = html`<span class="sign">&nbsp;</span>`;

/** Boxes to be filled in by hand, unless somebody approved already. */
function signatures(input: FinanceReportInput): Html {
  const rows = signOffs(input).map(({ role, by }): Cell[] =>
    by === null
      ? [role, UNSIGNED, UNSIGNED, UNSIGNED, UNSIGNED]
      : [role, by.person, by.at, by.comment, badge('approved', 'passed')],
  );
  const columns = ['Role', 'Name', 'Date (UTC)', 'Comment', 'Signature'].map((label) => ({
    label,
    align: 'left' as const,
  }));
  return table({ columns, rows });
}

export function coverSection(input: FinanceReportInput): Html {
  const { forecast, priceSheet } = input.forecast;
  const { stack } = forecast;
  const { costCentre, glCode, purchaseOrder, project } = settingsOf(input);
  const facts: [string, Cell][] = [
    ['Report', `${reportId(input)}; ${versionText(input)}`],
    ['Campaign', `${input.campaign} (${input.phase})`],
    ['Period (UTC)', periodText(input)],
    [
      'Stack',
      stack.kind === 'local'
        ? `local: ${stack.why}`
        : `${stack.name}: ${stack.provider} ${stack.region}, ${stack.zones === 1 ? 'one zone' : `${stack.zones} zones`}`,
    ],
    ['Status', join([badge(statusOf(input), 'provenance'), html` ${spentSoFar(input)}`])],
    ['Data through', `price sheet of ${priceSheet.date}, used as of ${forecast.asOf}${ledgerUntil(input)}`],
    ['Currency', `${priceSheet.currency}, tax ${priceSheet.tax}; exchange rate: ${exchangeText(input)}`],
    ['Cost centre', `${costCentre ?? NOT_SET}; GL code ${glCode ?? NOT_SET}`],
    ['Purchase order', `${purchaseOrder ?? NOT_SET}; project ${project ?? NOT_SET}`],
    ['Prepared by', `bft-scale ${input.plan.codeVersion}`],
  ];
  const wide: [string, Cell][] = [
    ...changesOf(input),
    ['Approval', approvalText(input)],
    ['Approval is bound to', html`<code>${input.approval.hash}</code>`],
  ];
  const hashes = table({
    columns: [
      { label: 'Input', align: 'left' },
      { label: 'sha256', align: 'left' },
    ],
    rows: input.inputHashes.map(({ name, sha256 }) => [name, html`<code>${sha256}</code>`]),
  });
  const list = [
    ...facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`),
    ...wide.map(([name, value]) => html`<dt class="wide">${name}</dt><dd class="wide">${value}</dd>`),
  ];
  return section(
    'cover',
    '0 Cover and sign-off',
    html`${glance(input)}<dl class="facts">${list}</dl>
<div class="sign-off"><h3>Sign-off</h3>
${signatures(input)}</div>
<div class="inputs"><h3>Input hashes</h3>
${hashes}</div>`,
  );
}

function versionText({ identity }: FinanceReportInput): string {
  return identity?.supersedes == null
    ? 'the first version'
    : `supersedes ${identity.supersedes.slice(0, 12)}\u2026`;
}

/** Each state by itself: they are never added. */
function spentSoFar(input: FinanceReportInput): string {
  const parts = (['METERED', 'BILLED', 'INVOICED'] as const).flatMap((state) => {
    const total = totalIn(input, state);
    return total === null ? [] : [`${formatUsd(total)} ${state.toLowerCase()}`];
  });
  return parts.length === 0 ? 'nothing was metered, billed or invoiced' : parts.join(', ');
}

function ledgerUntil({ ledger = [] }: FinanceReportInput): string {
  const last = ledger.at(-1);
  return last === undefined ? '' : `; ledger of ${ledger.length} entries until ${last.at}`;
}

/** What stands behind P90: drawn, and how far it was right where something was metered or billed. */
export function p90Basis(input: FinanceReportInput): string {
  const { draws } = input.forecast.forecast.sampling;
  const { coverage, scores } = reconcile({ entries: input.ledger ?? [], head: EMPTY_HEAD, torn: '' });
  const drawn = `${quantity(Math.round(draws * 0.9), 0)} of ${quantity(draws, 0)} drawn campaigns cost at most this`;
  return coverage === null
    ? `${drawn}; not yet held against a bill`
    : `${drawn}; of ${scores.length} lines that were paid, ${Math.round(coverage * 100)} % stayed below theirs`;
}

/** What a re-issue changed, where it changed anything. */
function changesOf({ identity }: FinanceReportInput): [string, Cell][] {
  const changes = identity?.changes ?? [];
  if (changes.length === 0) return [];
  const words = changes.map(
    ({ figure, before, after }) => `${figure}: ${before ?? 'none'} \u2192 ${after ?? 'none'}`,
  );
  return [['Changed since', words.join('; ')]];
}

/** Page one in one look: what it costs against what may be spent, and what is asked of the reader. */
function glance(input: FinanceReportInput): Html {
  const { forecast, limits } = input.forecast;
  const standing = standingOf(input.forecast);
  const { p50, p90 } = forecast.total;
  const variance = usdMicros(limits.campaign - p50.usdMicros);
  const spent = spentAtLeast(input);
  const boxes = figures([
    {
      label: 'May be spent',
      value: formatUsd(limits.campaign),
      note: `on the campaign; ${formatWholeUsd(limits.perRun)} on a run`,
    },
    {
      label: 'Expected cost',
      value: formatUsd(p50.usdMicros),
      note: `forecast P50: as likely to cost more as less${inOwnCurrency(input, p50.usdMicros)}`,
    },
    {
      label: 'Cautious cost',
      value: formatUsd(p90.usdMicros),
      note: `forecast P90: ${p90Basis(input)}`,
    },
    {
      label: variance < 0 ? 'Over budget' : 'Left of the budget',
      value: formatUsd(variance),
      note: variance < 0 ? 'brackets: missing' : 'at the expected cost',
    },
    {
      label: 'Spent so far',
      value: spent === null ? 'nothing' : formatUsd(spent),
      note: spentSoFar(input),
    },
  ]);
  const rows = pricedRows(input);
  const runs = rows.reduce((total, row) => total + row.cells.length, 0);
  const what = `This campaign tests how a blockchain network of up to ${quantity(Math.max(0, ...rows.map((row) => row.cells[0]?.spec.nodes ?? 0)), 0)} computers behaves: ${counted(runs, 'test', 'tests')} on rented machines, which are given back when the last test ends.`;
  const tone = standing === 'over' ? ' bad' : standing === 'at-risk' ? ' warn' : '';
  return html`<p>${standing === 'no-cloud' ? 'This campaign runs on a machine that is there anyway. Nothing is bought.' : what} ${STANDING[standing]}</p>${boxes}
<div class="note${tone}"><p><strong>Decision asked.</strong> ${decision(input, standing)}</p></div>`;
}

/** What is only compared with is never deployed. */
function pricedRows({ plan }: FinanceReportInput): readonly PlannedRow[] {
  return plan.rows.filter((row) => !isComparison(row));
}

function inOwnCurrency(input: FinanceReportInput, amount: UsdMicros): string {
  const { exchangeRate } = settingsOf(input);
  return exchangeRate === null ? '' : `; ${converted(amount, exchangeRate)} at the rate below`;
}

function approvalText({ approval }: FinanceReportInput): string {
  const { need, state } = approval;
  switch (state.state) {
    case 'not-needed':
      return `not needed: ${state.why}`;
    case 'approved':
      return `approved, valid until ${state.validUntil}`;
    case 'missing':
      return need.needed ? `not yet given; ${state.why}. By amount: ${need.why}` : state.why;
  }
}

const STANDING: Readonly<Record<Standing, Html>> = {
  'no-cloud': badge('No cloud spending', 'neutral'),
  inside: badge('Inside all limits', 'passed'),
  'at-risk': badge('At risk: P90 breaks a limit', 'warning'),
  over: badge('Outside limits', 'failed'),
};

function decision(input: FinanceReportInput, standing: Standing): string {
  const { need } = input.approval;
  const upTo = formatUsd(input.forecast.forecast.total.p90.usdMicros);
  switch (standing) {
    case 'no-cloud':
      return 'None. This phase buys nothing; the report exists so that the file is complete.';
    case 'inside':
      return `Approve spending of up to ${upTo} (P90)${need.needed ? `; needed: ${need.roles.join(', ')}` : ''}.`;
    case 'at-risk':
      return `Approve with the limits as hard stops, or take a lever of section 2.1. At P90 the plan needs ${upTo}.`;
    case 'over':
      return 'Do not approve as planned. Choose a lever of section 2.1, or record an exception with its reason.';
  }
}

function summaryLines(input: FinanceReportInput, standing: Standing): readonly string[] {
  const { forecast, breaches, whatIf, limits } = input.forecast;
  const rows = pricedRows(input);
  const runs = rows.reduce((total, row) => total + row.cells.length, 0);
  const first = `${input.phase} plans ${counted(runs, 'test run')} of ${counted(rows.length, 'configuration')}.`;
  if (standing === 'no-cloud') {
    const lines = [
      first,
      'No cloud resources are used. The amount is $0.00 because nothing is bought, not because a price is unknown.',
      `Actual cost to date: ${spentSoFar(input)}.`,
    ];
    if (whatIf !== null && whatIf.overhead !== null) {
      lines.push(
        `For comparison only, and not planned: the same runs on the ${whatIf.stack.name} stack would cost ` +
          `${formatUsd(whatIf.total.p50.usdMicros)} (P90 ${formatUsd(whatIf.total.p90.usdMicros)}).`,
      );
    }
    return lines;
  }
  const over = breaches.filter((breach) => breach.limit === 'per-run');
  const names = over.map((breach) => breach.subject).join(', ');
  const campaign = breaches.find((breach) => breach.limit === 'campaign');
  return [
    `${first} Machines are rented once, for ${hoursText(forecast.windowUs)} h: ${quantity(forecast.vmHours, 0)} machine-hours (VM-hours), on which ${quantity(forecast.nodeHours, 0)} node-hours run.`,
    `The forecast is ${formatUsd(forecast.total.p50.usdMicros)} (P50). The cautious figure is ${formatUsd(forecast.total.p90.usdMicros)} (P90: ${p90Basis(input)}; assumption A9).`,
    campaign === undefined
      ? `The campaign limit of ${formatWholeUsd(limits.campaign)} holds.`
      : `The campaign limit of ${formatWholeUsd(limits.campaign)} does not hold: ${campaign.severity === 'over' ? '' : 'P90 is '}${formatUsd(campaign.by)} above it (${campaign.byPercent} %).`,
    over.length === 0
      ? `Every run stays below ${formatWholeUsd(limits.perRun)}.`
      : `${over.length} of ${forecast.rows.length} rows break${over.length === 1 ? 's' : ''} the limit of ${formatWholeUsd(limits.perRun)} per run: ${names}.`,
    `Actual cost to date: ${spentSoFar(input)}.`,
    forecast.unpriced.length === 0
      ? 'Every item that is bought has a quoted price.'
      : `${counted(forecast.unpriced.length, 'item has', 'items have')} no price: counted at the worst price of their class, never at zero.`,
  ];
}

export function summarySection(input: FinanceReportInput): Html {
  const { forecast, limits, alerts } = input.forecast;
  const standing = standingOf(input.forecast);
  const { p50, p90 } = forecast.total;
  const approved =
    input.approval.state.state === 'approved' && input.approval.need.needed
      ? input.approval.need.amount
      : null;
  const variance = usdMicros(limits.campaign - p50.usdMicros);
  const boxes = figures([
    {
      label: 'Budget of the campaign',
      value: formatUsd(limits.campaign),
      note: `${formatWholeUsd(limits.perRun)} per run`,
    },
    {
      label: 'Approved',
      value: approved === null ? 'none' : formatUsd(approved),
      note: `approval ${input.approval.state.state.replace('-', ' ')}`,
    },
    { label: 'Actual to date', value: spentText(spentAtLeast(input)), note: spentSoFar(input) },
    {
      label: 'Forecast to complete, P50',
      value: formatUsd(p50.usdMicros),
      note: `P90 ${formatUsd(p90.usdMicros)}`,
    },
    {
      label: 'Budget less forecast',
      value: formatUsd(variance),
      note: variance < 0 ? 'brackets: over budget' : 'left at P50',
    },
  ]);
  const reached = alerts.filter((alert) => alert.reached !== 'not reached');
  const alertText = reached.map((alert) => `${formatWholeUsd(alert.at)} (${alert.reached})`).join(', ');
  const lines = summaryLines(input, standing).map((line) => html`<li>${line}</li>`);
  return section(
    'summary',
    '1 Executive summary',
    html`${boxes}<p>${STANDING[standing]}</p>
<ul>${lines}</ul>
<p class="muted">Spending alerts the forecast would reach: ${alertText === '' ? 'none' : alertText}.</p>
<div class="note${standing === 'over' ? ' bad' : standing === 'at-risk' ? ' warn' : ''}"><p><strong>Decision asked.</strong> ${decision(input, standing)}</p></div>`,
  );
}
