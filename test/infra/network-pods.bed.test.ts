/**
 * The whole path of a network on Kubernetes, with real programs in place of containers: the API server admits the manifests, the job
 * draws the secrets with its own token, the scheduler places the pods, agents find the conductor, a run is conducted and kept.
 * NOT RUN where the control plane is not built. What it cannot show: containers, limits, network policies, DNS.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { codeVersion } from '#campaigns/code-version.ts';
import { cellId } from '#campaigns/plan.ts';
import { runResult } from '#campaigns/results/schema.ts';
import { namesOf } from '#infra/manifests/manifest.ts';
import { networkManifests } from '#infra/manifests/network-manifests.ts';
import { type ControlPlane, startControlPlane } from '#test/bed/kubernetes/control-plane.ts';
import { ProcessKubelet, podsReady } from '#test/bed/kubernetes/process-kubelet.ts';
import { until } from '#test/bed/patience.ts';
import { kubernetesTool, missing } from '#test/bed/tools.ts';
import { anyGround, networkPlan, shownMoney } from '#test/infra/manifests/network-plan.ts';
import { processSpec } from '#test/support/process-spec.ts';

const pods = 20;
const plan = networkPlan({ nodes: pods, pod: { cpuMilli: 100, memoryMiB: 64, diskMiB: 64 } });
const { network, metrics } = namesOf(plan);
/** Slow polls and little load: twenty processes share the cores of one machine with a control plane. */
const slow = processSpec({ nodes: pods, nodesPerProcess: 1 });
const spec = {
  ...slow,
  consensus: { ...slow.consensus, pollIntervalUs: 200_000 },
  workload: { ...slow.workload, tps: 2 },
  duration: { warmupUs: 2_000_000, measureUs: 15_000_000, cooldownUs: 10_000_000 },
} as const;
const cell = cellId(spec, codeVersion(), 'kubernetes');

describe('a network of twenty pods', { skip: missing(kubernetesTool), timeout: 600_000 }, () => {
  let plane: ControlPlane;
  let kubelet: ProcessKubelet;

  before(async () => {
    plane = await startControlPlane();
    kubelet = new ProcessKubelet(plane.kubeconfig, 'processes-0', {});
    await kubelet.start({ cpu: '32', memory: '64Gi', pods: '110', 'ephemeral-storage': '100Gi' });
  });
  after(async () => {
    await kubelet?.stop();
    await plane?.stop();
  });

  const secretOf = async (namespace: string, name: string, key: string): Promise<string> => {
    const { data } = await kubelet.core.readNamespacedSecret({ name, namespace });
    return Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
  };
  const conductorUrl = async (): Promise<string> => {
    const labelSelector = 'app.kubernetes.io/name=bft-conductor';
    const { items } = await kubelet.core.listNamespacedPod({ namespace: network, labelSelector });
    return `http://${items[0]?.status?.podIP}:7400`;
  };
  const ask = async (
    method: string,
    route: string,
    body?: string,
  ): Promise<{ code: number; text: string }> => {
    const token = await secretOf(network, 'run-secrets', 'conductor-token');
    const response = await fetch(`${await conductorUrl()}${route}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    });
    return { code: response.status, text: await response.text() };
  };

  test('comes up: secrets are drawn inside, conductor and nodes become Ready', async () => {
    await plane.apply([...networkManifests(plan, anyGround, shownMoney)]);
    await podsReady(kubelet, network, pods + 1, 300_000);
    const seed = await secretOf(network, 'run-secrets', 'identity-seed');
    assert.match(seed, /^[0-9a-f]{64}$/);
    const copy = await secretOf(metrics, 'metrics-token', 'metrics-token');
    assert.equal(copy, await secretOf(network, 'run-secrets', 'metrics-token'));
    const agents = async (): Promise<true | null> => {
      const status = JSON.parse((await ask('GET', '/v1/status')).text) as { nodes_offered: number };
      return status.nodes_offered === pods ? true : null;
    };
    await until(agents, { what: `${pods} agents`, withinMs: 120_000, everyMs: 500 });
  });

  test('the accounts of conductor and nodes may do nothing, the job no more than draw', async () => {
    const can = async (account: string, ...words: string[]): Promise<string> => {
      const who = `--as=system:serviceaccount:${network}:${account}`;
      const answer = plane.kubectl('auth', 'can-i', ...words, who, `--namespace=${network}`);
      return (await answer.catch(() => 'no')).trim().split('\n').at(-1)!;
    };
    for (const account of ['conductor', 'node'])
      for (const words of [
        ['get', 'secrets'],
        ['list', 'pods'],
        ['delete', 'pods'],
        ['create', 'pods'],
      ])
        assert.equal(await can(account, ...words), 'no', `${account} ${words.join(' ')}`);
    assert.equal(await can('secret-drawer', 'create', 'secrets'), 'yes');
    assert.equal(await can('secret-drawer', 'list', 'secrets'), 'no');
    assert.equal(await can('secret-drawer', 'delete', 'pods'), 'no');
  });

  test('a run handed to the conductor finalises vertices on all pods and is kept', async (context) => {
    const put = await ask('PUT', `/v1/runs/${cell}`, JSON.stringify(spec));
    assert.equal(put.code, 202, put.text);
    const done = async (): Promise<true | null> => {
      const { state, reason } = JSON.parse((await ask('GET', `/v1/runs/${cell}`)).text) as Record<
        string,
        string
      >;
      if (state === 'failed') throw new Error(reason);
      return state === 'done' ? true : null;
    };
    await until(done, { what: 'the run', withinMs: 300_000, everyMs: 500 });
    const { text } = await ask('GET', `/v1/runs/${cell}/files/result.json`);
    const result = runResult.parse(JSON.parse(text));
    assert.equal(result.provenance, 'MEASURED');
    assert.equal(result.results.consensus_metrics.conflicts_finalized, 0);
    assert.deepEqual(result.results.consensus_metrics.safety_violations, []);
    assert.equal(result.measurement?.processes, pods);
    assert.ok(result.results.throughput.total_vertices > 0, result.reason);
    assert.ok((result.results.consensus_metrics.finalized_share ?? 0) > 0, result.reason);
    const { code, text: scraped } = await ask('GET', '/metrics');
    assert.equal(code, 200);
    const finalised = Number(/^fleet_finalised_total (\d+)$/m.exec(scraped)?.[1]);
    assert.ok(finalised > 0);
    context.diagnostic(
      `${result.test_status}; ${result.results.throughput.total_vertices} vertices, ${finalised} finalisations on ${pods} pods`,
    );
  });

  test('a pod that is deleted comes back under its name with the same identity; a crashed one in its place', async () => {
    const peers = async (pod: string): Promise<{ peer: string; uid: string; restarts: number }> => {
      const found = await kubelet.core.readNamespacedPod({ name: pod, namespace: network });
      const token = await secretOf(network, 'run-secrets', 'metrics-token');
      const response = await fetch(`http://${found.status?.podIP}:9464/metrics`, {
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(response.status, 200, 'the token for metrics opens /metrics of a node');
      const restarts = found.status?.containerStatuses?.[0]?.restartCount ?? -1;
      return { peer: found.status?.podIP ?? '', uid: found.metadata?.uid ?? '', restarts };
    };
    const name = 'shard-0-3';
    const first = await peers(name);
    await plane.kubectl('delete', 'pod', name, `--namespace=${network}`, '--wait=true');
    await podsReady(kubelet, network, pods + 1, 120_000);
    const second = await peers(name);
    assert.notEqual(second.uid, first.uid);
    await kubelet.crash('shard-0-4');
    const isRestarted = async (): Promise<true | null> => {
      const pod = await kubelet.core.readNamespacedPod({ name: 'shard-0-4', namespace: network });
      const status = pod.status?.containerStatuses?.[0];
      return status?.ready === true && status.restartCount === 1 ? true : null;
    };
    await until(isRestarted, { what: 'a restarted pod', withinMs: 120_000, everyMs: 500 });
    // The replaced process said hello with the key that the run knows it by: the conductor takes the next run with it.
    const next = { ...spec, seed: spec.seed + 1 };
    const nextCell = cellId(next, codeVersion(), 'kubernetes');
    assert.equal((await ask('PUT', `/v1/runs/${nextCell}`, JSON.stringify(next))).code, 202);
    const done = async (): Promise<true | null> =>
      (JSON.parse((await ask('GET', `/v1/runs/${nextCell}`)).text) as { state: string }).state === 'done'
        ? true
        : null;
    await until(done, { what: 'the second run', withinMs: 300_000, everyMs: 500 });
    const { text } = await ask('GET', `/v1/runs/${nextCell}/files/result.json`);
    assert.ok(runResult.parse(JSON.parse(text)).results.throughput.total_vertices > 0);
  });

  test('deleting the namespaces ends every process and leaves no object', async () => {
    await plane.kubectl('delete', 'namespace', network, metrics, '--wait=true', '--timeout=120s');
    await plane.kubectl('delete', 'priorityclass', '-l', 'app.kubernetes.io/part-of=bft-scale');
    await until(async () => (kubelet.processes === 0 ? true : null), {
      what: 'no process',
      withinMs: 60_000,
    });
    for (const kind of ['pods', 'statefulsets', 'secrets', 'configmaps', 'jobs', 'deployments'])
      assert.equal(await plane.count(kind, '-l', 'app.kubernetes.io/part-of=bft-scale'), 0, kind);
  });
});
