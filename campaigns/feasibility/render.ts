/**
 * A feasibility report as plain text.
 * Owns: the layout. Does not own: colours, the terminal, or the findings.
 */
import type { FeasibilityReport, Finding } from './finding.ts';
import { shown } from './finding.ts';

const marks = { possible: 'possible', marginal: 'MARGINAL', 'cannot-pass': 'CANNOT PASS' } as const;

/** Every row with its findings; arithmetic and nearest parameters for those that are not plainly possible. */
export function renderFindings(report: FeasibilityReport): string {
  const lines: string[] = [`Feasibility of ${report.campaign}: ${marks[report.conclusion]}`, ''];
  for (const row of report.rows) {
    lines.push(`${row.rowId}: ${marks[row.conclusion]}`);
    for (const finding of row.findings) lines.push(...findingLines(finding));
    lines.push('');
  }
  if (report.campaignFindings.length > 0) lines.push('The campaign as a whole');
  for (const finding of report.campaignFindings) lines.push(...findingLines(finding));
  return `${lines.join('\n').trimEnd()}\n`;
}

function findingLines(finding: Finding): string[] {
  const head = `  ${marks[finding.conclusion]}  ${finding.topic}: ${finding.because}`;
  if (finding.conclusion === 'possible') return [head];
  const width = Math.max(0, ...finding.arithmetic.map((line) => line.symbol.length));
  const arithmetic = finding.arithmetic.map(
    (line) => `      ${line.symbol.padEnd(width)} = ${shown(line.value)} ${line.unit}   ${line.how}`,
  );
  const nearest =
    finding.nearest === null
      ? finding.conclusion === 'cannot-pass'
        ? ['      nearest parameters that would pass: none found within a factor of 100']
        : []
      : [
          `      nearest parameters that would pass: ${finding.nearest.change}`,
          `        achieves: ${finding.nearest.achieves}`,
        ];
  return [head, ...arithmetic, ...nearest];
}

/** Whether some criterion cannot pass: `check` then ends with another exit code. */
export function somethingCannotPass(report: FeasibilityReport): boolean {
  return report.conclusion === 'cannot-pass';
}
