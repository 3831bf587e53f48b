/**
 * One process driving one campaign for a person: progress on stderr, Ctrl-C once and twice, the verdict at the end.
 * Owns: that session. Does not own: the campaign (operator.ts) or the words of the verdict (verdict-table.ts).
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { compareOverlap, type OverlapComparison } from '#campaigns/analysis/overlap.ts';
import { type Answer, type CommonOptions, stylesFor } from '#campaigns/commands/command-output.ts';
import { overlapText } from '#campaigns/commands/overlap-text.ts';
import { verdictText } from '#campaigns/commands/verdict-table.ts';
import { exitCodes, meaningOf } from '#campaigns/exit-code.ts';
import { evidenceFile } from '#campaigns/guard/evidence.ts';
import { guardStopReason, wasStoppedByGuard } from '#campaigns/guard/run-link.ts';
import { machinePace } from '#campaigns/machine-pace.ts';
import { type CampaignEnd, runCampaign } from '#campaigns/operator.ts';
import type { OperatorServices } from '#campaigns/operator-services.ts';
import { defaultWorkers } from '#campaigns/pool.ts';
import { ProgressView } from '#campaigns/progress.ts';
import { type CampaignRecord, readCampaign } from '#campaigns/results/reader.ts';

/** One Ctrl-C reaches this process twice when npm runs it: from the terminal, and handed on by npm. */
const sameInterruptMs = 500;

/**
 * Runs until closed or interrupted. A second Ctrl-C leaves at once. A teardown is a session that is stopped from its beginning; the
 * first Ctrl-C changes nothing about it.
 */
export async function driveCampaign(
  folder: string,
  services: OperatorServices,
  { isTeardown = false } = {},
): Promise<CampaignEnd> {
  const stop = new AbortController();
  if (isTeardown) stop.abort();
  const leave = new AbortController();
  const view = new ProgressView(isTeardown ? 1 : await machinePace());
  let firstMs = 0;
  const interrupt = (): void => {
    if (firstMs === 0) {
      firstMs = performance.now();
      stop.abort();
    } else if (performance.now() - firstMs > sameInterruptMs) leave.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  try {
    return await runCampaign(folder, services, {
      workers: defaultWorkers(),
      onEvent: (event) => view.show(event),
      stop: stop.signal,
      leave: leave.signal,
    });
  } finally {
    view.end();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  }
}

/** The reports of a campaign that exist, by name, relative to the working directory. */
export function reportPaths(folder: string): Readonly<Record<string, string>> {
  const pages: Record<string, string> = {};
  for (const name of ['scale', 'finance']) {
    const reports = path.join(folder, 'reports', name);
    const page = existsSync(reports)
      ? readdirSync(reports).find((file) => file.endsWith('.html'))
      : undefined;
    if (page !== undefined) pages[name] = path.relative(process.cwd(), path.join(reports, page));
  }
  return pages;
}

function interruptedText(folder: string): string {
  const name = path.basename(folder);
  return `interrupted: nothing is lost, go on with: npm run campaign resume -- ${name}\n`;
}

/** What went wrong with networks in the cloud, and what to do about it; empty when nothing did. */
function deploymentText(end: CampaignEnd): string {
  if (end.deployments.length === 0) return '';
  const name = path.basename(end.folder);
  const remedy = end.isStanding
    ? `remove what is left: npm run campaign teardown -- ${name}`
    : `try again, finished runs are kept: npm run campaign resume -- ${name}`;
  return `\nnetworks:\n${end.deployments.map((line) => `  ${line}\n`).join('')}  ${remedy}\n`;
}

function guardText(folder: string): string {
  return [
    `stopped by the budget guard: ${guardStopReason(folder)}`,
    `its evidence: ${path.relative(process.cwd(), path.join(folder, evidenceFile))}`,
    `nothing is lost, and nothing is deployed any more; what is left to compute: npm run campaign resume -- ${path.basename(folder)}`,
    `exit ${exitCodes.stoppedByGuard}: ${meaningOf(exitCodes.stoppedByGuard)}`,
    '',
  ].join('\n');
}

/** The words at the end of a campaign: verdict, what is missing, where the reports are. */
function endText(
  record: CampaignRecord,
  end: CampaignEnd,
  overlap: readonly OverlapComparison[],
  reports: Readonly<Record<string, string>>,
  options: CommonOptions,
): string {
  const styles = stylesFor(options);
  const verdict = end.verdict === null ? '' : verdictText(record.plan, end.verdict, styles);
  const table = overlap.length === 0 ? verdict : `${overlapText(overlap)}\n${verdict}`;
  const networks = deploymentText(end);
  if (end.exitCode === exitCodes.stoppedByGuard && wasStoppedByGuard(end.folder) && end.verdict === null)
    return `${table}${networks}${guardText(end.folder)}`;
  if (end.exitCode === exitCodes.interrupted) return `${table}${networks}${interruptedText(end.folder)}`;
  const notes =
    end.notes.length === 0
      ? []
      : ['', 'before anything is deployed:', ...end.notes.map((note) => `  ${note}`)];
  const failed =
    end.failures.length === 0
      ? []
      : ['', 'runs that failed:', ...end.failures.map((failure) => `  ${failure}`)];
  const files = Object.entries(reports).map(([name, file]) => `${name} report: ${file}`);
  const lines = [...failed, ...notes, '', ...files, `exit ${end.exitCode}: ${meaningOf(end.exitCode)}`];
  return `${table}${networks}${lines.join('\n')}\n`;
}

export function campaignAnswer(end: CampaignEnd, options: CommonOptions, withReports: boolean): Answer {
  const record = readCampaign(end.folder);
  const reports = withReports && end.exitCode !== exitCodes.interrupted ? reportPaths(end.folder) : {};
  const { plan } = record;
  const overlap = end.verdict === null ? [] : compareOverlap(plan, record.results);
  return {
    text: endText(record, end, overlap, reports, options),
    document: {
      campaign: plan.campaign,
      folder: end.folder,
      phase: plan.phase,
      target: plan.target,
      seed: plan.seed,
      code_version: plan.codeVersion,
      verdict: end.verdict,
      overlap,
      missing: end.notes,
      failures: end.failures,
      deployments: end.deployments,
      reports,
    },
    exitCode: end.exitCode,
  };
}
