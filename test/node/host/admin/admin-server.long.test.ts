/** The admin API under 100,000 hostile requests: only 4xx, nothing done, still answering afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdminServer } from '#node/host/admin/admin-server.ts';
import { createLog } from '#node/host/log.ts';
import { adminRoutes, sendHostile } from '#test/node/host/admin/hostile-requests.ts';
import { RecordedPort } from '#test/node/host/admin/recorded-port.ts';

const token = 'an-admin-token-of-32-characters!';

test('100,000 hostile requests are answered with 4xx, and do nothing', async (context) => {
  const port = new RecordedPort();
  const log = createLog({ level: 'silent', name: 'test', secrets: [] });
  const app = createAdminServer(port, { host: '127.0.0.1', port: 0, token, isCampaign: true, log });
  context.after(() => app.close());
  await sendHostile(app, port, adminRoutes, `Bearer ${token}`, 100_000);
  assert.equal((await app.inject('/healthz')).statusCode, 200);
});
