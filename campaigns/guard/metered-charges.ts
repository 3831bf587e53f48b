/**
 * The guard's evidence as METERED charges of the ledger: what each kind of resource has accrued since the ledger last heard of it.
 * Owns: reading the meter back from evidence, and the increments. Does not own: metering (budgets/guard), the ledger, the evidence file.
 * Only what runs by the hour is metered; bytes of traffic and logs are not, and no charge is made up for them.
 * What accrued between two looks belongs to the run that was measured at both; all else (deploying, between runs, teardown) is shared.
 */
import { z } from 'zod';
import { byMonth } from '#budgets/focus/charges.ts';
import { providerNames, serviceOf } from '#budgets/focus/providers.ts';
import type { Meter } from '#budgets/guard/meter.ts';
import type { MeteredKind } from '#budgets/guard/observation.ts';
import type { Chain } from '#budgets/ledger/chain.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { allocate, usdMicros } from '#budgets/money.ts';
import type { CostComponent } from '#budgets/stacks.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { type EvidenceLine, evidenceFile } from '#campaigns/guard/evidence.ts';
import { type RunOwner, type RunSpan, runBetween, SHARED } from '#campaigns/guard/run-spans.ts';

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

/** What a poll had accrued, and for how many unit-milliseconds, by kind. Throws `results-damaged`. */
export function accruedByKind(poll: EvidenceLine): Pick<Meter, 'byKind' | 'unitMsByKind'> {
  const read = (name: string): ReadonlyMap<MeteredKind, number> => {
    const parsed = byKind.safeParse(poll.facts[name]);
    if (!parsed.success)
      throw new CampaignError(
        'results-damaged',
        `line ${poll.n} of ${evidenceFile} does not say what each kind of resource has cost, and for how long`,
        'keep the file: it was written by another version',
      );
    return new Map(
      kinds.options.flatMap((kind) => {
        const amount = parsed.data[kind];
        return amount === undefined ? [] : [[kind, amount] as const];
      }),
    );
  };
  const micros = [...read('accrued_micros_by_kind')].map(
    ([kind, amount]) => [kind, usdMicros(amount)] as const,
  );
  return { byKind: new Map(micros), unitMsByKind: read('paid_unit_ms_by_kind') };
}

/** No charge is shorter: the cloud's clock can stand still between two looks. */
const LEAST_MS = 1_000;
/** One look has no length: what the first one found is put on the minute before it, the least that is billed. */
const FIRST_LOOK_MS = 60_000;
const HOUR_MS = 3_600_000;

const iso = (ms: number): string => new Date(ms).toISOString();

interface Accrued {
  readonly micros: number;
  /** Units x milliseconds that it pays for: of machines their running time. */
  readonly unitMs: number;
}
type AccruedByKind = ReadonlyMap<MeteredKind, Accrued>;

/** What accrued from one look to a later one while the same run, or none, was measured. */
interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly owner: RunOwner;
  readonly accrued: AccruedByKind;
}

/** A rise in price can make a paid minute dearer afterwards: money for no time is a correction. */
function quantityOf(kind: MeteredKind, unitMs: number): Pick<Charge, 'category' | 'quantity' | 'unit'> {
  const quantity = (unitMs / HOUR_MS).toFixed(6);
  if (Number(quantity) === 0) return { category: 'adjustment', quantity: null, unit: null };
  return { category: 'usage', quantity, unit: kind === 'disk' ? 'GiB-Hours' : 'Hours' };
}

function chargesOf(
  campaign: string,
  kind: MeteredKind,
  { micros, unitMs }: Accrued,
  { fromMs, untilMs, owner }: Stretch,
  sourceSha256: string,
): Charge[] {
  const pieces = byMonth(fromMs, untilMs);
  const lengths = pieces.map(({ startMs, endMs }) => endMs - startMs);
  const amounts = allocate(usdMicros(micros), lengths);
  const component = componentOf[kind];
  return pieces.map(({ startMs, endMs }, i) => ({
    type: 'charge',
    campaign,
    ...owner,
    state: 'METERED',
    usdMicros: amounts[i] ?? usdMicros(0),
    currency: 'USD',
    // The inventory is that of an AWS account (campaigns/cloud).
    provider: providerNames.aws,
    service: serviceOf('aws', component),
    component,
    description: `${kind}: inventory x price, as the guard metered it`,
    region: null,
    sku: kind,
    resourceId: null,
    periodStart: iso(startMs),
    periodEnd: iso(endMs),
    ...quantityOf(kind, (unitMs * (lengths[i] ?? 0)) / (untilMs - fromMs)),
    p90UsdMicros: null,
    source: evidenceFile,
    sourceSha256,
    invoiceId: null,
  }));
}

const totalOf = (amounts: AccruedByKind): number =>
  [...amounts.values()].reduce((total, { micros }) => total + micros, 0);

interface Look {
  readonly cloudMs: number;
  /** By the clock of the guard's machine, which is the journal's. */
  readonly atMs: number;
  readonly accrued: AccruedByKind;
}

function looksOf(lines: readonly EvidenceLine[]): readonly Look[] {
  return lines
    .filter(({ kind, facts }) => kind === 'poll' && typeof facts['cloud_ms'] === 'number')
    .map((line) => {
      const { byKind: micros, unitMsByKind } = accruedByKind(line);
      return {
        cloudMs: Number(line.facts['cloud_ms']),
        atMs: Date.parse(line.at),
        accrued: new Map(
          [...micros].map(([kind, amount]) => [
            kind,
            { micros: amount, unitMs: unitMsByKind.get(kind) ?? 0 },
          ]),
        ),
      };
    });
}

/** `sign` 1 adds, -1 takes away. Kinds of `one` only. */
function combined(one: AccruedByKind, other: AccruedByKind, sign: 1 | -1): Map<MeteredKind, Accrued> {
  return new Map(
    [...one].map(([kind, { micros, unitMs }]) => {
      const also = other.get(kind) ?? { micros: 0, unitMs: 0 };
      return [kind, { micros: micros + sign * also.micros, unitMs: unitMs + sign * also.unitMs }];
    }),
  );
}

/** Looks in a row of one owner are one stretch. `known`: what the ledger holds by kind, up to `heardMs`. */
function stretchesOf(
  looks: readonly Look[],
  spans: readonly RunSpan[],
  known: AccruedByKind,
  heardMs: number,
): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let before = known;
  let fromMs = heardMs;
  for (const [i, look] of looks.entries()) {
    if (totalOf(look.accrued) <= totalOf(before)) continue;
    const previous = looks[i - 1];
    const owner = previous === undefined ? SHARED : runBetween(spans, previous.atMs, look.atMs);
    const added = combined(look.accrued, before, -1);
    const untilMs = Math.max(look.cloudMs, fromMs + LEAST_MS);
    const last = stretches.at(-1);
    // A kind that was there is there in every later look: the meter forgets none.
    if (last !== undefined && last.owner === owner)
      stretches[stretches.length - 1] = { ...last, untilMs, accrued: combined(added, last.accrued, 1) };
    else stretches.push({ fromMs, untilMs, owner, accrued: added });
    before = look.accrued;
    fromMs = untilMs;
  }
  return stretches;
}

/** What the ledger holds from this evidence already. */
function heldIn(known: readonly Charge[]): AccruedByKind {
  return new Map(
    kinds.options.map((kind) => {
      const mine = known.filter(({ sku }) => sku === kind);
      const micros = mine.reduce((total, one) => total + one.usdMicros, 0);
      const hours = mine.reduce((total, { quantity }) => total + Number(quantity ?? 0), 0);
      return [kind, { micros, unitMs: hours * HOUR_MS }];
    }),
  );
}

/**
 * Increments since the last METERED charges from the same evidence; empty when there are none. Their sum is the meter's, always.
 * `spans`: which run was measured when.
 */
export function meteredCharges(
  chain: Chain,
  campaign: string,
  evidence: { readonly lines: readonly EvidenceLine[]; readonly sha256: string },
  spans: readonly RunSpan[],
): readonly Charge[] {
  const looks = looksOf(evidence.lines);
  const [first] = looks;
  if (first === undefined) return [];
  const known = chain.entries.flatMap(({ record }) =>
    record.type === 'charge' && record.state === 'METERED' && record.source === evidenceFile ? [record] : [],
  );
  const heardMs = Math.max(
    first.cloudMs - FIRST_LOOK_MS,
    ...known.map(({ periodEnd }) => Date.parse(periodEnd)),
  );
  return stretchesOf(looks, spans, heldIn(known), heardMs).flatMap((stretch) =>
    [...stretch.accrued].flatMap(([kind, accrued]) =>
      accrued.micros <= 0 ? [] : chargesOf(campaign, kind, accrued, stretch, evidence.sha256),
    ),
  );
}
