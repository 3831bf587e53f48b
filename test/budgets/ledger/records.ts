/** Ledger records for the tests of money. */
import type { Charge, LedgerEvent, LedgerState } from '#budgets/ledger/entry.ts';
import { usdMicros } from '#budgets/money.ts';

export function charge(state: LedgerState, micros: number, changes: Partial<Charge> = {}): Charge {
  return {
    type: 'charge',
    campaign: 'phase2-test',
    rowId: 'LT-001/nodes=1000',
    scenarioId: 'LT-001',
    repetition: 0,
    state,
    usdMicros: usdMicros(micros),
    currency: 'USD',
    category: 'usage',
    provider: 'aws',
    service: 'Amazon Elastic Compute Cloud',
    component: 'compute',
    description: 'c6i.2xlarge spot',
    region: 'us-west-2',
    sku: 'c6i.2xlarge',
    resourceId: null,
    periodStart: '2026-11-28T10:00:00Z',
    periodEnd: '2026-11-28T11:00:00Z',
    quantity: '67',
    unit: 'VM-hour',
    p90UsdMicros: state === 'FORECAST' ? usdMicros(micros * 2) : null,
    source: 'test',
    sourceSha256: null,
    invoiceId: null,
    ...changes,
  };
}

export function event(action: LedgerEvent['action'], object = 'x', actor = 'ada'): LedgerEvent {
  return {
    type: 'event',
    campaign: 'phase2-test',
    action,
    actor,
    object,
    before: null,
    after: null,
    reason: 'because',
  };
}
