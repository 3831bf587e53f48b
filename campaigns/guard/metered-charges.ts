/**
 * The guard's evidence as METERED charges of the ledger: what each kind of resource has accrued since the ledger last heard of it.
 * Owns: reading the meter back from evidence, and the increments. Does not own: metering (budgets/guard), the ledger, the evidence file.
 * Only what runs by the hour is metered; bytes of traffic and logs are not, and no charge is made up for them.
 * What accrued between two looks belongs to the run that was measured at both; all else (deploying, between runs, teardown) is shared.
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

/** No charge is shorter: the cloud's clock can stand still between two looks. */
const LEAST_MS = 1_000;
/** One look has no length: what the first one found is put on the minute before it, the least that is billed. */
const FIRST_LOOK_MS = 60_000;

const iso = (ms: number): string => new Date(ms).toISOString();

/** What accrued from one look to a later one while the same run, or none, was measured. */
interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly owner: RunOwner;
  readonly accrued: ReadonlyMap<MeteredKind, number>;
}

function chargesOf(
  campaign: string,
  kind: MeteredKind,
  micros: UsdMicros,
  { fromMs, untilMs, owner }: Stretch,
  sourceSha256: string,
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
    ...owner,
    state: 'METERED',
    usdMicros: amounts[i] ?? usdMicros(0),
    currency: 'USD',
    category: 'usage',
    provider: 'AWS',
    service: serviceOf[component],
    component,
    description: `${kind}: inventory x price, as the guard metered it`,
    region: null,
    sku: kind,
    resourceId: null,
    periodStart: iso(startMs),
    periodEnd: iso(endMs),
    quantity: ((endMs - startMs) / 3_600_000).toFixed(6),
    unit: 'Hours',
    p90UsdMicros: null,
    source: evidenceFile,
    sourceSha256,
    invoiceId: null,
  }));
}

const totalOf = (amounts: ReadonlyMap<MeteredKind, number>): number =>
  [...amounts.values()].reduce((total, micros) => total + micros, 0);

interface Look {
  readonly cloudMs: number;
  /** By the clock of the guard's machine, which is the journal's. */
  readonly atMs: number;
  readonly accrued: ReadonlyMap<MeteredKind, UsdMicros>;
}

function looksOf(lines: readonly EvidenceLine[]): readonly Look[] {
  return lines
    .filter(({ kind, facts }) => kind === 'poll' && typeof facts['cloud_ms'] === 'number')
    .map((line) => ({
      cloudMs: Number(line.facts['cloud_ms']),
      atMs: Date.parse(line.at),
      accrued: accruedByKind(line),
    }));
}

/** Looks in a row of one owner are one stretch. `known`: what the ledger holds by kind, up to `heardMs`. */
function stretchesOf(
  looks: readonly Look[],
  spans: readonly RunSpan[],
  known: ReadonlyMap<MeteredKind, number>,
  heardMs: number,
): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let before = known;
  let fromMs = heardMs;
  for (const [i, look] of looks.entries()) {
    if (totalOf(look.accrued) <= totalOf(before)) continue;
    const previous = looks[i - 1];
    const owner = previous === undefined ? SHARED : runBetween(spans, previous.atMs, look.atMs);
    const added = new Map(
      [...look.accrued].map(([kind, micros]) => [kind, micros - (before.get(kind) ?? 0)] as const),
    );
    const untilMs = Math.max(look.cloudMs, fromMs + LEAST_MS);
    const last = stretches.at(-1);
    if (last !== undefined && last.owner === owner) {
      for (const [kind, micros] of last.accrued) added.set(kind, (added.get(kind) ?? 0) + micros);
      stretches[stretches.length - 1] = { ...last, untilMs, accrued: added };
    } else stretches.push({ fromMs, untilMs, owner, accrued: added });
    before = look.accrued;
    fromMs = untilMs;
  }
  return stretches;
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
  const held = new Map(
    kinds.options.map((kind) => [
      kind,
      known.filter(({ sku }) => sku === kind).reduce((total, one) => total + one.usdMicros, 0),
    ]),
  );
  const heardMs = Math.max(
    first.cloudMs - FIRST_LOOK_MS,
    ...known.map(({ periodEnd }) => Date.parse(periodEnd)),
  );
  return stretchesOf(looks, spans, held, heardMs).flatMap((stretch) =>
    [...stretch.accrued].flatMap(([kind, micros]) =>
      micros <= 0 ? [] : chargesOf(campaign, kind, usdMicros(micros), stretch, evidence.sha256),
    ),
  );
}
