/**
 * One guard process for a person or a supervisor: clocks, prices, evidence and signals put together.
 * Owns: that. Does not own: the loop (guard.ts).
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { MeteredResource } from '#budgets/guard/observation.ts';
import type { GuardPolicy } from '#budgets/guard/policy.ts';
import { formatUsd } from '#budgets/money.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { sheetInForce } from '#budgets/sheet-store.ts';
import type { CloudAccount } from '#campaigns/cloud/cloud-account.ts';
import type { OwnershipKey } from '#campaigns/cloud/cloud-resource.ts';
import { Evidence, evidenceFile } from '#campaigns/guard/evidence.ts';
import { guard } from '#campaigns/guard/guard.ts';
import { pricesOf } from '#campaigns/guard/price-book.ts';
import { noRun, runFolderLink } from '#campaigns/guard/run-link.ts';
import { journalFile } from '#campaigns/journal.ts';

export interface GuardSession {
  readonly account: CloudAccount;
  readonly key: OwnershipKey;
  readonly policy: GuardPolicy;
  readonly folder: string;
  /** Path of a price sheet; null = the one in force (a refreshed one counts from the next poll on). Read at every poll. */
  readonly priceSheet: string | null;
  readonly spotQuotes: boolean;
  readonly dryRun: boolean;
  readonly polls: number | null;
  readonly answerMs: number;
}

export interface GuardSessionEnd {
  readonly phase: string;
  readonly stopped: string | null;
  readonly polls: number;
  /** Dollars, formatted. METERED. */
  readonly accrued: string;
  readonly burn: string;
  readonly evidence: string;
}

function spotTypes(resources: readonly MeteredResource[]): string[] {
  const items = resources
    .filter(({ item }) => item.endsWith(' spot'))
    .map(({ item }) => item.split(' ')[1] ?? '');
  return [...new Set(items)];
}

export async function guardSession(session: GuardSession): Promise<GuardSessionEnd> {
  const { account, folder, policy } = session;
  const leave = new AbortController();
  const told = (): void => leave.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, told);
  const file = path.join(folder, evidenceFile);
  const evidence = Evidence.open(file);
  try {
    const end = await guard(
      {
        account,
        evidence,
        run: existsSync(path.join(folder, journalFile)) ? runFolderLink(folder) : noRun,
        prices: async (resources: readonly MeteredResource[], stampMs) => {
          const sheet =
            session.priceSheet === null ? sheetInForce().sheet : readPriceSheet(session.priceSheet);
          const live = session.spotQuotes
            ? await account.spotPrices(spotTypes(resources))
            : new Map<string, string>();
          return pricesOf(resources, sheet, live, new Date(stampMs).toISOString().slice(0, 10));
        },
        monotonicMs: () => Math.round(performance.now()),
        wait: (ms) =>
          new Promise((resolve) => {
            const timer = setTimeout(done, ms);
            function done(): void {
              clearTimeout(timer);
              leave.signal.removeEventListener('abort', done);
              resolve();
            }
            leave.signal.addEventListener('abort', done);
          }),
        progress: (line) => process.stderr.write(`guard: ${line}\n`),
      },
      {
        key: session.key,
        policy,
        dryRun: session.dryRun,
        polls: session.polls,
        answerMs: session.answerMs,
        leave: leave.signal,
      },
    );
    const { meter, phase, stopped } = end.state;
    return {
      phase,
      stopped,
      polls: end.polls,
      accrued: formatUsd(meter.accrued),
      burn: formatUsd(meter.burn),
      evidence: path.relative(process.cwd(), file),
    };
  } finally {
    evidence.close();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, told);
  }
}
