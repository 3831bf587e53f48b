/**
 * What a conductor that stands alone answers over HTTP, on the port of its agents.
 * Owns: routes, tokens, limits of a request. Does not own: runs (run-desk.ts), metrics (fleet-metrics.ts), agents (agent-server.ts).
 * Everything but /healthz and /readyz needs a token; the one for metrics opens nothing else.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { metricContentType } from '#campaigns/conductor/metric-text.ts';
import type { RunDesk } from '#campaigns/conductor/run-desk.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

export interface ConductorRoutes {
  readonly token: string;
  readonly metricsToken: string | null;
  readonly desk: () => RunDesk;
  readonly metrics: () => string;
  readonly status: () => object;
}

const specBytesMost = 1_048_576;

type Answer = { readonly code: number; readonly body: object | string; readonly kind?: string };

const problem = (code: number, name: string, message: string): Answer => ({
  code,
  body: { error: { code: name, message } },
});

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function conductorListener(routes: ConductorRoutes): RequestListener {
  const all = digest(routes.token);
  const metricsOnly = digest(routes.metricsToken ?? routes.token);
  return (request, response) => {
    const given = digest(/^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const access = timingSafeEqual(given, all)
      ? 'all'
      : timingSafeEqual(given, metricsOnly)
        ? 'metrics'
        : 'none';
    answer(routes, request, access)
      .catch((error: unknown) =>
        problem(500, 'internal', error instanceof Error ? error.message.slice(0, 300) : 'unknown'),
      )
      .then((reply) => send(response, reply))
      .catch(() => response.destroy());
  };
}

function send(response: ServerResponse, { code, body, kind }: Answer): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(code, { 'content-type': kind ?? 'application/json', 'cache-control': 'no-store' });
  response.end(text);
}

async function answer(
  routes: ConductorRoutes,
  request: IncomingMessage,
  access: 'all' | 'metrics' | 'none',
): Promise<Answer> {
  const { method = 'GET', url = '/' } = request;
  if (method === 'GET' && (url === '/healthz' || url === '/readyz'))
    return { code: 200, body: { status: 'ok' } };
  if (access === 'none' || (access === 'metrics' && (method !== 'GET' || url !== '/metrics')))
    return problem(401, 'unauthorized', 'a valid token is missing: authorization: Bearer TOKEN');
  if (method === 'GET' && url === '/metrics')
    return { code: 200, body: routes.metrics(), kind: metricContentType };
  if (method === 'GET' && url === '/v1/status') return { code: 200, body: routes.status() };
  const [, cell, name] = /^\/v1\/runs\/([0-9a-f]{16})(?:\/files\/([\w.]{1,32}))?$/.exec(url) ?? [];
  if (cell === undefined) return problem(404, 'not-found', 'there is no such route, see GET /v1/status');
  if (name !== undefined) return method === 'GET' ? fileOf(routes.desk(), cell, name) : notAllowed(method);
  return await runRoute(routes.desk(), method, cell, request);
}

const notAllowed = (method: string): Answer => problem(405, 'method', `${method} is not possible here`);

function fileOf(desk: RunDesk, cell: string, name: string): Answer {
  const text = desk.file(cell, name);
  return text === null
    ? problem(404, 'no-such-file', `${name} of cell ${cell} is not there: the run is not done`)
    : { code: 200, body: text, kind: 'application/octet-stream' };
}

async function runRoute(
  desk: RunDesk,
  method: string,
  cell: string,
  request: IncomingMessage,
): Promise<Answer> {
  switch (method) {
    case 'GET': {
      const state = desk.stateOf(cell);
      return { code: state.state === 'unknown' ? 404 : 200, body: state };
    }
    case 'DELETE':
      desk.stop(cell);
      return { code: 202, body: desk.stateOf(cell) };
    case 'PUT': {
      const spec = await specOf(request);
      if (spec === null)
        return problem(400, 'invalid', `the body is no run specification of at most ${specBytesMost} bytes`);
      const refusal = desk.add(cell, spec);
      return refusal === null
        ? { code: 202, body: desk.stateOf(cell) }
        : problem(409, 'refused', refusal.slice(0, 400));
    }
    default:
      return notAllowed(method);
  }
}

/** Its inner shape is proven by the cell's id, which hashes every member of it. */
async function specOf(request: IncomingMessage): Promise<RunSpec | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > specBytesMost) return null;
    parts.push(part);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    const isSpec = typeof value === 'object' && value !== null && 'scenarioId' in value && 'nodes' in value;
    return isSpec ? (value as RunSpec) : null;
  } catch {
    return null;
  }
}
