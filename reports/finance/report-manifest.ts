/**
 * The manifest of a cost report: id, version, what it supersedes, the hash of every input and file, the headline figures.
 * Owns: when a report is a new version, how versions chain, the detached signature, proving a folder. Does not own: the files.
 * The same inputs are the same version: writing a report again changes nothing. Each manifest holds the hash of the one before.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { BudgetError } from '#budgets/budget-error.ts';
import { decimalUsd } from '#budgets/money.ts';
import { sha256Hex } from '#budgets/sha256.ts';
import { signDetached, verifyDetached } from '#budgets/signature.ts';
import type { FinanceReportInput } from '#reports/finance/finance-input.ts';
import { statusOf, totalIn } from '#reports/finance/sheets/ledger-view.ts';

export const manifestFile = 'report-manifest.json';
export const signatureFile = 'report-signature.json';

const sha = z.string().regex(/^[0-9a-f]{64}$/);
const named = z.strictObject({ name: z.string(), sha256: sha });
const manifest = z.strictObject({
  version: z.int().positive(),
  report_id: z.string(),
  campaign: z.string(),
  status: z.string(),
  supersedes: sha.nullable(),
  figures: z.record(z.string(), z.string().nullable()),
  changes: z.array(
    z.strictObject({ figure: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
  ),
  inputs: z.array(named),
  files: z.array(named),
  not_written: z.array(z.strictObject({ format: z.string(), why: z.string() })),
});
export type ReportManifest = z.infer<typeof manifest>;

/** The version that stands in a folder; null when there is none. Throws `bad-report` when it is damaged. */
export function readManifest(
  folder: string,
): { readonly manifest: ReportManifest; readonly text: string } | null {
  const file = path.join(folder, manifestFile);
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  const parsed = manifest.safeParse(json);
  if (!parsed.success) throw new BudgetError('bad-report', `${file} is not the manifest of a cost report`);
  return { manifest: parsed.data, text };
}

/** The figures that a re-issue is compared by; null = none yet. */
export function headlines(input: FinanceReportInput): Readonly<Record<string, string | null>> {
  const { forecast, limits } = input.forecast;
  const orNull = (state: 'METERED' | 'BILLED' | 'INVOICED'): string | null => {
    const total = totalIn(input, state);
    return total === null ? null : decimalUsd(total);
  };
  return {
    budget_usd: decimalUsd(limits.campaign),
    forecast_p50_usd: decimalUsd(forecast.total.p50.usdMicros),
    forecast_p90_usd: decimalUsd(forecast.total.p90.usdMicros),
    metered_usd: orNull('METERED'),
    billed_usd: orNull('BILLED'),
    invoiced_usd: orNull('INVOICED'),
  };
}

export interface Issue {
  readonly version: number;
  readonly supersedes: string | null;
  readonly changes: ReportManifest['changes'];
}

/** What this report is, given the one before it. The same inputs: the same version again. */
export function issueOf(input: FinanceReportInput, before: ReturnType<typeof readManifest>): Issue {
  if (before === null) return { version: 1, supersedes: null, changes: [] };
  const { manifest: old, text } = before;
  if (JSON.stringify(old.inputs) === JSON.stringify(input.inputHashes))
    return { version: old.version, supersedes: old.supersedes, changes: old.changes };
  const now = headlines(input);
  const names = [...new Set([...Object.keys(old.figures), ...Object.keys(now)])];
  const changes = names
    .map((figure) => ({ figure, before: old.figures[figure] ?? null, after: now[figure] ?? null }))
    .filter((one) => one.before !== one.after);
  return { version: old.version + 1, supersedes: sha256Hex(text), changes };
}

export function manifestText(
  input: FinanceReportInput,
  issue: Issue,
  files: readonly { readonly name: string; readonly bytes: Uint8Array | string }[],
  notWritten: ReportManifest['not_written'],
): string {
  const record: ReportManifest = {
    version: issue.version,
    report_id: `COST-${input.campaign}-v${issue.version}`,
    campaign: input.campaign,
    status: statusOf(input),
    supersedes: issue.supersedes,
    figures: { ...headlines(input) },
    changes: [...issue.changes],
    inputs: input.inputHashes.map((one) => ({ ...one })),
    files: files.map(({ name, bytes }) => ({ name, sha256: sha256Hex(bytes) })),
    not_written: [...notWritten],
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

const signature = z.strictObject({
  over: z.literal(manifestFile),
  algorithm: z.literal('Ed25519'),
  signature: z.string(),
});

/** Text of the detached signature over the manifest, and so over every file and input it names. Throws `bad-key`. */
export function signatureText(manifestBytes: string, privateKeyPem: string): string {
  return `${JSON.stringify({ over: manifestFile, algorithm: 'Ed25519', signature: signDetached(manifestBytes, privateKeyPem) }, null, 2)}\n`;
}

export interface ReportProof {
  readonly reportId: string;
  readonly version: number;
  readonly files: number;
  /** 'valid': by the key that was given. 'unchecked': there is one, no key was given. */
  readonly signature: 'none' | 'unchecked' | 'valid' | 'invalid';
}

/**
 * Proves a folder: every file is as the manifest says, no other report file is there, the signature fits `publicKey`.
 * Null when it holds no report. Throws `bad-report` naming the first file that is wrong.
 */
export function proveReport(folder: string, publicKey: string | null): ReportProof | null {
  const found = readManifest(folder);
  if (found === null) return null;
  for (const { name, sha256: expected } of found.manifest.files) {
    const file = path.join(folder, path.basename(name));
    if (!existsSync(file)) throw new BudgetError('bad-report', `${file} is missing`);
    if (sha256Hex(readFileSync(file)) !== expected)
      throw new BudgetError('bad-report', `${file} was changed after it was written`);
  }
  return {
    reportId: found.manifest.report_id,
    version: found.manifest.version,
    files: found.manifest.files.length,
    signature: signatureState(folder, found.text, publicKey),
  };
}

function signatureState(folder: string, text: string, publicKey: string | null): ReportProof['signature'] {
  const file = path.join(folder, signatureFile);
  if (!existsSync(file)) return 'none';
  let json: unknown = null;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return 'invalid';
  }
  const parsed = signature.safeParse(json);
  if (!parsed.success) return 'invalid';
  if (publicKey === null) return 'unchecked';
  return verifyDetached(text, parsed.data.signature, publicKey) ? 'valid' : 'invalid';
}
