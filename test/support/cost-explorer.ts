/**
 * A stand-in for AWS Cost Explorer that speaks its wire format: GetCostAndUsage, JSON 1.1, in pages, days that are still estimated.
 * As a program (`node cost-explorer.ts answer.json`) it prints its address and reads the answer anew for each question.
 * Owns: the socket. Does not own: what was billed (the test says it).
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** usd null: a group that carries no currency. */
export type BilledGroup = readonly [service: string, usageType: string, usd: string, quantity: string];

export interface BilledDay {
  readonly start: string;
  readonly end: string;
  readonly estimated: boolean;
  readonly groups: readonly BilledGroup[];
}

export interface Question {
  readonly action: string;
  readonly signed: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

function resultOf({ start, end, estimated, groups }: BilledDay, currency: string) {
  return {
    TimePeriod: { Start: start, End: end },
    Total: {},
    Estimated: estimated,
    Groups: groups.map(([service, usageType, usd, quantity]) => ({
      Keys: [service, usageType],
      Metrics: {
        UnblendedCost: { Amount: usd, Unit: currency },
        UsageQuantity: { Amount: quantity, Unit: 'N/A' },
      },
    })),
  };
}

/** Serves one day on each page. Listens when it resolves. */
export async function serveCostExplorer(
  daysOf: () => readonly BilledDay[],
  asked: (question: Question) => void = () => {},
  currency = 'USD',
): Promise<{ readonly address: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString());
      const signed = /^AWS4-HMAC-SHA256 /.test(request.headers.authorization ?? '');
      asked({ action: String(request.headers['x-amz-target']), signed, body });
      const page = Number(body.NextPageToken ?? 0);
      const days = daysOf();
      const answer = {
        GroupDefinitions: body.GroupBy,
        ResultsByTime: days.slice(page, page + 1).map((day) => resultOf(day, currency)),
        DimensionValueAttributes: [],
        ...(page + 1 < days.length ? { NextPageToken: String(page + 1) } : {}),
      };
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

if (import.meta.main) {
  const { address } = await serveCostExplorer(() => JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
  process.stdout.write(`${address}\n`);
}
