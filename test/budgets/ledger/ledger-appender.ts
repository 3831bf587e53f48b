/** A process of its own that appends numbered events to a ledger: what rivals do in the concurrency test. */
import { appendToLedger } from '#budgets/ledger/ledger-file.ts';
import { event } from '#test/budgets/ledger/records.ts';

const [file = '', name = '', count = '0'] = process.argv.slice(2);
for (let i = 0; i < Number(count); i += 1) {
  appendToLedger(file, [event('alarm', `${name}-${i}`, name)], '2026-11-28T12:00:00.000Z');
}
