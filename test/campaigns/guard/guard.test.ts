/** The guard's loop over an account in memory: it stops, leaves proof, survives its own death, and never touches others. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type GuardPolicy, guardDefaults } from '#budgets/guard/policy.ts';
import { type Chain, nextLine, readChain } from '#budgets/ledger/chain.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { parseUsd } from '#budgets/money.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { clusterRows } from '#campaigns/deployment-plan.ts';
import { Evidence, readEvidence } from '#campaigns/guard/evidence.ts';
import { type GuardEnd, guard } from '#campaigns/guard/guard.ts';
import { meteredCharges } from '#campaigns/guard/metered-charges.ts';
import { meteredResources, pricesOf } from '#campaigns/guard/price-book.ts';
import { type RunSpan, runSpans } from '#campaigns/guard/run-spans.ts';
import type { JournalEvent } from '#campaigns/journal-event.ts';
import { CLOUD_NOW_MS, FakeAccount, resource } from '#test/campaigns/cloud/fake-account.ts';
import { planOf } from '#test/reports/finance/finance-fixture.ts';

const key = { campaign: 'c', stack: 's' };
const tags = { 'bft:campaign': 'c', 'bft:stack': 's' };
const sheet = readPriceSheet();
const policy: GuardPolicy = {
  ...guardDefaults,
  runCap: parseUsd('20'),
  deadlineMs: CLOUD_NOW_MS + 3_600_000,
  maxInstances: 80,
};

const fleet = (machines: number) =>
  Array.from({ length: machines }, (_, i) => resource({ id: `i-${i}`, tags })).concat(
    resource({ id: 'pool', class: 'autoscaling-group', tags, state: 'active' }),
    resource({ id: 'other', tags: { ...tags, 'bft:campaign': 'd' } }),
  );

function scratch(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'guard-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'guard.jsonl');
}

interface Setting {
  readonly file: string;
  readonly account: FakeAccount;
  readonly polls?: number;
  readonly dryRun?: boolean;
  readonly own?: Partial<GuardPolicy>;
  readonly eachWait?: (poll: number) => void;
}

/** Time passes in the account while the guard waits. */
async function run({
  file,
  account,
  polls = 400,
  dryRun = false,
  own = {},
  eachWait,
}: Setting): Promise<GuardEnd & { stops: string[] }> {
  const evidence = Evidence.open(file, () => new Date(account.nowMs).toISOString());
  const stops: string[] = [];
  let waited = 0;
  try {
    const end = await guard(
      {
        account,
        evidence,
        prices: async (resources) => pricesOf(resources, sheet, new Map(), '2026-11-28'),
        run: {
          work: () => ({ running: true, heartbeat: account.nowMs }),
          stop: (why) => `stopped ${stops.push(why)}`,
        },
        monotonicMs: () => account.nowMs - CLOUD_NOW_MS,
        wait: async (ms) => {
          account.nowMs += ms;
          waited += 1;
          eachWait?.(waited);
        },
        progress: () => {},
      },
      {
        key,
        policy: { ...policy, ...own },
        dryRun,
        polls,
        answerMs: 10_000,
        leave: new AbortController().signal,
      },
    );
    return { ...end, stops };
  } finally {
    evidence.close();
  }
}

test('at the cap: new work is stopped once, everything of ours goes, the other campaign stays, the proof is whole', async (context) => {
  const file = scratch(context);
  const account = new FakeAccount(fleet(70));
  const end = await run({ file, account, own: { runCap: parseUsd('3') } });
  assert.deepEqual([end.state.phase, end.state.stopped], ['gone', 'cap-near']);
  assert.deepEqual(
    account.resources.map(({ id }) => id),
    ['other'],
  );
  assert.equal(end.stops.length, 1);
  assert.ok(end.state.meter.accrued < parseUsd('3'));
  const kinds = readEvidence(file).map(({ kind }) => kind);
  assert.equal(kinds[0], 'begun');
  assert.equal(kinds.at(-1), 'ended');
  for (const kind of ['poll', 'alarm', 'decision', 'order', 'outcome'] as const)
    assert.ok(kinds.includes(kind), kind);
});

test('a dry run decides and writes, and touches nothing', async (context) => {
  const account = new FakeAccount(fleet(90));
  const end = await run({ file: scratch(context), account, dryRun: true });
  assert.deepEqual([end.state.stopped, account.calls, end.stops], ['too-many-machines', [], []]);
});

test('without inventory it stops at the second poll and tears down as soon as the account answers', async (context) => {
  const account = new FakeAccount(fleet(10));
  const end = await run({
    file: scratch(context),
    account,
    eachWait: (poll) => {
      account.broken = poll >= 3 && poll < 9 ? 'socket hang up' : null;
    },
  });
  assert.equal(end.state.stopped, 'blind');
  assert.equal(end.state.phase, 'gone');
  assert.deepEqual(
    account.resources.map(({ id }) => id),
    ['other'],
  );
});

test('a guard started again goes on metering and neither charges twice nor takes a stop back', async (context) => {
  const file = scratch(context);
  const account = new FakeAccount(fleet(70));
  const first = await run({ file, account, polls: 20, own: { runCap: parseUsd('900') } });
  account.nowMs += 120_000;
  const second = await run({ file, account, polls: 1, own: { runCap: parseUsd('900') } });
  const perHour = first.state.meter.burn;
  const expected = first.state.meter.accrued + (perHour * 120_000) / 3.6e6;
  assert.ok(
    Math.abs(second.state.meter.accrued - expected) <= 70 * 2,
    `${second.state.meter.accrued} ${expected}`,
  );
  const stopped = await run({ file, account, polls: 1, own: { maxInstances: 5 } });
  assert.equal(stopped.state.phase, 'tearing-down');
  account.resources = fleet(3);
  await run({ file, account, polls: 2 });
  assert.deepEqual(
    account.resources.map(({ id }) => id),
    ['other'],
  );
});

test('evidence: a changed, missing or inserted line is found; a torn last line is cut', async (context) => {
  const file = scratch(context);
  await run({ file, account: new FakeAccount(fleet(2)), polls: 3 });
  const text = readFileSync(file, 'utf8');
  const lines = text.trimEnd().split('\n');
  for (const bad of [
    text.replace('"poll"', '"alarm"'),
    lines.toSpliced(2, 1).join('\n').concat('\n'),
    [...lines, lines[1]].join('\n').concat('\n'),
  ]) {
    writeFileSync(file, bad);
    assert.throws(() => readEvidence(file), /line \d of/);
  }
  writeFileSync(file, text);
  appendFileSync(file, '{"n":9');
  Evidence.open(file).close();
  assert.equal(readFileSync(file, 'utf8'), text);
});

test('prices: live quotes win, an unknown machine type costs the dearest, gateways and groups cost nothing', () => {
  const seen = meteredResources(
    [
      ...fleet(1),
      resource({ id: 'z', sku: 'zz9.huge', tags }),
      resource({ id: 'e', class: 'endpoint', sku: 'Gateway' }),
      resource({ id: 'v', class: 'volume', units: 30 }),
    ],
    CLOUD_NOW_MS,
  );
  assert.deepEqual(
    seen.map(({ kind }) => kind),
    ['instance', 'instance', 'instance', 'disk'],
  );
  const prices = pricesOf(seen, sheet, new Map([['c6i.2xlarge', '0.4321']]), '2026-11-28');
  assert.ok(prices.known);
  assert.equal(prices.perHour['us-west-2 c6i.2xlarge spot'], 432_100);
  assert.equal(prices.perHour['us-west-2 zz9.huge spot'], undefined);
  assert.ok((prices.worst.instance ?? 0) > 1e6);
  assert.equal(prices.perHour['disk'], 110);
});

test('what the guard metered is METERED in the ledger: by kind, to the micro-dollar, and only what is new the second time', async (context) => {
  const file = scratch(context);
  const disks = Array.from({ length: 4 }, (_, i) =>
    resource({ id: `vol-${i}`, class: 'volume', state: 'in-use', sku: 'gp3', units: 30, tags }),
  );
  const account = new FakeAccount([...fleet(9), ...disks]);
  const large = { own: { runCap: parseUsd('900') } };
  const ledger: { chain: Chain } = { chain: readChain('') };
  let text = '';
  const taken = (): readonly Charge[] => {
    const charges = meteredCharges(
      ledger.chain,
      'c',
      { lines: readEvidence(file), sha256: 'a'.repeat(64) },
      [],
    );
    for (const charge of charges) {
      text += nextLine(ledger.chain.head, charge, '2027-01-01T00:00:00Z').line;
      ledger.chain = readChain(text);
    }
    return charges;
  };
  const total = (charges: readonly Charge[]): number =>
    charges.reduce((all, { usdMicros: micros }) => all + micros, 0);
  const first = await run({ file, account, polls: 20, ...large });
  const early = taken();
  assert.equal(total(early), first.state.meter.accrued);
  assert.deepEqual([...new Set(early.map(({ component }) => component))].sort(), ['compute', 'storage']);
  assert.deepEqual(taken(), []);
  // Nine machines and 4 x 30 GiB for as long as the guard looked: so many machine-hours and GiB-hours, not hours of the clock.
  const quantity = (component: string): number =>
    early.filter((one) => one.component === component).reduce((all, one) => all + Number(one.quantity), 0);
  const [machineHours, gibHours] = [quantity('compute'), quantity('storage')];
  const paidMs = first.state.meter.unitMsByKind;
  assert.ok(Math.abs(machineHours - (paidMs.get('instance') ?? 0) / 3_600_000) < 1e-5);
  assert.ok(Math.abs(gibHours / machineHours - 120 / 9) < 1e-3, `${gibHours} GiB-hours`);
  assert.deepEqual([...new Set(early.map(({ unit }) => unit))].sort(), ['GiB-Hours', 'Hours']);
  account.nowMs += 40 * 86_400_000;
  const second = await run({ file, account, polls: 2, ...large });
  const late = taken();
  assert.equal(total(early) + total(late), second.state.meter.accrued);
  // Each piece lies in one calendar month, and no two of a kind overlap.
  for (const { periodStart, periodEnd } of late)
    assert.ok(periodStart < periodEnd && Date.parse(periodEnd) <= monthAfter(periodStart), periodEnd);
  const compute = [...early, ...late].filter(({ sku }) => sku === 'instance');
  for (const [i, { periodStart }] of compute.entries())
    assert.ok(i === 0 || periodStart >= String(compute[i - 1]?.periodEnd), periodStart);
});

test('what accrued while one run was measured is that run’s; deploying, changes of run and teardown are shared', async (context) => {
  const file = scratch(context);
  const account = new FakeAccount(fleet(9));
  const end = await run({ file, account, polls: 41, own: { runCap: parseUsd('900') } });
  const at = (seconds: number): number => CLOUD_NOW_MS + seconds * 1_000;
  const owner = (repetition: number) => ({ rowId: 'LT-003/nodes=1000', scenarioId: 'LT-003', repetition });
  const spans: RunSpan[] = [
    { owner: owner(0), fromMs: at(61), untilMs: at(299) },
    { owner: owner(1), fromMs: at(301), untilMs: at(480) },
  ];
  const charges = meteredCharges(
    readChain(''),
    'c',
    { lines: readEvidence(file), sha256: 'a'.repeat(64) },
    spans,
  );
  const seconds = ({ periodStart, periodEnd }: Charge): readonly number[] =>
    [periodStart, periodEnd].map((moment) => (Date.parse(moment) - CLOUD_NOW_MS) / 1_000);
  assert.deepEqual(
    charges.map((one) => [one.rowId, one.repetition, ...seconds(one)]),
    [
      [null, null, -60, 75],
      ['LT-003/nodes=1000', 0, 75, 285],
      [null, null, 285, 315],
      ['LT-003/nodes=1000', 1, 315, 480],
      [null, null, 480, 600],
    ],
  );
  const total = charges.reduce((all, { usdMicros: micros }) => all + micros, 0);
  assert.equal(total, end.state.meter.accrued);
});

test('runs as the journal has them: only those in the cloud, under the row that was forecast, ended by a removal at the latest', () => {
  const plan = {
    ...planOf('phase2', [{ row: 'LT-003/nodes=1000', nodes: 1_000, measureMinutes: 15, warmupMinutes: 1 }]),
    target: 'kubernetes' as const,
  };
  const cells = clusterRows(plan)[0]?.cells.map(({ id }) => id) ?? [];
  const [first = '', second = ''] = cells;
  const simulated = plan.rows[0]?.cells[0]?.id ?? '';
  const at = (seconds: number): string => new Date(CLOUD_NOW_MS + seconds * 1_000).toISOString();
  const events: JournalEvent[] = [
    { kind: 'cell-started', cell: simulated },
    { kind: 'cell-started', cell: first },
    { kind: 'resumed', pid: 1, host: 'h' },
    { kind: 'cell-started', cell: first },
    { kind: 'cell-done', cell: first, manifest_sha256: '', status: 'PASSED', adopted: false },
    { kind: 'cell-started', cell: second },
    { kind: 'destroy-started', deployment: 'd1' },
  ];
  const spans = runSpans(
    plan,
    events.map((event, i) => ({ n: i + 1, at: at(i * 10), event })),
  );
  assert.deepEqual(
    spans.map(({ owner, fromMs, untilMs }) => [owner.rowId, owner.repetition, fromMs, untilMs]),
    [
      ['LT-003/nodes=1000', 0, Date.parse(at(10)), Date.parse(at(40))],
      ['LT-003/nodes=1000', 1, Date.parse(at(50)), Date.parse(at(60))],
    ],
  );
});

function monthAfter(moment: string): number {
  const at = new Date(moment);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
}
