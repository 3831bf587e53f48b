/** The admin API: the token on every route, strict bodies, campaign-only routes, and hostile input that must stay a 4xx. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { createAdminServer } from '#node/host/admin/admin-server.ts';
import { createLog } from '#node/host/log.ts';
import { adminRoutes as routes, sendHostile } from '#test/node/host/admin/hostile-requests.ts';
import { RecordedPort } from '#test/node/host/admin/recorded-port.ts';

const token = 'an-admin-token-of-32-characters!';
const authorization = `Bearer ${token}`;
const lines: string[] = [];
const log = createLog(
  { level: 'info', name: 'test', secrets: [token] },
  { write: (line) => lines.push(line) },
);

function serve(isCampaign = true): { readonly app: FastifyInstance; readonly port: RecordedPort } {
  const port = new RecordedPort();
  const app = createAdminServer(port, { host: '127.0.0.1', port: 0, token, isCampaign, log });
  after(() => app.close());
  return { app, port };
}

function request(
  [method, url, body]: (typeof routes)[number],
  headers: Record<string, string> = {},
): InjectOptions {
  return { method, url, headers, ...(body === undefined ? {} : { payload: body }) };
}

test('every route without the token is refused, unknown paths included, and nothing was done', async () => {
  const { app, port } = serve();
  const wrong = [
    {},
    { authorization: '' },
    { authorization: `Bearer ${token}x` },
    { authorization: token },
    { authorization: `Basic ${token}` },
  ];
  for (const headers of wrong) {
    for (const route of [
      ...routes,
      ['GET', '/'],
      ['POST', '/healthz'],
      ['GET', '/v1/nothing'],
      ['GET', '/healthz/x'],
    ] as const) {
      const answer = await app.inject(request(route, headers as Record<string, string>));
      assert.equal(answer.statusCode, 401, `${route[0]} ${route[1]}`);
      assert.equal(answer.json().error.code, 'unauthorized');
    }
  }
  assert.deepEqual([port.calls, port.submitted, port.faults], [[], [], []]);
});

test('the token for metrics opens /metrics and nothing else', async () => {
  const port = new RecordedPort();
  const metricsToken = 'a-token-that-reads-metrics';
  const app = createAdminServer(port, {
    host: '127.0.0.1',
    port: 0,
    token,
    metricsToken,
    isCampaign: true,
    log,
  });
  after(() => app.close());
  for (const route of routes) {
    const answer = await app.inject(request(route, { authorization: `Bearer ${metricsToken}` }));
    assert.equal(answer.statusCode, route[1] === '/metrics' ? 200 : 401, `${route[0]} ${route[1]}`);
  }
  assert.deepEqual([port.calls, port.submitted, port.faults], [[], [], []]);
});

test('every route works with the token', async () => {
  const { app, port } = serve();
  for (const route of routes) {
    const answer = await app.inject(request(route, { authorization }));
    assert.ok(
      [200, 202].includes(answer.statusCode),
      `${route[0]} ${route[1]}: ${answer.statusCode} ${answer.body}`,
    );
  }
  assert.deepEqual(port.calls, ['attack 0 random', 'lift 1', 'shutdown asked by an operator']);
  assert.deepEqual([...port.submitted[0]![0]!.payload], [0, 0, 0]);
});

test('health and readiness need no token', async () => {
  const { app, port } = serve();
  assert.equal((await app.inject('/healthz')).statusCode, 200);
  assert.equal((await app.inject('/readyz')).statusCode, 200);
  port.missing = 'no assignment yet';
  const answer = await app.inject('/readyz');
  assert.equal(answer.statusCode, 503);
  assert.equal(answer.json().reason, 'no assignment yet');
});

test('Byzantine modes and faults are refused unless started for a campaign, before the body is read', async () => {
  const { app, port } = serve(false);
  for (const route of routes.filter(([, url]) => /attack|faults/.test(url))) {
    const answer = await app.inject(request(route, { authorization }));
    assert.equal(answer.statusCode, 403);
    assert.match(answer.json().error.remedy, /--campaign/);
  }
  assert.deepEqual([port.calls, port.faults], [[], []]);
});

test('errors say where, what and what to do', async () => {
  const { app, port } = serve();
  const ask = async (method: 'POST' | 'GET' | 'PUT', url: string, payload?: object) =>
    app.inject({ method, url, headers: { authorization }, ...(payload === undefined ? {} : { payload }) });
  const unknown = await ask('POST', '/v1/nodes/0/transactions', {
    transactions: [{ payload: 'AAAA', fee: 3 }],
  });
  assert.equal(unknown.statusCode, 400);
  assert.match(unknown.json().error.message, /body.transactions.0.*"fee"/);
  assert.match(
    (await ask('POST', '/v1/nodes/0/transactions', { transactions: [{ payload: 'A' }] })).body,
    /is not base64/,
  );
  assert.match(
    (await ask('POST', '/v1/nodes/0/transactions', { transactions: [{ payload: '', inputs: [2, 2] }] })).body,
    /must ascend/,
  );
  assert.equal((await ask('GET', '/v1/nodes/7/peers')).statusCode, 404);
  assert.equal((await ask('GET', '/v1/nodes/0/vertices/xyz')).statusCode, 400);
  assert.equal((await ask('PUT', '/v1/nodes/0/attack', { attack: 'nuke' })).statusCode, 400);
  port.queueIsFull = true;
  assert.equal(
    (await ask('POST', '/v1/nodes/0/transactions', { transactions: [{ payload: '' }] })).statusCode,
    429,
  );
  const refused = { fault: 1, nodes: [0], forUs: 1_000, effect: { kind: 'memory', bytes: 1 } };
  assert.equal((await ask('POST', '/v1/faults', refused)).statusCode, 409);
});

test('bodies beyond the limit, and payloads at it, are answered and not swallowed', async () => {
  const { app, port } = serve();
  const url = '/v1/nodes/0/transactions';
  const headers = { authorization, 'content-type': 'application/json' };
  const send = async (payload: string) =>
    (await app.inject({ method: 'POST', url, headers, payload })).statusCode;
  assert.equal(await send(`{"transactions":[{"payload":"${'A'.repeat(5_000_000)}"}]}`), 413);
  assert.equal(await send(`{"transactions":[{"payload":"${'A'.repeat(1_398_104)}"}]}`), 202);
  assert.equal(await send(`{"transactions":[{"payload":"${'A'.repeat(1_400_000)}"}]}`), 400);
  assert.equal(await send(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 400);
  assert.equal(await send('{"__proto__":{"x":1}}'), 400);
  assert.equal(port.submitted.length, 1);
});

test('2,000 hostile requests are answered with 4xx, and do nothing', async () => {
  const { app, port } = serve();
  await sendHostile(app, port, routes, authorization, 2_000);
});

test('bodies that are almost right are 4xx or do exactly what they say', async () => {
  const { app, port } = serve();
  const almost = fc.record({
    transactions: fc.array(
      fc.record(
        {
          payload: fc.oneof(fc.base64String(), fc.string(), fc.jsonValue()),
          inputs: fc.oneof(fc.array(fc.integer()), fc.jsonValue()),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 4 },
    ),
  });
  // Bodies that are right by construction among them: what a random body is worth is not left to chance.
  const right = fc.record({
    transactions: fc.array(fc.record({ payload: fc.base64String() }), { minLength: 1, maxLength: 4 }),
  });
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof({ arbitrary: almost, weight: 4 }, right), async (payload) => {
      const before = port.submitted.length;
      const answer = await app.inject({
        method: 'POST',
        url: '/v1/nodes/0/transactions',
        headers: { authorization },
        payload,
      });
      assert.ok(
        answer.statusCode === 202 || answer.statusCode === 400,
        `${answer.statusCode} ${answer.body}`,
      );
      if (answer.statusCode === 400) assert.equal(port.submitted.length, before);
      else {
        accepted += 1;
        assert.deepEqual(
          port.submitted.at(-1)!.map((transaction) => Buffer.from(transaction.payload).toString('base64')),
          payload.transactions.map((transaction) => transaction.payload),
        );
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(accepted > 0, 'no body was right: the test saw nothing');
});

test('bytes that are no HTTP do not stop the server', async () => {
  const { app } = serve();
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const throwAt = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(address.port, '127.0.0.1', () => socket.end(bytes));
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
      socket.resume();
    });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), (bytes) => throwAt(bytes)),
    { numRuns: 300 },
  );
  const answer = await fetch(`http://127.0.0.1:${address.port}/healthz`);
  assert.equal(answer.status, 200);
});

test('the log names orders, never the token', async () => {
  const { app } = serve();
  log.info({ authorization, headers: { authorization }, url: `/x?${token}` }, `with ${token}`);
  await app.inject({
    method: 'PUT',
    url: '/v1/nodes/0/attack',
    headers: { authorization },
    payload: { attack: 'late' },
  });
  const text = lines.join('');
  assert.match(text, /attack switched by the admin API/);
  assert.ok(!text.includes(token));
});
