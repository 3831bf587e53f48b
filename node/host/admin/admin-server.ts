/**
 * The admin API over HTTP: figures and health for operators, transactions and finality for clients, faults for campaigns.
 * Owns: the routes, the token, strict bodies, errors with a remedy. Does not own: what an answer consists of (admin-port.ts).
 *
 * Everything but /healthz and /readyz needs the token, unknown paths included. Byzantine modes and faults are refused unless
 * the process was started for a campaign: nobody switches a node of a real network to lying over HTTP.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { z } from 'zod';
import { memberNumber } from '#node/agent-fields.ts';
import { attackChoice, faultEffect } from '#node/agent-protocol.ts';
import type { Log } from '#node/host/log.ts';
import type { AdminPort } from './admin-port.ts';

export interface AdminServerOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Opens /metrics and nothing else; null or left out: only `token` does. */
  readonly metricsToken?: string | null;
  readonly isCampaign: boolean;
  readonly log: Log;
}

/** prom-client's own, which is not loaded before somebody scrapes. */
const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';
const bodyBytesMost = 4 * 1_048_576;
const transactionsMost = 1_000;
const payloadBytesMost = 1_048_576;
const longestFaultUs = 86_400_000_000;

/** An answer other than success; its message and remedy are shown. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  readonly remedy: string;

  constructor(status: number, code: string, message: string, remedy = '') {
    super(message);
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

const nodeParams = z.strictObject({
  node: z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .pipe(memberNumber),
});
const vertexParams = nodeParams.extend({ id: z.string().regex(/^[0-9a-f]{64}$/) });
const receiptParams = nodeParams.extend({ receipt: z.string().regex(/^[\w-]{1,64}$/) });
const faultParams = z.strictObject({
  fault: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
});

/** Canonical: what is decoded and encoded again is the same text. A pattern over a megabyte would cost more. */
const base64 = z
  .string()
  .max(Math.ceil(payloadBytesMost / 3) * 4)
  .refine((text) => text.length % 4 === 0 && Buffer.from(text, 'base64').toString('base64') === text, {
    message: 'is not base64',
  });
const transactionsBody = z.strictObject({
  transactions: z
    .array(
      z.strictObject({
        payload: base64,
        /** Conflict keys that it spends, ascending, none twice. */
        inputs: z
          .array(z.int().min(1))
          .max(255)
          .refine((inputs) => inputs.every((input, at) => at === 0 || input > inputs[at - 1]!), {
            message: 'must ascend, without repetition',
          })
          .default([]),
      }),
    )
    .min(1)
    .max(transactionsMost),
});
const attackBody = z.strictObject({ attack: attackChoice });
const faultBody = z.strictObject({
  fault: z.int().min(0).max(999_999_999),
  nodes: z.array(memberNumber).min(1).max(1_024),
  forUs: z.int().min(1_000).max(longestFaultUs),
  effect: faultEffect,
});
const shutdownBody = z.strictObject({ reason: z.string().max(200).default('asked by an operator') });

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = [what, ...(issue?.path ?? []).map(String)].join('.');
  throw new Refusal(400, 'invalid', `${where}: ${issue?.message ?? 'invalid'}`.slice(0, 300));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function problem(code: string, message: string, remedy: string): object {
  return { error: { code, message, ...(remedy === '' ? {} : { remedy }) } };
}

function noSchemas(): never {
  throw new Error('no route of the admin API has a schema of fastify');
}

/** Makes the routes; nothing listens yet. */
export function createAdminServer(port: AdminPort, options: AdminServerOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyBytesMost,
    requestTimeout: 10_000,
    connectionTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
    logger: false,
    // Bodies are checked by zod: fastify's own compilers of schemas are a tenth of a node's start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
  addGuard(app, options);
  addHealth(app, port);
  addReading(app, port);
  addClients(app, port);
  addControl(app, port, options);
  return app;
}

function addGuard(app: FastifyInstance, { token, metricsToken = null, log }: AdminServerOptions): void {
  const expected = digest(token);
  const expectedByMetrics = digest(metricsToken ?? token);
  const isOpen = (request: FastifyRequest): boolean =>
    request.method === 'GET' && /^\/(healthz|readyz)$/.test(request.url);
  app.addHook('onRequest', async (request, reply) => {
    if (isOpen(request)) return undefined;
    const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    // Compared as digests: neither length nor content of the token shows in the time that it takes.
    const isMetrics = request.method === 'GET' && request.url === '/metrics';
    if (timingSafeEqual(digest(given), expected)) return undefined;
    if (isMetrics && timingSafeEqual(digest(given), expectedByMetrics)) return undefined;
    const answer = problem(
      'unauthorized',
      'a valid token is missing',
      'send the header: authorization: Bearer TOKEN',
    );
    return reply.code(401).header('www-authenticate', 'Bearer').send(answer);
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(problem('not-found', 'there is no such route', 'see GET /v1/status')),
  );
  app.setErrorHandler((error, _request, reply) => answerError(error, reply, log));
}

function answerError(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  if (error instanceof Refusal) {
    return reply.code(error.status).send(problem(error.code, error.message, error.remedy));
  }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) {
    const text = error instanceof Error ? error.message : 'invalid request';
    return reply.code(status).send(problem('invalid', text.slice(0, 300), ''));
  }
  log.error({ err: error }, 'the admin API failed');
  return reply.code(500).send(problem('internal', 'the node could not answer', 'see the log of the process'));
}

function addHealth(app: FastifyInstance, port: AdminPort): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const missing = port.notReady();
    return missing === null
      ? { status: 'ready' }
      : reply.code(503).send({ status: 'not ready', reason: missing });
  });
}

function nodeOf(port: AdminPort, node: number): number {
  if (port.hasNode(node)) return node;
  const remedy = 'GET /v1/status lists the nodes of this process';
  throw new Refusal(404, 'no-such-node', `node ${node} is not carried by this process`, remedy);
}

function addReading(app: FastifyInstance, port: AdminPort): void {
  app.get('/metrics', async (_request, reply) => reply.type(metricsContentType).send(await port.metrics()));
  app.get('/v1/status', () => port.status());
  app.get('/v1/nodes/:node/peers', (request) => {
    const { node } = checked(nodeParams, request.params, 'path');
    return { peers: port.peers(nodeOf(port, node)) };
  });
}

function addClients(app: FastifyInstance, port: AdminPort): void {
  app.post('/v1/nodes/:node/transactions', (request, reply) => {
    const { node } = checked(nodeParams, request.params, 'path');
    const { transactions } = checked(transactionsBody, request.body, 'body');
    const decoded = transactions.map(({ payload, inputs }) => ({
      inputs,
      payload: Buffer.from(payload, 'base64'),
    }));
    const submission = port.submit(nodeOf(port, node), decoded);
    switch (submission.kind) {
      case 'accepted':
        return reply.code(202).send({ receipt: submission.receipt });
      case 'queue-full':
        throw new Refusal(429, 'queue-full', 'the node cannot take more now', 'submit again later');
      case 'invalid':
        throw new Refusal(400, 'invalid', submission.text.slice(0, 300));
      case 'down':
        throw new Refusal(409, 'down', 'the node is down', 'submit to another node');
    }
  });
  app.get('/v1/nodes/:node/vertices/:id', (request) => {
    const { node, id } = checked(vertexParams, request.params, 'path');
    return port.finalityOfVertex(nodeOf(port, node), id);
  });
  app.get('/v1/nodes/:node/receipts/:receipt', (request) => {
    const { node, receipt } = checked(receiptParams, request.params, 'path');
    return port.finalityOfReceipt(nodeOf(port, node), receipt);
  });
}

function addControl(app: FastifyInstance, port: AdminPort, { isCampaign, log }: AdminServerOptions): void {
  const needsCampaign = async (): Promise<void> => {
    if (isCampaign) return;
    const remedy = 'only a process started with --campaign lies or breaks on demand';
    throw new Refusal(403, 'no-campaign', 'this process was not started for a campaign', remedy);
  };
  app.put('/v1/nodes/:node/attack', { onRequest: needsCampaign }, (request) => {
    const { node } = checked(nodeParams, request.params, 'path');
    const { attack } = checked(attackBody, request.body, 'body');
    port.setAttack(nodeOf(port, node), attack);
    log.warn({ node, attack }, 'attack switched by the admin API');
    return { node, attack };
  });
  app.post('/v1/faults', { onRequest: needsCampaign }, (request, reply) => {
    const fault = checked(faultBody, request.body, 'body');
    for (const node of fault.nodes) nodeOf(port, node);
    const refusal = port.addFault(fault);
    if (refusal !== null) throw new Refusal(409, 'refused', refusal);
    log.warn({ fault: fault.fault, kind: fault.effect.kind }, 'fault ordered by the admin API');
    return reply.code(202).send({ fault: fault.fault });
  });
  app.delete('/v1/faults/:fault', { onRequest: needsCampaign }, (request) => {
    const { fault } = checked(faultParams, request.params, 'path');
    port.lift(fault);
    return { fault };
  });
  app.post('/v1/shutdown', (request, reply) => {
    const { reason } = checked(shutdownBody, request.body, 'body');
    log.info({ reason }, 'shutdown ordered by the admin API');
    port.shutdown(reason);
    return reply.code(202).send({ status: 'stopping' });
  });
}
