/** Requests to the admin API that no client sends: drawn bodies, paths and headers, and what must hold for every answer. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { RecordedPort } from '#test/node/host/admin/recorded-port.ts';

export type AdminRoute = readonly [method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object];

/** Every route that needs the token, with a body that it takes. */
export const adminRoutes: readonly AdminRoute[] = [
  ['GET', '/metrics'],
  ['GET', '/v1/status'],
  ['GET', '/v1/nodes/0/peers'],
  ['POST', '/v1/nodes/0/transactions', { transactions: [{ payload: 'AAAA' }] }],
  ['GET', `/v1/nodes/0/vertices/${'ab'.repeat(32)}`],
  ['GET', '/v1/nodes/0/receipts/r1'],
  ['PUT', '/v1/nodes/0/attack', { attack: 'random' }],
  [
    'POST',
    '/v1/faults',
    { fault: 1, nodes: [0], forUs: 1_000_000, effect: { kind: 'latency', addUs: 5_000 } },
  ],
  ['DELETE', '/v1/faults/1'],
  ['POST', '/v1/shutdown', {}],
];

const hostileText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.constantFrom('{', '[]', 'null', '1e999', '"', '{"transactions":{"length":1e9}}', '{"__proto__":[]}'),
);
const hostileHeaders = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json; charset=utf-7',
      '',
    ),
    'x-extra': fc.stringMatching(/^[\x20-\x7e]{0,40}$/),
  },
  { requiredKeys: [] },
);

/** Sends `count` of them; a body must be refused, a path without one may be answered; nothing but `lift 1` was done. */
export async function sendHostile(
  app: FastifyInstance,
  port: RecordedPort,
  routes: readonly AdminRoute[],
  authorization: string,
  count: number,
): Promise<void> {
  const methods = fc.constantFrom('GET' as const, 'POST' as const, 'PUT' as const, 'DELETE' as const);
  const paths = fc.webPath().map((path) => `/${path.replace(/^\/+/, '')}`);
  const bodies = routes.filter(([, url]) => !/shutdown/.test(url));
  const target = fc.oneof(fc.constantFrom(...bodies), fc.tuple(methods, paths));
  await fc.assert(
    fc.asyncProperty(
      target,
      hostileText,
      hostileHeaders,
      fc.boolean(),
      async ([method, url], payload, extra, isKnown) => {
        const headers = isKnown ? { ...extra, authorization } : extra;
        const hasBody = method === 'POST' || method === 'PUT';
        const { statusCode, body } = await app.inject({
          method,
          url,
          headers,
          ...(hasBody ? { payload } : {}),
        });
        const story = `${method} ${url} ${JSON.stringify(payload)}: ${statusCode} ${body}`;
        const isRefused = statusCode >= 400 && statusCode < 500;
        if (!hasBody && (isKnown || /^\/(healthz|readyz)$/.test(url))) assert.ok(statusCode < 500, story);
        else assert.ok(isRefused, story);
      },
    ),
    { numRuns: count },
  );
  assert.deepEqual([port.submitted, port.faults], [[], []]);
  assert.deepEqual(
    port.calls.filter((call) => call !== 'lift 1'),
    [],
  );
}
