// Goal: the totals of a network never fall and never count twice, whatever restarts; contradictions show as soon as they are decided.
// Method: pushes written by hand, and a fold over random lives compared with a plain sum.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AgentSession } from '#campaigns/conductor/agent-session.ts';
import { FleetMeter } from '#campaigns/conductor/fleet-meter.ts';
import { fleetCounterName, fleetMetrics } from '#campaigns/conductor/fleet-metrics.ts';
import { Observations } from '#campaigns/conductor/observations.ts';
import type { Hello, Push } from '#node/agent-protocol.ts';
import { type NodeProgress, nodeCounters, type PushBody } from '#node/agent-push.ts';

const hello = (agent: string, incarnation: string): Hello => ({
  kind: 'hello',
  version: 1,
  agent,
  incarnation: incarnation.padStart(32, '0'),
  nodes: [],
  host: {
    pid: 1,
    nodeVersion: '',
    platform: '',
    cpuCores: 1,
    memoryBytes: 1,
    memoryLimitBytes: null,
    cpuLimitCores: null,
  },
});

const pushOf = (body: PushBody): Push => ({
  kind: 'push',
  seq: 1,
  atUs: 5_000,
  clock: { offsetUs: 1_000, errorUs: 0, samples: 1 },
  body,
});

function progressOf(
  node: number,
  life: number,
  finalised: number,
  latency: [number, number][] = [],
): Extract<PushBody, { kind: 'progress' }> {
  const counters = Object.fromEntries(nodeCounters.map((name) => [name, 0])) as NodeProgress['counters'];
  return {
    kind: 'progress',
    nodes: [
      {
        node,
        life,
        isUp: true,
        counters: { ...counters, finalised },
        activeVertices: 2,
        queuedTransactions: 1,
        connections: 3,
        degradedLevel: 1,
        latency,
      },
    ],
    queryLatency: [],
    roundDuration: [],
    process: {
      cpuUserUs: 1_000,
      cpuSystemUs: 0,
      residentBytes: 70,
      heapBytes: 1,
      loopDelayUs: 9,
      loopBusyShare: 0.25,
    },
  };
}

const metricOf = (text: string, name: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1) ?? Number.NaN,
  );

function textOf(meter: FleetMeter, nowUs = 6_000): string {
  return fleetMetrics({ meter, agents: new Map(), refusals: [], money: null }, nowUs, 0);
}

test('totals add up over nodes, lives, incarnations and runs', () => {
  const meter = new FleetMeter();
  const first = new AgentSession(hello('p0', '1'), () => undefined);
  const again = new AgentSession(hello('p0', '2'), () => undefined);
  const other = new AgentSession(hello('p1', '3'), () => undefined);
  for (const finalised of [3, 10]) meter.receive(first, pushOf(progressOf(0, 0, finalised)));
  meter.receive(first, pushOf(progressOf(0, 1, 4))); // restarted in its process
  meter.receive(again, pushOf(progressOf(0, 0, 5))); // the process was started again
  meter.receive(again, pushOf(progressOf(0, 0, 2))); // the next run made the node anew
  meter.receive(other, pushOf(progressOf(1, 0, 7)));
  const text = textOf(meter);
  assert.equal(metricOf(text, fleetCounterName('finalised')), 10 + 4 + 5 + 2 + 7);
  assert.equal(metricOf(text, 'fleet_nodes_heard'), 2);
  assert.equal(metricOf(text, 'fleet_active_vertices'), 4);
  assert.equal(metricOf(text, 'fleet_nodes_degraded{level="1"}'), 2);
  // Two seconds later nobody has said anything more.
  assert.equal(metricOf(textOf(meter, 2_100_000), 'fleet_nodes_heard'), 0);
});

test('whatever lives there are, the total is the sum of what each life reached', () => {
  const lives = fc.array(fc.array(fc.nat(100), { minLength: 1, maxLength: 5 }), { maxLength: 6 });
  fc.assert(
    fc.property(lives, (steps) => {
      const meter = new FleetMeter();
      const session = new AgentSession(hello('p0', '1'), () => undefined);
      let expected = 0;
      for (const [life, increments] of steps.entries()) {
        let counted = 0;
        for (const increment of increments) {
          counted += increment;
          meter.receive(session, pushOf(progressOf(0, life, counted)));
        }
        expected += counted;
      }
      assert.equal(meter.totals().counters.finalised, expected);
    }),
    { numRuns: 200, seed: 11 },
  );
});

test('latencies land in the bucket whose bound they do not exceed', () => {
  const meter = new FleetMeter();
  const session = new AgentSession(hello('p0', '1'), () => undefined);
  const latency: [number, number][] = [
    [50_000, 2],
    [50_001, 3],
    [90_000_000, 1],
  ];
  meter.receive(session, pushOf(progressOf(0, 0, 1, latency)));
  const text = textOf(meter);
  const at = (le: string): number => metricOf(text, `fleet_consensus_latency_seconds_bucket{le="${le}"}`);
  assert.deepEqual([at('0.025'), at('0.05'), at('0.075'), at('60'), at('+Inf')], [0, 2, 5, 5, 6]);
  assert.equal(metricOf(text, 'fleet_consensus_latency_seconds_count'), 6);
});

test('two finalised vertices with one input, or one creator and sequence, are one conflict each', () => {
  const meter = new FleetMeter();
  const observations = new Observations();
  meter.begin(4, observations);
  const session = new AgentSession(hello('p0', '1'), () => undefined);
  const fact = (vertex: number, creator: number, sequence: number, keys: number[]) => ({
    vertex,
    id: vertex.toString(16).padStart(64, '0'),
    creator,
    sequence,
    parents: [],
    keys,
    transactions: 1,
    items: [],
    replaces: null,
  });
  const facts = [
    fact(1, 0, 1, [7]),
    fact(2, 1, 1, [7]),
    fact(3, 2, 5, []),
    fact(4, 2, 5, []),
    fact(5, 3, 1, []),
  ];
  observations.receive(session, pushOf({ kind: 'vertices', facts }));
  const decide = (vertices: number[], status: number): void => {
    const column = <T>(value: T): T[] => vertices.map(() => value);
    const body = { kind: 'decisions' as const, recovered: false, vertex: vertices };
    const rest = {
      node: column(0),
      status: column(status),
      rounds: column(5),
      confidence: column(1),
      atUs: column(9),
    };
    observations.receive(session, pushOf({ ...body, ...rest }));
  };
  decide([1, 3, 5], 1);
  decide([2, 4], 2);
  assert.equal(metricOf(textOf(meter), 'fleet_conflicts_finalised_total'), 0);
  decide([2, 4, 2], 1);
  assert.equal(metricOf(textOf(meter), 'fleet_conflicts_finalised_total'), 2);
});
