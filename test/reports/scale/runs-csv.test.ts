/** Goal: runs.csv holds one line per run and cannot be read as anything but data. Method: parse lines of the invented campaign. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runsCsv } from '#reports/scale/runs-csv.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

const input = campaignFixture();

function withReason(reason: string): string {
  const [first] = [...input.runs];
  const [id, record] = first!;
  const runs = new Map(input.runs).set(id, { ...record, result: { ...record.result, reason } });
  return runsCsv({ ...input, runs });
}

test('there is one line per run, in plan order, with the same columns', () => {
  const lines = runsCsv(input).trimEnd().split('\n');
  assert.equal(lines.length, 1 + input.runs.size);
  const columns = lines[0]!.split(',').length;
  assert.ok(lines.every((line) => line.split(',').length === columns));
  const ids = input.plan.rows.flatMap((row) =>
    row.cells.flatMap((cell) => input.runs.get(cell.id)?.result.test_run_id ?? []),
  );
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(',')[1]),
    ids,
  );
});

test('column names are unique and carry no capital letters', () => {
  const names = runsCsv(input).split('\n')[0]!.split(',');
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => /^[a-z0-9_]+$/.test(name)));
});

test('separators, quotes and line ends inside a field are quoted', () => {
  assert.ok(withReason('a "b", c\nd').includes('"a ""b"", c\nd"'));
});

test('a field that a spreadsheet would run is disarmed', () => {
  assert.ok(withReason('=HYPERLINK(A1)').includes(",'=HYPERLINK(A1)"));
});
