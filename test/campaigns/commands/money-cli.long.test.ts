/**
 * The money of a campaign from the command line, in the order an operator needs it: forecast, approval, refusals, bills, reconciliation,
 * report, signature, a second issue, what could be cheaper. Method: the real program, one folder, one campaign; every figure that is
 * compared is read back from another file than the one that the command printed it from.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { campaignIn, type Ran } from '#test/support/campaign-program.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const costExplorerMain = path.join(root, 'test', 'support', 'cost-explorer.ts');
const folder = mkdtempSync(path.join(os.tmpdir(), 'money-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const campaign = campaignIn(folder);

/** Ended with `code`; what it printed. */
function ended(code: number, ran: Ran): string {
  assert.equal(ran.status, code, `${ran.stdout.slice(-1_500)}\n${ran.stderr.slice(-1_500)}`);
  return ran.stdout + ran.stderr;
}

const json = (ran: Ran) => JSON.parse(ran.stdout);
const inRun = (...names: string[]): string => path.join(folder, 'runs', 'latest', ...names);
const report = (name: string) => readFileSync(inRun('reports', 'finance', name), 'utf8');
const row = ['--scenario', 'LT-001', '--replications', '1'];

before(() => {
  ended(0, campaign('signers', '--create-key', 'ada.pem'));
  ended(
    0,
    campaign('signers', '--add', 'ada', '--key', 'ada.pem', '--role', 'engineering', '--role', 'finance'),
  );
  // The simulation is what money is spent on; it ends with 23, because nothing was approved.
  ended(23, campaign('phase2', ...row));
});

test('forecast: which runs break their limit, the proof, and ways back that name their price', () => {
  const said = ended(21, campaign('forecast', 'phase3'));
  assert.match(said, /OVER: one run of SK-002, deployed alone, costs \$[\d,.]+ .* limit of \$1,000\.00/);
  assert.match(
    said,
    /SK-002: no type, region or provider brings it inside \$1,000\.00.* = \$[\d,.]+, the least of every quote/,
  );
  const ways = said.slice(said.indexOf('ways back')).split('\n');
  const own = ways.slice(ways.findIndex((line) => line.startsWith('  SK-002')) + 1).slice(0, 3);
  for (const way of own) assert.match(way, /^ {4}\d\. .*: P50 \$[\d,.]+, P90 \$[\d,.]+; /);
  assert.match(ended(21, campaign('forecast', 'all')), /FORECAST of every phase/);
});

test('what cannot be meant ends with 20, says where and what instead, and writes nothing: phase, scenario, budget, nodes', () => {
  const before = readdirSync(folder);
  writeFileSync(path.join(folder, 'none.yaml'), 'id: MY-001\ntitle: t\nnodes: 0\n');
  for (const [why, ...words] of [
    [/phase9/, 'forecast', 'phase9'],
    [/XX-001/, 'forecast', 'phase3', '--scenario', 'XX-001'],
    [/--budget.*NaN/, 'forecast', 'phase3', '--budget', 'NaN'],
    [/--budget.*-1/, 'forecast', 'phase3', '--budget', '-1'],
    [/--nodes.*0/, 'simulate', 'LT-001', '--nodes', '0'],
    [/none\.yaml:3:\d+: nodes: /, 'check', './none.yaml'],
    [/none\.yaml:3:\d+: nodes: /, 'simulate', './none.yaml'],
  ] as const) {
    const ran = campaign(...words);
    assert.equal(ran.status, 20, words.join(' '));
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, why);
  }
  rmSync(path.join(folder, 'none.yaml'));
  assert.deepEqual(readdirSync(folder), before);
});

test('a price sheet that cannot be right starts nothing: exit 20, file, line, path and the nearest known name', () => {
  const shipped = path.join(root, 'budgets', 'price-sheets', '2026-11-21.json');
  const good = readFileSync(shipped, 'utf8').replace('"date":"2026-11-21"', '"date":"2026-11-22"');
  mkdirSync(path.join(folder, 'prices'), { recursive: true });
  const file = path.join(folder, 'prices', '2026-11-22.json');
  const runs = readdirSync(path.join(folder, 'runs'));
  const pool = '"region":"us-west-2","sku":"c6i.2xlarge"';
  for (const [from, to, why] of [
    [
      /"usdPerHour":"[\d.]+"/,
      '"usdPerHour":"-0.1"',
      /json:89: instances\.0\.onDemand\.usdPerHour: a price is above zero/,
    ],
    [
      /"usdPerHour":"[\d.]+"/,
      '"usdPerHour":"0"',
      /json:89: instances\.0\.onDemand\.usdPerHour: a price is above zero/,
    ],
    [
      /"usdPerHour":"[\d.]+"/,
      '"usdPerHour":"NaN"',
      /json:89: instances\.0\.onDemand\.usdPerHour: not a price: "NaN"/,
    ],
    [/"currency":"USD",/, '', /json:1: currency: /],
    [
      pool,
      pool.replace('2xlarge', '2xlrage'),
      /json:\d+: instances\.\d+\.sku: unknown SKU "c6i\.2xlrage".*"c6i\.2xlarge"/,
    ],
    [
      '"id":"aws.ebs.gp3"',
      '"id":"aws.ebs.gp4"',
      /json:\d+: unitPrices\.\d+\.id: unknown SKU "aws\.ebs\.gp4".*"aws\.ebs\.gp3"/,
    ],
    [
      pool,
      pool.replace('us-west-2', 'us-west2'),
      /no row prices "c6i\.2xlarge" of aws in "us-west-2" .*"us-west2"/,
    ],
  ] as const) {
    const wrong = good.replace(from, to);
    assert.notEqual(wrong, good);
    writeFileSync(file, wrong);
    const ran = campaign('forecast', 'phase2');
    assert.equal(ran.status, 20, to);
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, why);
    assert.match(ran.stderr, /^error: prices[\\/]2026-11-22\.json[: ].+\n$/);
  }
  // The last of them stands in the way of a campaign and of a simulation too, before either has a folder.
  for (const words of [
    ['phase2', ...row],
    ['simulate', 'LT-001', '--nodes', '30'],
  ])
    assert.match(ended(20, campaign(...words)), /^error: prices/);
  assert.deepEqual(readdirSync(path.join(folder, 'runs')), runs);
  rmSync(file);
});

test('a machine that the sheet names without a price is counted at the dearest of its class, and said to be', () => {
  const shipped = path.join(root, 'budgets', 'price-sheets', '2026-11-21.json');
  const sheet = JSON.parse(readFileSync(shipped, 'utf8'));
  const file = path.join(folder, 'prices', '2026-11-22.json');
  const unpriced = sheet.instances.map((one: { region: string; sku: string }) =>
    one.region === 'us-west-2' && one.sku === 'c6i.2xlarge' ? { ...one, onDemand: null, spot: null } : one,
  );
  const asked = ['forecast', 'phase2', '--scenario', 'LT-001'];
  const known = campaign(...asked, '--json');
  writeFileSync(file, JSON.stringify({ ...sheet, date: '2026-11-22', instances: unpriced }));
  const [said, unknown] = [[], ['--json']].map((more) => campaign(...asked, ...more));
  assert.match(said?.stdout ?? '', /UNPRICED: aws us-west-2 c6i\.2xlarge spot: .* no spot price for it/);
  const p50 = (ran: Ran | undefined): number =>
    ran === undefined ? 0 : json(ran).forecast.forecast.total.p50.usdMicros;
  assert.ok(p50(unknown) > 2 * p50(known), 'unknown is never cheap');
  rmSync(file);
});

test('an approval of another plan is refused with 23 and nothing begins', () => {
  const before = readdirSync(path.join(folder, 'runs')).length;
  const asked = json(campaign('approve', 'phase2', ...row, '--json'));
  ended(
    0,
    campaign(
      'approve',
      'phase2',
      ...row,
      '--sign',
      'ada.pem',
      '--role',
      'engineering',
      '--reason',
      'a first look',
    ),
  );
  const said = ended(
    23,
    campaign('phase2', '--scenario', 'LT-001', '--replications', '2', '--approve', asked.approval.hash),
  );
  assert.match(said, /another plan, other prices or other limits/);
  assert.equal(readdirSync(path.join(folder, 'runs')).length, before);
});

/** The bill of an account: rows of the campaign, of another one, and untagged ones. */
function writeBill(
  name: string,
  lines: readonly (readonly [cost: string, service: string, campaign: string | null])[],
): void {
  const columns =
    'BilledCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ServiceName,ProviderName,ChargeDescription,InvoiceId,Tags';
  const rows = lines.map(([cost, service, owner]) => {
    const tags = owner === null ? '' : `"{""user:bft:campaign"":""${owner}""}"`;
    return `${cost},USD,Usage,2026-11-29T00:00:00Z,2026-11-29T01:00:00Z,${service},AWS,=1+1,INV-1,${tags}`;
  });
  writeFileSync(path.join(folder, name), `${[columns, ...rows].join('\n')}\n`);
}

test('ledger: nothing to reconcile at first; a bill is taken once, only its own rows, and a wrong one not at all', () => {
  ended(11, campaign('reconcile', 'latest'));
  const { campaign: name } = JSON.parse(readFileSync(inRun('plan.json'), 'utf8'));
  writeBill('bill.csv', [
    ['6.10', 'Amazon Elastic Compute Cloud', name],
    ['0.41', 'Amazon Elastic Block Store', name],
    ['900', 'Amazon Elastic Compute Cloud', 'another'],
    ['7', 'AWS Support', null],
  ]);
  const first = json(campaign('ledger', 'latest', '--import', 'bill.csv', '--json'));
  assert.deepEqual(first.notes, [
    '2 lines added as BILLED',
    'rows of the bill that were not taken: 1 of other campaigns, 1 without the tag bft:campaign',
  ]);
  const again = json(campaign('ledger', 'latest', '--import', 'bill.csv', '--json'));
  assert.match(again.notes[0], /already: nothing was added/);
  assert.equal(again.head.lastHash, first.head.lastHash);
  writeBill('wrong.csv', [['NaN', 'Amazon Elastic Compute Cloud', name]]);
  assert.match(
    ended(20, campaign('ledger', 'latest', '--import', 'wrong.csv')),
    /wrong\.csv: row 1: BilledCost is no number/,
  );
  assert.match(
    ended(23, campaign('ledger', 'latest', '--cost-explorer', '2026-11-01..2026-12-01')),
    /ce:GetCostAndUsage/,
  );
  assert.equal(json(campaign('ledger', 'latest', '--json')).head.lastHash, first.head.lastHash);
});

/** Asks the ledger to take what `server` bills; every account of this machine stays out of it. */
function askedCostExplorer(server: string): Ran {
  const environment = {
    AWS_ENDPOINT_URL_COST_EXPLORER: server,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  };
  return campaignIn(folder, environment)(
    'ledger',
    'latest',
    '--cost-explorer',
    '2026-11-27..2026-12-01',
    '--json',
  );
}

test('Cost Explorer: billed days are taken once, a day billed anew as its difference, an estimated one not at all', async () => {
  const answer = path.join(folder, 'answer.json');
  const bill = (usd: string) => [
    {
      start: '2026-11-27',
      end: '2026-11-28',
      estimated: false,
      groups: [['Amazon VPC', 'USW2-VpcEndpoint-Hours', usd, '7']],
    },
    {
      start: '2026-11-28',
      end: '2026-11-29',
      estimated: true,
      groups: [['Amazon VPC', 'USW2-VpcEndpoint-Hours', '9', '7']],
    },
  ];
  writeFileSync(answer, '[]');
  const server = spawn(process.execPath, [costExplorerMain, answer], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [address] = await once(server.stdout, 'data');
    const ask = (): string[] => json(askedCostExplorer(String(address).trim())).notes;
    assert.match(ask()[1] ?? '', /nothing is billed under the tag bft:campaign: it has to be active/);
    writeFileSync(answer, JSON.stringify(bill('0.07')));
    assert.deepEqual(ask(), [
      'AWS Cost Explorer: 1 lines billed, 1 of them new or changed',
      'still estimated by AWS, not taken: 2026-11-28',
    ]);
    assert.match(ask()[0] ?? '', /1 lines billed, 0 of them new/);
    writeFileSync(answer, JSON.stringify(bill('0.05')));
    assert.match(ask()[0] ?? '', /1 lines billed, 1 of them new or changed/);
  } finally {
    server.kill();
  }
  const lines = readFileSync(inRun('ledger.jsonl'), 'utf8').trim().split('\n').slice(-4);
  const taken = lines.map((line) => JSON.parse(line).entry.record).filter(({ type }) => type === 'charge');
  assert.deepEqual(
    taken.map(({ state, usdMicros, category }) => [state, usdMicros, category]),
    [
      ['BILLED', 70_000, 'usage'],
      ['BILLED', -20_000, 'adjustment'],
    ],
  );
});

test('reconcile: billed and never metered does not reconcile, and scores the forecast', () => {
  const ran = campaign('reconcile', 'latest', '--json');
  assert.equal(ran.status, 10);
  const { reconciliation } = json(ran);
  const compute = reconciliation.lines.find((line: { component: string }) => line.component === 'compute');
  assert.deepEqual([compute.billed, compute.metered, compute.variance], [6_100_000, null, 'not-metered']);
  assert.ok(reconciliation.scores.length > 0);
});

test('cost report: the bill is in every format, signed, verified; a re-issue supersedes it and says what changed; a changed byte is seen', () => {
  // One repetition is too few for a verdict: 11, as the campaign itself.
  ended(11, campaign('report', 'latest', '--formats', 'xlsx,focus', '--sign', 'ada.pem'));
  const first = JSON.parse(report('cost-report.json'));
  assert.deepEqual(first.actual, { metered_usd: null, billed_usd: '6.56', invoiced_usd: null });
  assert.match(report('cost-report.html'), /Spent so far[^$]*\$6\.56/);
  const focus = report('focus-1.2.csv');
  assert.ok(focus.includes('6.10'), 'the bill is in the FOCUS file');
  assert.ok(!/(^|,)"?[=+@]/m.test(focus), 'a cell that a spreadsheet would run');
  ended(11, campaign('verify', 'latest', '--key', 'ada.pem'));
  const { campaign: name } = JSON.parse(readFileSync(inRun('plan.json'), 'utf8'));
  writeBill('second.csv', [['1.25', 'Amazon Virtual Private Cloud', name]]);
  ended(0, campaign('ledger', 'latest', '--import', 'second.csv', '--state', 'INVOICED'));
  const said = ended(11, campaign('report', 'latest', '--formats', 'xlsx,focus', '--sign', 'ada.pem'));
  assert.match(said, /version 2|supersedes/i);
  ended(11, campaign('verify', 'latest', '--key', 'ada.pem'));
  const page = inRun('reports', 'finance', 'cost-report.html');
  writeFileSync(page, readFileSync(page, 'utf8').replace('FORECAST', 'FORECAS7'));
  assert.match(ended(20, campaign('verify', 'latest', '--key', 'ada.pem')), /cost-report\.html/);
});

test('a changed line of the ledger is named', () => {
  const file = inRun('ledger.jsonl');
  const good = readFileSync(file, 'utf8');
  assert.ok(good.includes('6100000'));
  writeFileSync(file, good.replace('6100000', '6100001'));
  assert.match(ended(20, campaign('ledger', 'latest')), /ledger\.jsonl|line \d+/);
  writeFileSync(file, good);
  ended(0, campaign('ledger', 'latest'));
});

test('optimise proposes, ranks and says what is still over; prices compares regions and families', () => {
  const said = ended(21, campaign('optimise', 'phase3'));
  assert.match(said, /cheapest plan that answers every question \(proposed\)/);
  assert.match(said, /one run of SK-002 is still over its limit/);
  const { regions, families, rows } = json(campaign('prices', '--compare', '--json'));
  assert.ok(regions.length >= 10 && families.length >= 20 && rows.length >= 1_000);
  assert.ok(!existsSync(path.join(folder, 'prices', '2026-11-22.json')));
});
