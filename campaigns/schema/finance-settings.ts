/**
 * The settings file of the cost report: finance.yaml.
 * Owns: its written form, where it is looked for, loading it. Does not own: the record (budgets/finance-settings.ts) or where it is shown.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { type FinanceSettings, noFinanceSettings } from '#budgets/finance-settings.ts';
import { sha256Hex } from '#budgets/sha256.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { ConfigError } from '#campaigns/config-error.ts';
import { parseLocated } from '#campaigns/schema/problems.ts';
import { readConfiguration, readConfigurationText } from '#campaigns/yaml-reader.ts';
import { record } from '#node/config-names.ts';

/** In the working directory; BFT_SCALE_FINANCE or --finance names another one. */
export const financeSettingsFile = 'finance.yaml';

const label = (description: string) => z.string().trim().min(1).max(120).meta({ description });
const account = (description: string) =>
  record({ id: label('as the provider writes it, in quotes'), name: label('for people') }).meta({
    description,
  });

export const financeSettingsSchema: z.ZodType<FinanceSettings> = record({
  costCentre: label('who is charged').nullable().default(null),
  glCode: label('account of the general ledger, in quotes').nullable().default(null),
  project: label('project or work package').nullable().default(null),
  purchaseOrder: label('number of the purchase order').nullable().default(null),
  billingAccount: account('who pays the provider’s bill').nullable().default(null),
  subAccount: account('the account that the machines are rented in').nullable().default(null),
  exchangeRate: record({
    currency: z
      .string()
      .refine((text) => /^(?!USD)[A-Z]{3}$/.test(text), 'is an ISO 4217 code other than USD, like "EUR"')
      .meta({ description: 'what totals are shown in beside dollars' }),
    perUsd: z
      .string({ error: 'is text, so that no digit is lost: write it like "0.9215"' })
      .refine(
        (text) => /^(?!0+(\.0+)?$)\d{1,6}(\.\d{1,6})?$/.test(text),
        'is a positive decimal of at most six decimals, like "0.9215"',
      )
      .meta({ description: 'units of the currency for one dollar' }),
    date: z.iso.date('is a date like "2026-11-28"').meta({ description: 'of the rate' }),
    source: label('who says so'),
  })
    .nullable()
    .default(null),
});

/** Throws ConfigError with every problem; `file` only names it. */
export function parseFinanceSettings(text: string, file: string): FinanceSettings {
  const { value, problems } = parseLocated(financeSettingsSchema, readConfiguration(text, file));
  if (value === null) throw new ConfigError(problems);
  return value;
}

export interface LoadedFinanceSettings {
  readonly settings: FinanceSettings;
  /** For the report's input hashes; null = there is no file. */
  readonly sha256: string | null;
}

/** `named`: a file that has to exist; null = the usual one, when there is one. Throws ConfigError. */
export function loadFinanceSettings(named: string | null): LoadedFinanceSettings {
  const file = named ?? process.env['BFT_SCALE_FINANCE'] ?? financeSettingsFile;
  if (file === financeSettingsFile && !existsSync(file)) return { settings: noFinanceSettings, sha256: null };
  const settings = parseFinanceSettings(readConfigurationText(file), file);
  return { settings, sha256: sha256Hex(canonicalJson(settings)) };
}
