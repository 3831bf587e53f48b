/**
 * Which price sheet is in force: the newest by date of those that ship with the product and those in the user's folder `prices/`.
 * Owns: that rule, the sheet's hash, and writing a new one whole or not at all. Does not own: the format (price-sheet.ts) or where
 * prices come from (price-sources).
 */
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BudgetError } from '#budgets/budget-error.ts';
import { type KnownSkus, knownSkus, skuFault } from '#budgets/known-skus.ts';
import { type PriceSheet, parsePriceSheet, readPriceSheetText, sheetError } from '#budgets/price-sheet.ts';
import { sha256Hex } from '#budgets/sha256.ts';

/** Refreshed sheets, under version control beside the approvals that are bound to them. Relative to the working folder. */
export const userSheetsFolder = 'prices';
const shippedFolder = fileURLToPath(new URL('./price-sheets', import.meta.url));
const sheetName = /^\d{4}-\d{2}-\d{2}\.json$/;

function sheetsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => sheetName.test(name)) : [];
}

/** Every dated sheet, oldest first; of one date the user's is later than the shipped one. */
export function sheetFiles(folder: string = userSheetsFolder): readonly string[] {
  const files = [shippedFolder, folder].flatMap((place, rank) =>
    sheetsIn(place).map((name) => ({ name, rank, file: path.join(place, name) })),
  );
  files.sort((a, b) => (a.name === b.name ? a.rank - b.rank : a.name < b.name ? -1 : 1));
  return files.map(({ file }) => file);
}

export function currentSheetFile(folder?: string): string {
  const file = sheetFiles(folder).at(-1);
  if (file === undefined) throw new BudgetError('bad-price-sheet', 'there is no price sheet');
  return file;
}

/** Bytes of the sheet in force: what an approval is bound to. */
export function currentPriceSheetText(): string {
  return readPriceSheetText(currentSheetFile());
}

export interface SheetInForce {
  readonly file: string;
  readonly text: string;
  readonly sheet: PriceSheet;
  /** SHA-256 of the file's bytes, hex. */
  readonly sha256: string;
}

export function sheetSha256(text: string): string {
  return sha256Hex(text);
}

/** Every name that a shipped sheet prices: nothing else can be bought. */
function shippedSkus(): KnownSkus {
  const files = sheetsIn(shippedFolder).map((name) => readFileSync(path.join(shippedFolder, name), 'utf8'));
  return knownSkus(files.map((text): PriceSheet => JSON.parse(text)));
}

/**
 * Throws `bad-price-sheet` naming file, line and the first thing that is wrong, `unknown-sku` for a row of a name that no shipped
 * sheet has.
 */
export function readSheet(file: string): SheetInForce {
  const text = readPriceSheetText(file);
  const sheet = parsePriceSheet(text, file);
  const fault = path.dirname(file) === shippedFolder ? null : skuFault(sheet, shippedSkus());
  if (fault !== null) throw sheetError('unknown-sku', text, file, fault);
  return { file, text, sheet, sha256: sheetSha256(text) };
}

export function sheetInForce(folder?: string): SheetInForce {
  return readSheet(currentSheetFile(folder));
}

/** What `make` throws about a name that the sheet does not have says which file that is. */
export function pricedBy<T>({ file }: Pick<SheetInForce, 'file'>, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof BudgetError && error.code === 'unknown-sku')
      throw new BudgetError(error.code, `${file}: ${error.message}`);
    throw error;
  }
}

/**
 * Writes `text` as the sheet of its date. Throws `bad-price-sheet` when it could not be read back, `sheet-exists` rather than replace
 * a sheet that approvals may be bound to.
 */
export function writeSheet(text: string, folder: string = userSheetsFolder): string {
  const { date } = parsePriceSheet(text);
  const file = path.join(folder, `${date}.json`);
  mkdirSync(folder, { recursive: true });
  const temporary = `${file}.tmp-${process.pid}`;
  writeFileSync(temporary, text, { flush: true });
  try {
    linkSync(temporary, file); // unlike a rename it never replaces
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new BudgetError(
        'sheet-exists',
        `${file} exists already: a sheet is never changed; move it away first`,
      );
    }
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return file;
}
