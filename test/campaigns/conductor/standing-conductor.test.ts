// Goal: a conductor that stands alone takes runs over HTTP, conducts each once, and shows the network as metrics to who may see them.
// Method: the real server over sockets, agents that speak the real protocol; a second conductor over the same folder.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import {
  conductorHelp,
  conductorVariables,
  readConductorConfig,
} from '#campaigns/conductor/conductor-config.ts';
import { StandingConductor } from '#campaigns/conductor/standing-conductor.ts';
import { cellId } from '#campaigns/plan.ts';
import { readCell } from '#campaigns/results/reader.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import { ConfigError } from '#node/config-problem.ts';
import { smallSpec } from '#test/campaigns/targets/simulator/small-run.ts';
import { FakeAgents } from '#test/support/fake-agents.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'standing-conductor-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const token = 'the-token-of-agents-and-operators';
const metricsToken = 'the-token-of-the-scraper';
const codeVersion = 'code-of-the-test';
const plan: WindowPlan = {
  warmupUs: 200_000,
  measureUs: 1_200_000,
  cooldownUs: 300_000,
  compression: 1,
  scale: 1,
  finalityUs: 60_000,
  bins: 3,
  estimatedMessages: 1,
  decisions: null,
  notes: [],
};
const spec: RunSpec = {
  ...smallSpec({ nodes: 4 }),
  workload: {
    kind: 'constant',
    tps: 40,
    batch: 1,
    payloadBytes: 10,
    parents: { kind: 'count', least: 1, most: 2 },
    conflictShare: 0,
  },
  duration: { warmupUs: 200_000, measureUs: 1_200_000, cooldownUs: 300_000 },
};
const cell = cellId(spec, codeVersion, 'kubernetes');

function conductor(out: string): StandingConductor {
  const config = {
    host: '127.0.0.1',
    port: 0,
    token,
    metricsToken,
    agents: 2,
    nodesPerProcess: 2,
    limits: 'none',
    folder: out,
    money: { usdPerHour: 10, capUsd: 100, sinceMs: 0, deadlineMs: 3_600_000 },
  };
  return new StandingConductor(config, { codeVersion, planOf: () => plan, log: () => undefined });
}

interface Reply {
  readonly code: number;
  readonly text: string;
}

async function ask(
  standing: StandingConductor,
  method: string,
  route: string,
  who: string,
  body?: string,
): Promise<Reply> {
  const response = await fetch(`${standing.url.replace('ws:', 'http:')}${route}`, {
    method,
    headers: { authorization: `Bearer ${who}` },
    ...(body === undefined ? {} : { body }),
  });
  return { code: response.status, text: await response.text() };
}

async function whenState(standing: StandingConductor, state: string): Promise<string> {
  for (;;) {
    const { text } = await ask(standing, 'GET', `/v1/runs/${cell}`, token);
    if ((JSON.parse(text) as { state: string }).state === state) return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const metricOf = (text: string, name: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1] ?? Number.NaN,
  );

describe('a standing conductor', { timeout: 60_000 }, () => {
  test('conducts a run, keeps its agents, shows it as metrics, and never conducts it again', async () => {
    const out = path.join(folder, 'whole');
    const standing = conductor(out);
    await standing.start();
    const agents = new FakeAgents(standing.url, token, 2);
    try {
      for (const name of ['p0', 'p1']) agents.start(name);
      const put = await ask(standing, 'PUT', `/v1/runs/${cell}`, token, JSON.stringify(spec));
      assert.equal(put.code, 202, put.text);
      await whenState(standing, 'done');
      const { result } = readCell(out, cell);
      assert.equal(result.test_status, 'PASSED', result.reason);
      const { text } = await ask(standing, 'GET', '/metrics', metricsToken);
      assert.equal(metricOf(text, 'run_ended_total'), 1);
      assert.equal(metricOf(text, 'fleet_conflicts_finalised_total'), 0);
      // The agents of the test count milliseconds, at two nodes each.
      const counted = metricOf(text, 'fleet_finalised_total');
      assert.ok(counted > 4 * 1_500 && counted === metricOf(text, 'fleet_polls_total'), `${counted}`);
      assert.equal(metricOf(text, 'fleet_bytes_sent_total'), 0);
      assert.equal(metricOf(text, 'campaign_projected_usd'), 10);
      const stored = await ask(standing, 'GET', `/v1/runs/${cell}/files/result.json`, token);
      assert.deepEqual(JSON.parse(stored.text), result);
      await ask(standing, 'PUT', `/v1/runs/${cell}`, token, JSON.stringify(spec));
      assert.equal((await ask(standing, 'GET', '/v1/status', token)).code, 200);
      assert.equal(metricOf((await ask(standing, 'GET', '/metrics', token)).text, 'run_ended_total'), 1);
    } finally {
      agents.end();
      await standing.stop();
    }
  });

  test('a run that waited when the conductor ended is conducted by the next one', async () => {
    const out = path.join(folder, 'resumed');
    const first = conductor(out);
    await first.start();
    assert.equal((await ask(first, 'PUT', `/v1/runs/${cell}`, token, JSON.stringify(spec))).code, 202);
    await whenState(first, 'running');
    await first.stop();
    const second = conductor(out);
    await second.start();
    const agents = new FakeAgents(second.url, token, 2);
    try {
      for (const name of ['p0', 'p1']) agents.start(name);
      await whenState(second, 'done');
      assert.equal(readCell(out, cell).result.test_status, 'PASSED');
    } finally {
      agents.end();
      await second.stop();
    }
  });

  test('who has no token learns nothing, the scraper metrics only, and wrong runs are refused with the reason', async () => {
    const standing = conductor(path.join(folder, 'closed'));
    await standing.start();
    try {
      const routes = [
        ['GET', '/metrics'],
        ['GET', '/v1/status'],
        ['GET', `/v1/runs/${cell}`],
        ['PUT', `/v1/runs/${cell}`],
        ['DELETE', `/v1/runs/${cell}`],
        ['GET', `/v1/runs/${cell}/files/result.json`],
        ['GET', '/nowhere'],
      ] as const;
      for (const [method, route] of routes) {
        assert.equal((await ask(standing, method, route, 'wrong')).code, 401, route);
        const scraped = (await ask(standing, method, route, metricsToken)).code;
        assert.equal(scraped, route === '/metrics' ? 200 : 401, route);
      }
      assert.equal((await ask(standing, 'GET', '/healthz', '')).code, 200);
      const put = (name: string, body: string) => ask(standing, 'PUT', `/v1/runs/${name}`, token, body);
      assert.equal((await put(cell, '{"nodes": 1}')).code, 400);
      assert.equal((await put(cell, ' '.repeat(1_100_000))).code, 400);
      assert.match(
        (await put(cell, JSON.stringify({ ...spec, seed: 99 }))).text,
        /is not of this specification/,
      );
      const larger = { ...spec, nodes: 6 };
      const answer = await put(cellId(larger, codeVersion, 'kubernetes'), JSON.stringify(larger));
      assert.match(answer.text, /needs 6 nodes, 2 processes with 2 each carry 4/);
      for (const name of ['../../etc/passwd', 'result.json%00', 'owner.json'])
        assert.equal((await ask(standing, 'GET', `/v1/runs/${cell}/files/${name}`, token)).code, 404);
    } finally {
      await standing.stop();
    }
  });
});

describe('the configuration of a standing conductor', () => {
  const file = path.join(folder, 'token');
  writeFileSync(file, `${token}\n`);
  const least = { BFT_CONDUCTOR_TOKEN_FILE: file, BFT_CONDUCTOR_AGENTS: '3', BFT_CONDUCTOR_OUT: './out' };

  test('what is required is enough, and money comes whole or not at all', () => {
    const config = readConductorConfig(least);
    assert.deepEqual([config.token, config.agents, config.port, config.host], [token, 3, 7400, '127.0.0.1']);
    assert.equal(config.money, null);
    const paid = readConductorConfig({
      ...least,
      BFT_CONDUCTOR_USD_PER_HOUR: '91.5',
      BFT_CONDUCTOR_CAP_USD: '1000',
      BFT_CONDUCTOR_SINCE: '2026-01-31T16:00:00Z',
      BFT_CONDUCTOR_DEADLINE: '2026-01-31T18:00:00Z',
    });
    assert.equal(paid.money?.deadlineMs, Date.UTC(2026, 0, 31, 18));
  });

  test('every mistake is told with its variable', () => {
    const wrong = (changes: Record<string, string>): string => {
      try {
        readConductorConfig({ ...least, ...changes });
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        return error.message;
      }
      return assert.fail('was accepted');
    };
    assert.match(
      wrong({ BFT_CONDUCTOR_AGENT: '3' }),
      /BFT_CONDUCTOR_AGENT: is not known \(did you mean "BFT_CONDUCTOR_AGENTS"\?\)/,
    );
    assert.match(wrong({ BFT_CONDUCTOR_AGENTS: 'many' }), /BFT_CONDUCTOR_AGENTS: is no whole number/);
    assert.match(
      wrong({ BFT_CONDUCTOR_TOKEN_FILE: './nowhere' }),
      /TOKEN_FILE: names a file that cannot be read \(ENOENT\)/,
    );
    assert.match(
      wrong({ BFT_CONDUCTOR_CAP_USD: '5' }),
      /CAP_USD: means nothing without BFT_CONDUCTOR_USD_PER_HOUR/,
    );
    assert.match(wrong({ BFT_CONDUCTOR_USD_PER_HOUR: '5' }), /CAP_USD: is missing beside/);
    assert.match(wrong({ BFT_CONDUCTOR_DEADLINE: 'soon' }), /DEADLINE: is no time/);
  });

  test('the help names every variable', () => {
    const help = conductorHelp();
    for (const name of conductorVariables) assert.ok(help.includes(name), name);
  });
});
