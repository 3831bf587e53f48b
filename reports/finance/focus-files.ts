/**
 * FOCUS 1.2 rows as files: CSV, and Parquet with explicit types.
 * Owns: the bytes (the same for the same rows). Does not own: what a row says (budgets/focus).
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type FocusRow, type FocusType, focusColumns } from '#budgets/focus/focus-row.ts';
import { csvText } from '#reports/finance/finance-csv.ts';

/** Header and one line per row. Decimals are figures; text that a spreadsheet would run is neutralised. */
export function focusCsv(rows: readonly FocusRow[]): string {
  const names = focusColumns.map(([name]) => name);
  return csvText([names, ...rows.map((row) => names.map((name) => row[name]))]);
}

const SQL_TYPE: Readonly<Record<FocusType, string>> = {
  text: 'VARCHAR',
  decimal: 'DECIMAL(38,12)',
  time: 'TIMESTAMPTZ',
};

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Parquet bytes, written by DuckDB on one thread so that the order of rows is that of `rows`. */
export async function focusParquet(rows: readonly FocusRow[]): Promise<Buffer> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const folder = path.join(tmpdir(), `focus-${randomUUID()}`);
  await mkdir(folder);
  const [json, parquet] = [path.join(folder, 'rows.json'), path.join(folder, 'rows.parquet')];
  try {
    await writeFile(json, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    try {
      const columns = focusColumns.map(([name]) => `${name}: 'VARCHAR'`).join(', ');
      const casts = focusColumns
        .map(([name, type]) => `CAST(${name} AS ${SQL_TYPE[type]}) AS ${name}`)
        .join(', ');
      await connection.run("SET TimeZone = 'UTC'");
      await connection.run(
        `COPY (SELECT ${casts} FROM read_json(${quoted(json)}, format = 'newline_delimited', columns = {${columns}})) TO ${quoted(parquet)} (FORMAT parquet, COMPRESSION zstd)`,
      );
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
    return await readFile(parquet);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
