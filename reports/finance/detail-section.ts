/**
 * Cost by scenario and repetition, the arithmetic behind it, unit economics and allocation.
 * Owns: those tables. Does not own: the sums (budgets/forecast.ts).
 */
import { addEstimates } from '#budgets/estimate.ts';
import { NOT_SET } from '#budgets/finance-settings.ts';
import type { Forecast, ForecastRow } from '#budgets/forecast.ts';
import {
  allocate,
  formatUnitPrice,
  formatUsd,
  multiply,
  sum,
  type UsdMicros,
  ZERO_USD,
} from '#budgets/money.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { type CostComponent, componentLabel } from '#budgets/stacks.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';
import { whatIfNote } from '#reports/finance/budget-section.ts';
import {
  type FinanceReportInput,
  hoursText,
  perMillionFinalised,
  quantity,
  settingsOf,
  shownForecast,
} from '#reports/finance/finance-input.ts';
import {
  type BadgeKind,
  badge,
  type Cell,
  type Column,
  type Html,
  html,
  section,
  table,
} from '#reports/html.ts';

const left = (label: string): Column => ({ label, align: 'left' });
const right = (label: string): Column => ({ label, align: 'right' });

export function componentP50(
  row: Pick<ForecastRow, 'lines'>,
  components: readonly CostComponent[],
): UsdMicros {
  return sum(
    row.lines.filter((line) => components.includes(line.component)).map((line) => line.amount.p50.usdMicros),
  );
}

const STATUS_KIND: Readonly<Record<TestStatus, BadgeKind>> = {
  PASSED: 'passed',
  FAILED: 'failed',
  INCONCLUSIVE: 'inconclusive',
  ABORTED: 'aborted',
  SKIPPED: 'skipped',
};

function repetitionRow(row: ForecastRow, status: TestStatus | undefined): Cell[] {
  const money = (components: readonly CostComponent[]): string => formatUsd(componentP50(row, components));
  return [
    row.rowId,
    row.repetitions === 1 ? '1' : `1-${row.repetitions}`,
    hoursText(row.runUs),
    hoursText(row.billedUs),
    quantity(row.vms, 0),
    quantity(row.vmHours / Math.max(1, row.repetitions), 1),
    money(['compute']),
    money(['storage']),
    money(['system', 'control-plane']),
    money(['network', 'observability']),
    money(['redeploys', 're-runs']),
    formatUsd(row.perRun.p50.usdMicros),
    formatUsd(row.alone.p50.usdMicros),
    formatUsd(row.total.p50.usdMicros),
    status === undefined ? 'not judged' : badge(status, STATUS_KIND[status]),
  ];
}

function arithmeticTable(title: string, lines: ForecastRow['lines']): Html {
  const total = addEstimates(lines.map((line) => line.amount));
  return table({
    caption: title,
    columns: [
      left('Component'),
      left('Item'),
      left('P50 = quantity x price'),
      right('Low'),
      right('P50'),
      right('P90'),
    ],
    rows: lines.map((line) => [
      componentLabel[line.component],
      line.label,
      html`<span class="mono">${line.arithmetic}</span>`,
      formatUsd(line.amount.low.usdMicros),
      formatUsd(line.amount.p50.usdMicros),
      formatUsd(line.amount.p90.usdMicros),
    ]),
    foot: [
      [
        'Total',
        null,
        null,
        formatUsd(total.low.usdMicros),
        formatUsd(total.p50.usdMicros),
        formatUsd(total.p90.usdMicros),
      ],
    ],
  });
}

function dearest(shown: Forecast): ForecastRow | undefined {
  return shown.rows.reduce<ForecastRow | undefined>(
    (most, row) => (most === undefined || row.perRun.p50.usdMicros > most.perRun.p50.usdMicros ? row : most),
    undefined,
  );
}

export function detailSection(input: FinanceReportInput): Html {
  const { shown, isWhatIf } = shownForecast(input.forecast);
  const title = '5 Cost by scenario and repetition';
  const top = dearest(shown);
  if (shown.overhead === null || top === undefined)
    return section('detail', title, html`<p>No cloud resources, no cost.</p>`);
  const columns = [
    left('Row'),
    left('Rep.'),
    right('Run h'),
    right('Billed h'),
    right('VMs'),
    right('VM-h'),
    right('Compute'),
    right('Storage'),
    right('System'),
    right('Net, obs.'),
    right('Interrupt.'),
    right('One run'),
    right('Alone'),
    right('All runs'),
    left('Simulated'),
  ];
  const main = table({
    columns,
    rows: shown.rows.map((row) => repetitionRow(row, input.statuses?.[row.rowId])),
    caption:
      'P50, USD. Repetitions of a row are equal until one was metered, so a line stands for each of them. "System": system pool and control plane. "Net, obs.": network and observability. "Interrupt.": redeploys and re-runs. "Alone": deployed and torn down for itself. "Simulated": verdict of the row on the simulator, beside the money that the cluster run would cost.',
  });
  return section(
    'detail',
    title,
    html`${whatIfNote(shown, isWhatIf)}<p>${definition(shown)}</p><div class="dense">${main}</div>
<h3>5.1 VMs from allocatable CPU and memory</h3>
<p class="mono">${shown.packingArithmetic}</p>
<h3>5.2 The dearest run, line by line</h3>
${arithmeticTable(`${top.rowId}, one repetition of ${hoursText(top.runUs)} h + ${hoursText(top.billedUs - top.runUs)} h reset on ${top.vms} VMs`, top.lines)}
<h3>5.3 Deploy and teardown, once for the window</h3>
${arithmeticTable(`${hoursText(shown.overhead.us)} h at ${shown.overhead.vms} VMs`, shown.overhead.lines)}`,
  );
}

function definition(shown: Forecast): string {
  const rows = shown.rows.length === 1 ? 'The row runs' : `All ${shown.rows.length} rows run`;
  return (
    `${rows} in one window of warm VMs (${hoursText(shown.windowUs)} h). A run pays its warm-up, measurement, cool-down and reset on the VMs that its nodes need; ` +
    'deploy and teardown are paid once, at the largest pool. Each line is rounded once, half to even, to a millionth of a dollar; totals are exact sums.'
  );
}

export function unitSection(input: FinanceReportInput): Html {
  const { shown, isWhatIf } = shownForecast(input.forecast);
  const title = '6, 7 Unit economics and allocation';
  if (shown.overhead === null) return section('units', title, html`<p>No cloud resources, no unit cost.</p>`);
  const rows = shown.rows.map((row): Cell[] => {
    const vmUs = BigInt(row.vms) * BigInt(row.billedUs);
    const perVmHour = multiply(row.perRun.p50.usdMicros, { times: BigInt(HOUR_US), over: vmUs });
    const perMillion = perMillionFinalised(input, row);
    const perNodeHour = multiply(row.perThousandNodeHours, { times: 1n, over: 1_000n });
    return [
      row.rowId,
      formatUsd(row.perRun.p50.usdMicros),
      formatUsd(row.perRun.p90.usdMicros),
      formatUnitPrice(perVmHour),
      formatUnitPrice(perNodeHour),
      formatUsd(row.perThousandNodeHours),
      perMillion === null ? 'none yet' : formatUsd(perMillion),
      quantity(row.nodeHours, 0),
      `${quantity(row.trafficGB, 0)} (${row.trafficBasis})`,
    ];
  });
  const units = table({
    columns: [
      left('Row'),
      right('$ per run P50'),
      right('$ per run P90'),
      right('$ per VM-hour, all in'),
      right('$ per node-hour'),
      right('$ per 1,000 node-hours'),
      right('$ per million finalised tx'),
      right('Node-hours'),
      right('Traffic GB'),
    ],
    rows,
    caption:
      'Finalised transactions are those of the runs so far, simulated or measured on this machine; no cluster has run.',
  });
  return section(
    'units',
    title,
    html`${whatIfNote(shown, isWhatIf)}${units}${allocationTable(input, shown, shown.overhead.total.p50.usdMicros)}`,
  );
}

/** Deploy and teardown split over scenarios by VM time, to the micro-dollar. */
function allocationTable(input: FinanceReportInput, shown: Forecast, shared: UsdMicros): Html {
  const vmUs = shown.byScenario.map(({ scenarioId }) =>
    shown.rows
      .filter((row) => row.scenarioId === scenarioId)
      .reduce((total, row) => total + row.vms * Math.round(row.billedUs / 1_000_000) * row.repetitions, 0),
  );
  const { costCentre, glCode, project, purchaseOrder } = settingsOf(input);
  const set = `GL code: ${glCode ?? NOT_SET}. Project: ${project ?? NOT_SET}. Purchase order: ${purchaseOrder ?? NOT_SET}.`;
  const parts = vmUs.some((weight) => weight > 0) ? allocate(shared, vmUs) : vmUs.map(() => ZERO_USD);
  const rows = shown.byScenario.map(({ scenarioId, amount }, i): Cell[] => {
    const part = parts[i] ?? ZERO_USD;
    return [
      scenarioId,
      costCentre ?? NOT_SET,
      'by VM time',
      formatUsd(amount.p50.usdMicros),
      formatUsd(part),
      formatUsd(sum([amount.p50.usdMicros, part])),
    ];
  });
  return table({
    caption: `Allocation (P50): the shared deploy and teardown are split by VM time. Unallocated: $0.00 (0.0 %). ${set}`,
    columns: [
      left('Scenario'),
      left('Cost centre'),
      left('Method'),
      right('Direct'),
      right('Shared'),
      right('Total'),
    ],
    rows,
    foot: [
      [
        'Total',
        null,
        null,
        formatUsd(sum(shown.byScenario.map(({ amount }) => amount.p50.usdMicros))),
        formatUsd(shared),
        formatUsd(shown.total.p50.usdMicros),
      ],
    ],
  });
}
