/** Cost Explorer through the product's own SDK client, against a server that speaks its format: pages, tag, components, what is refused. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { billedDays } from '#campaigns/cloud/cost-explorer.ts';
import { type BilledDay, type Question, serveCostExplorer } from '#test/support/cost-explorer.ts';

const servers: { close: () => void; closeAllConnections: () => void }[] = [];
after(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

async function account(days: readonly BilledDay[], currency = 'USD'): Promise<readonly Question[]> {
  const asked: Question[] = [];
  const { address, server } = await serveCostExplorer(
    () => days,
    (question) => asked.push(question),
    currency,
  );
  servers.push(server);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_COST_EXPLORER: address,
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
  });
  return asked;
}

const question = { campaign: 'phase2-a', tagKey: 'bft:campaign', from: '2026-11-27', until: '2026-11-30' };
const ec2 = 'Amazon Elastic Compute Cloud - Compute';
const day = (date: number, groups: BilledDay['groups'], estimated = false): BilledDay => ({
  start: `2026-11-${date}`,
  end: `2026-11-${date + 1}`,
  estimated,
  groups,
});

test('every page is read, only of the campaign’s tag; lines fall to components; an estimated day is left out and named', async () => {
  const asked = await account([
    day(27, [
      [ec2, 'USW2-SpotUsage:c6i.2xlarge', '7.6043211', '67'],
      [ec2, 'USW2-BoxUsage:m6i.2xlarge', '1.536', '4'],
      ['EC2 - Other', 'USW2-EBS:VolumeUsage.gp3', '0.2334005', '2.9175'],
      ['Amazon Elastic Container Service for Kubernetes', 'USW2-AmazonEKS-Hours:perCluster', '0.1', '1'],
    ]),
    day(28, [
      ['Amazon Virtual Private Cloud', 'USW2-VpcEndpoint-Hours', '0.07', '7'],
      ['AmazonCloudWatch', 'USW2-DataProcessing-Bytes', '1.25E-1', '0.25'],
      ['Tax', '', '0.9', '0'],
      [ec2, 'USW2-SpotUsage:c6i.2xlarge', '-0.5', '0'],
    ]),
    day(29, [[ec2, 'USW2-SpotUsage:c6i.2xlarge', '99', '800']], true),
  ]);
  const { charges, estimated } = await billedDays(question);
  assert.equal(asked.length, 3);
  for (const { action, signed, body } of asked) {
    assert.equal(action, 'AWSInsightsIndexService.GetCostAndUsage');
    assert.ok(signed);
    assert.deepEqual(body['TimePeriod'], { Start: '2026-11-27', End: '2026-11-30' });
    assert.deepEqual(body['Filter'], {
      Tags: { Key: 'bft:campaign', Values: ['phase2-a'], MatchOptions: ['EQUALS'] },
    });
  }
  assert.deepEqual(
    charges.map(({ component, usdMicros, category, periodStart }) => [
      component,
      usdMicros,
      category,
      periodStart.slice(0, 10),
    ]),
    [
      ['compute', 7_604_321, 'usage', '2026-11-27'],
      ['compute', 1_536_000, 'usage', '2026-11-27'],
      ['storage', 233_400, 'usage', '2026-11-27'],
      ['control-plane', 100_000, 'usage', '2026-11-27'],
      ['network', 70_000, 'usage', '2026-11-28'],
      ['observability', 125_000, 'usage', '2026-11-28'],
      ['tax', 900_000, 'tax', '2026-11-28'],
      ['compute', -500_000, 'credit', '2026-11-28'],
    ],
  );
  assert.deepEqual(estimated, ['2026-11-29']);
});

test('another currency, none, or no amount is refused with day, service and usage type', async () => {
  const one = (usd: string): BilledDay[] => [day(27, [[ec2, 'USW2-BoxUsage:m6i.2xlarge', usd, '1']])];
  for (const [days, currency, why] of [
    [
      one('1'),
      'EUR',
      /2026-11-27, Amazon Elastic Compute Cloud - Compute, USW2-BoxUsage:m6i\.2xlarge: EUR, only USD/,
    ],
    [one('1'), '', /: no currency, only USD is read/],
    [one('NaN'), 'USD', /: no amount: "NaN"/],
  ] as const) {
    await account(days, currency);
    await assert.rejects(billedDays(question), { code: 'bad-bill', message: why });
  }
});

test('an account that does not answer leaves the ledger as it was, and says so', async () => {
  await account([]);
  servers.at(-1)?.close();
  process.env['AWS_ENDPOINT_URL_COST_EXPLORER'] = 'http://127.0.0.1:1';
  process.env['AWS_MAX_ATTEMPTS'] = '1';
  await assert.rejects(billedDays(question), {
    code: 'refresh-failed',
    message: /did not answer, the ledger is unchanged/,
  });
});
