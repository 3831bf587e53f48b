/**
 * Refreshing prices against servers that speak the providers' own formats: AWS Pricing JSON 1.1 in pages, the EC2 Query protocol in
 * XML with a next token, the Cloud Billing catalogue in pages. Method: the product's own clients, a small sheet, real sockets.
 */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parseUsd } from '#budgets/money.ts';
import { microsOf } from '#budgets/price-refresh.ts';
import { readPriceSheet, readPriceSheetText } from '#budgets/price-sheet.ts';
import { refreshPrices } from '#campaigns/prices/refresh.ts';

const work = mkdtempSync(path.join(os.tmpdir(), 'refresh-'));
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  rmSync(work, { recursive: true, force: true });
});

async function body(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

async function serve(
  answer: (request: IncomingMessage, text: string) => { type: string; body: string; status?: number },
): Promise<string> {
  const server = createServer((request, response) => {
    void body(request).then((text) => {
      const { type, body: sent, status = 200 } = answer(request, text);
      response.writeHead(status, { 'content-type': type }).end(sent);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A sheet of three AWS rows in one region and one GCP row, dated before the refresh. */
function smallSheet(name: string): string {
  const folder = path.join(work, name);
  mkdirSync(folder);
  const sheet = JSON.parse(readPriceSheetText());
  const keep = [
    'us-east-1 c6i.2xlarge',
    'us-east-1 c7g.2xlarge',
    'us-east-1 c6i.large',
    'us-central1 n2-highcpu-8',
  ];
  sheet.instances = sheet.instances.filter((one: { region: string; sku: string }) =>
    keep.includes(`${one.region} ${one.sku}`),
  );
  sheet.date = '2026-11-28';
  writeFileSync(path.join(folder, '2026-11-28.json'), JSON.stringify(sheet));
  return folder;
}

const product = (sku: string, usd: string): string =>
  JSON.stringify({
    product: {
      productFamily: 'Compute Instance',
      attributes: { instanceType: sku, regionCode: 'us-east-1', vcpu: '8' },
      sku: 'X',
    },
    serviceCode: 'AmazonEC2',
    terms: {
      OnDemand: {
        'X.T': { priceDimensions: { 'X.T.D': { unit: 'Hrs', pricePerUnit: { USD: usd } } }, sku: 'X' },
      },
    },
  });

const pages = [
  { PriceList: [product('c6i.2xlarge', '0.3500000000'), product('m1.small', '0.1')], NextToken: 'two' },
  { PriceList: [product('c7g.2xlarge', '0.0000000000')] },
];

const spotItem = (sku: string, zone: string, usd: string): string =>
  `<item><instanceType>${sku}</instanceType><productDescription>Linux/UNIX</productDescription><spotPrice>${usd}</spotPrice><timestamp>2026-11-29T01:00:00.000Z</timestamp><availabilityZone>${zone}</availabilityZone></item>`;
const spotXml = (items: string, next: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><spotPriceHistorySet>${items}</spotPriceHistorySet><nextToken>${next}</nextToken></DescribeSpotPriceHistoryResponse>`;

const asked: string[] = [];
const aws = await serve((request, text) => {
  const target = request.headers['x-amz-target'];
  if (target === 'AWSPriceListService.GetProducts') {
    asked.push(text);
    const which = JSON.parse(text).NextToken === 'two' ? 1 : 0;
    return {
      type: 'application/x-amz-json-1.1',
      body: JSON.stringify({ FormatVersion: 'aws_v1', ...pages[which] }),
    };
  }
  asked.push(text);
  return new URLSearchParams(text).get('NextToken') === 'more'
    ? {
        type: 'text/xml',
        body: spotXml(
          spotItem('c6i.2xlarge', 'us-east-1b', '0.140000') +
            spotItem('c7g.2xlarge', 'us-east-1a', '0.900000'),
          '',
        ),
      }
    : { type: 'text/xml', body: spotXml(spotItem('c6i.2xlarge', 'us-east-1a', '0.120000'), 'more') };
});

const gcpSku = (description: string, usageType: string, nanos: number, usageUnit: string) => ({
  description,
  category: {
    serviceDisplayName: 'Compute Engine',
    resourceFamily: 'Compute',
    resourceGroup: 'N2',
    usageType,
  },
  serviceRegions: ['us-central1'],
  pricingInfo: [
    {
      pricingExpression: {
        usageUnit,
        tieredRates: [{ startUsageAmount: 0, unitPrice: { currencyCode: 'USD', units: '0', nanos } }],
      },
    },
  ],
});
const gcp = await serve((request) => {
  const url = new URL(request.url ?? '', 'http://x');
  if (request.headers['x-goog-api-key'] !== 'key')
    return { type: 'application/json', body: '{}', status: 403 };
  const first = [
    gcpSku('N2 Instance Core running in Americas', 'OnDemand', 31_611_000, 'h'),
    gcpSku('Commitment v1: N2 Cpu in Americas', 'Commit1Yr', 1, 'h'),
  ];
  const second = [gcpSku('N2 Instance Ram running in Americas', 'OnDemand', 4_237_000, 'GiBy.h')];
  const answer =
    url.searchParams.get('pageToken') === 'p2' ? { skus: second } : { skus: first, nextPageToken: 'p2' };
  return { type: 'application/json', body: JSON.stringify(answer) };
});

Object.assign(process.env, {
  AWS_ENDPOINT_URL: aws,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_MAX_ATTEMPTS: '1',
});
const now = new Date('2026-11-29T02:00:00Z');
const awsOnly = { AWS_ACCESS_KEY_ID: 'test' };

test('AWS: every page is read, zones become a range, a zero and a doubtful price are held, an unquoted one keeps its date', async () => {
  const folder = smallSheet('aws');
  const done = await refreshPrices({ now, environment: awsOnly, folder });
  assert.equal(path.basename(done.file), '2026-11-29.json');
  const sheet = readPriceSheet(done.file);
  const row = (sku: string) => sheet.instances.find((one) => one.sku === sku);
  assert.equal(row('c6i.2xlarge')?.onDemand?.usdPerHour, parseUsd('0.35'));
  const spot = row('c6i.2xlarge')?.spot;
  assert.deepEqual(
    [spot?.usdPerHour, spot?.minUsdPerHour, spot?.maxUsdPerHour, spot?.zones, spot?.date],
    [parseUsd('0.13'), parseUsd('0.12'), parseUsd('0.14'), 2, '2026-11-29'],
  );
  const of = (item: string) => done.changes.find((one) => one.item === `aws us-east-1 ${item}`);
  assert.equal(of('c7g.2xlarge on-demand')?.outcome, 'held');
  assert.equal(of('c7g.2xlarge spot')?.outcome, 'held'); // dearer than on demand
  assert.equal(of('c6i.large spot')?.outcome, 'missing');
  const old = readPriceSheet(path.join(folder, '2026-11-28.json')).instances.find(
    (one) => one.sku === 'c7g.2xlarge',
  );
  assert.deepEqual(row('c7g.2xlarge')?.onDemand, old?.onDemand);
  assert.ok(asked.some((text) => text.includes('"regionCode"') && text.includes('us-east-1')));
  assert.ok(
    sheet.instances.every((one) => (one.onDemand?.usdPerHour ?? 1) > 0 && (one.spot?.usdPerHour ?? 1) > 0),
  );
  await assert.rejects(refreshPrices({ now, environment: awsOnly, folder }), { code: 'sheet-exists' });
});

test('GCP: cores and memory of every page make a machine; without its spot units, spot stays as it was', async () => {
  const folder = smallSheet('gcp');
  const done = await refreshPrices({ now, environment: { GOOGLE_API_KEY: 'key' }, folder, gcpEndpoint: gcp });
  const machine = readPriceSheet(done.file).instances.find((one) => one.sku === 'n2-highcpu-8');
  assert.equal(machine?.onDemand?.usdPerHour, 8 * 31_611 + 8 * 4_237);
  assert.equal(done.changes.find((one) => one.item.endsWith('n2-highcpu-8 spot'))?.outcome, 'missing');
  assert.deepEqual(
    done.notAsked.map((text) => text.split(':')[0]),
    ['AWS', 'Azure'],
  );
});

test('without credentials, or when a provider refuses, nothing is written and what is missing is named', async () => {
  const folder = smallSheet('none');
  await assert.rejects(refreshPrices({ now, environment: {}, folder }), {
    code: 'no-credentials',
    message: /AWS_ACCESS_KEY_ID.*GOOGLE_API_KEY/,
  });
  const wrong = { GOOGLE_API_KEY: 'other' };
  await assert.rejects(refreshPrices({ now, environment: wrong, folder, gcpEndpoint: gcp }), {
    code: 'refresh-failed',
    message: /403/,
  });
  assert.deepEqual(readdirSync(folder), ['2026-11-28.json']);
  assert.ok(existsSync(folder) && readFileSync(path.join(folder, '2026-11-28.json')).length > 0);
});

test('a price is read exactly, and what is none is not zero', () => {
  assert.equal(microsOf('0.0850000000'), parseUsd('0.085'));
  assert.equal(microsOf('0.1234567'), parseUsd('0.123457'));
  for (const text of ['0', '0.0000000', '-1', 'NaN', '', '1e3', 'free'])
    assert.equal(microsOf(text), null, text);
});
