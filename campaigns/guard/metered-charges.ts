/**
 * The guard's evidence as METERED charges of the ledger: what each kind of resource has accrued since the ledger last heard of it.
 * Owns: reading the meter back from evidence, and the increments. Does not own: metering (budgets/guard), the ledger, the evidence file.
 * Only what runs by the hour is metered; bytes of traffic and logs are not, and no charge is made up for them.
 */
import { z } from 'zod';
import { byMonth, serviceOf } from '#budgets/focus/charges.ts';
import type { MeteredKind } from '#budgets/guard/observation.ts';
import type { Chain } from '#budgets/ledger/chain.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { allocate, type UsdMicros, usdMicros } from '#budgets/money.ts';
import type { CostComponent } from '#budgets/stacks.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { type EvidenceLine, evidenceFile } from '#campaigns/guard/evidence.ts';

/** As a bill has it: an instance is compute, whatever pool it is in. */
const componentOf: Readonly<Record<MeteredKind, CostComponent>> = {
  instance: 'compute',
  disk: 'storage',
  address: 'network',
  'nat-gateway': 'network',
  'load-balancer': 'network',
  endpoint: 'network',
  'control-plane': 'control-plane',
};

const kinds = z.enum([
  'instance',
  'disk',
  'address',
  'nat-gateway',
  'load-balancer',
  'endpoint',
  'control-plane',
]);
const byKind = z.partialRecord(kinds, z.int().nonnegative());

/** What a poll had accrued, by kind. Throws `results-damaged`. */
export function accruedByKind(poll: EvidenceLine): ReadonlyMap<MeteredKind, UsdMicros> {
  const parsed = byKind.safeParse(poll.facts['accrued_micros_by_kind']);
  if (!parsed.success)
    throw new CampaignError(
      'results-damaged',
      `line ${poll.n} of ${evidenceFile} does not say what each kind of resource has cost`,
      'keep the file: it was written by another version',
    );
  return new Map(
    kinds.options.flatMap((kind) => {
      const micros = parsed.data[kind];
      return micros === undefined ? [] : [[kind, usdMicros(micros)] as const];
    }),
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();

interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

function chargesOf(
  campaign: string,
  kind: MeteredKind,
  micros: UsdMicros,
  { fromMs, untilMs }: Stretch,
  source: Pick<Charge, 'region' | 'sourceSha256'>,
): Charge[] {
  const pieces = byMonth(fromMs, untilMs);
  const amounts = allocate(
    micros,
    pieces.map(({ startMs, endMs }) => endMs - startMs),
  );
  const component = componentOf[kind];
  return pieces.map(({ startMs, endMs }, i) => ({
    type: 'charge',
    campaign,
    // An inventory does not say which run a machine works for.
    rowId: null,
    scenarioId: null,
    repetition: null,
    state: 'METERED',
    usdMicros: amounts[i] ?? usdMicros(0),
    currency: 'USD',
    category: 'usage',
    provider: 'AWS',
    service: serviceOf[component],
    component,
    description: `${kind}: inventory x price, as the guard metered it`,
    sku: kind,
    resourceId: null,
    periodStart: iso(startMs),
    periodEnd: iso(endMs),
    quantity: ((endMs - startMs) / 3_600_000).toFixed(6),
    unit: 'Hours',
    p90UsdMicros: null,
    source: evidenceFile,
    invoiceId: null,
    ...source,
  }));
}

/** Increments since the last METERED charges from the same evidence; empty when there are none. Their sum is the meter's, always. */
export function meteredCharges(
  chain: Chain,
  campaign: string,
  lines: readonly EvidenceLine[],
  sha256: string,
): readonly Charge[] {
  const polls = lines.filter(({ kind, facts }) => kind === 'poll' && typeof facts['cloud_ms'] === 'number');
  const [first, last] = [polls[0], polls.at(-1)];
  if (first === undefined || last === undefined) return [];
  const known = chain.entries.flatMap(({ record }) =>
    record.type === 'charge' && record.state === 'METERED' && record.source === evidenceFile ? [record] : [],
  );
  const heardMs = Math.max(
    Number(first.facts['cloud_ms']),
    ...known.map(({ periodEnd }) => Date.parse(periodEnd)),
  );
  // One look has no length: what it found is put on the minute that is billed at least.
  const untilMs = Math.max(Number(last.facts['cloud_ms']), heardMs + 60_000);
  return [...accruedByKind(last)].flatMap(([kind, accrued]) => {
    const before = known.filter(({ sku }) => sku === kind).reduce((total, one) => total + one.usdMicros, 0);
    const added = usdMicros(accrued - before);
    const source = { region: null, sourceSha256: sha256 };
    return added <= 0 ? [] : chargesOf(campaign, kind, added, { fromMs: heardMs, untilMs }, source);
  });
}
