// Goal: the secrets of a run are drawn once, whoever starts again, and no value of them is ever said.
// Method: a small API server of the test that keeps secrets as the real one answers (201, 409, 403); the real one: network-pods.bed.test.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { drawRunSecrets, secretKeys } from '#campaigns/run-secrets.ts';

type Data = Record<string, string>;

async function apiServer(
  allowed: (path: string) => boolean = () => true,
): Promise<{ api: string; kept: Map<string, Data> }> {
  const kept = new Map<string, Data>();
  const server: Server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const answer = (code: number, body: object): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const [, namespace = '', name] =
      /^\/api\/v1\/namespaces\/([^/]+)\/secrets(?:\/(.+))?$/.exec(request.url ?? '') ?? [];
    if (request.headers.authorization !== 'Bearer the-token' || !allowed(request.url ?? ''))
      return answer(403, { message: 'secrets is forbidden' });
    if (request.method === 'POST') {
      const body = JSON.parse(Buffer.concat(parts).toString()) as {
        metadata: { name: string };
        immutable: boolean;
        stringData: Data;
      };
      const key = `${namespace}/${body.metadata.name}`;
      assert.equal(body.immutable, true);
      if (kept.has(key)) return answer(409, { message: 'exists' });
      kept.set(key, body.stringData);
      return answer(201, {});
    }
    const data = kept.get(`${namespace}/${name}`);
    if (data === undefined) return answer(404, { message: 'not found' });
    return answer(200, {
      data: Object.fromEntries(Object.entries(data).map(([k, v]) => [k, Buffer.from(v).toString('base64')])),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  const address = server.address();
  return { api: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, kept };
}

const request = (api: string) => ({ api, token: 'the-token', network: 'net', metrics: 'met' });

test('four secrets of 32 bytes are drawn, all different, and the one for metrics is copied', async () => {
  const { api, kept } = await apiServer();
  const said = await drawRunSecrets(request(api));
  const drawn = kept.get('net/run-secrets')!;
  assert.deepEqual(Object.keys(drawn).sort(), [...secretKeys].sort());
  assert.equal(new Set(Object.values(drawn)).size, 4);
  for (const value of Object.values(drawn)) {
    assert.match(value, /^[0-9a-f]{64}$/);
    assert.ok(!said.includes(value));
  }
  assert.deepEqual(kept.get('met/metrics-token'), { 'metrics-token': drawn['metrics-token'] });
});

test('a job that starts again keeps what is there, also when it had stopped half-way', async () => {
  const { api, kept } = await apiServer();
  await drawRunSecrets(request(api));
  const before = structuredClone([...kept]);
  assert.equal(await drawRunSecrets(request(api)), 'secrets were there already');
  assert.deepEqual([...kept], before);
  kept.delete('met/metrics-token');
  await drawRunSecrets(request(api));
  assert.deepEqual(new Map(kept), new Map(before));
});

test('what the API server refuses is told with its words and without a value', async () => {
  const { api } = await apiServer((path) => !path.includes('/met/'));
  await assert.rejects(
    drawRunSecrets(request(api)),
    /metrics-token cannot be written to met \(403\): secrets is forbidden/,
  );
});

test('the program says which variable is missing, exit 20', () => {
  const program = fileURLToPath(new URL('../../campaigns/secrets-main.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', env: { PATH: '' } });
  assert.equal(status, 20, stderr);
  assert.match(stderr, /BFT_SECRETS_API_FOLDER: is missing/);
});
