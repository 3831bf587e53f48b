/**
 * An approved campaign on the real engine, a real API server and twenty pods as processes: deployed, measured through a port-forward,
 * left by its operator in the middle, resumed, removed, proven to be gone, judged.
 * NOT RUN where engine or control plane are not built. What it cannot show: a cloud, containers, limits, DNS.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { codeVersion } from '#campaigns/code-version.ts';
import { readJournal } from '#campaigns/journal.ts';
import { createCampaign, runCampaign } from '#campaigns/operator.ts';
import { buildPlan } from '#campaigns/plan.ts';
import { readCampaign } from '#campaigns/results/reader.ts';
import { createKubernetes } from '#campaigns/targets/kubernetes/target.ts';
import { type ControlPlane, startControlPlane } from '#test/bed/kubernetes/control-plane.ts';
import { ProcessKubelet } from '#test/bed/kubernetes/process-kubelet.ts';
import { cloudEnvironment, FakeCloud } from '#test/bed/providers/fake-cloud.ts';
import { Engine } from '#test/bed/pulumi/engine.ts';
import { repository } from '#test/bed/stack-bed.ts';
import { kubernetesTool, missing, pulumiTool } from '#test/bed/tools.ts';
import { testImage } from '#test/infra/manifests/network-plan.ts';
import { fakeRow, fakeServices } from '#test/support/fake-campaign.ts';
import { processSpec } from '#test/support/process-spec.ts';

const pods = 20;
/** Slow polls and little load: twenty processes share the cores of one machine with a control plane and an engine. */
const slow = processSpec({ nodes: pods, nodesPerProcess: 1 });
const spec = {
  ...slow,
  consensus: { ...slow.consensus, pollIntervalUs: 200_000 },
  workload: { ...slow.workload, tps: 2 },
  duration: { warmupUs: 2_000_000, measureUs: 15_000_000, cooldownUs: 10_000_000 },
} as const;

describe('a campaign on twenty pods', { skip: missing(pulumiTool, kubernetesTool), timeout: 900_000 }, () => {
  const runs = mkdtempSync(path.join(os.tmpdir(), 'campaign-bed-'));
  let plane: ControlPlane;
  let kubelet: ProcessKubelet;
  let engine: Engine;

  before(async () => {
    plane = await startControlPlane();
    kubelet = new ProcessKubelet(plane.kubeconfig, 'processes-0', {});
    await kubelet.start({ cpu: '64', memory: '128Gi', pods: '110', 'ephemeral-storage': '200Gi' });
    engine = new Engine({ project: repository, env: { BED_KUBECONFIG: plane.kubeconfig } });
    const cloud = new FakeCloud(path.join(engine.home, 'cloud'));
    const config = {
      platform: 'local',
      phase: 'phase2',
      nodes: 1,
      image: testImage,
      kubeContext: (await plane.kubectl('config', 'current-context')).trim(),
      pod: { cpuMilli: 100, memoryMiB: 64, diskMiB: 64 },
    };
    const keys = Object.entries(config).map(([key, value]) => [`bft-scale:${key}`, value]);
    writeFileSync(
      path.join(engine.project, 'stacks', 'Pulumi.bed.yaml'),
      stringify({ config: Object.fromEntries(keys) }),
    );
    // The Automation API looks for the program on the PATH of this process.
    Object.assign(process.env, engine.env, { [cloudEnvironment.folder]: cloud.folder });
  });
  after(async () => {
    engine?.close();
    await kubelet?.stop();
    await plane?.stop();
    rmSync(runs, { recursive: true, force: true });
  });

  const drive = async (folder: string, leavesAt: 'cell-progress' | null, said: string[]) => {
    const stop = new AbortController();
    const leave = new AbortController();
    const { project } = engine;
    const services = {
      ...fakeServices,
      cluster: async (request: Parameters<typeof createKubernetes>[0]) =>
        createKubernetes(request, { project, kubeconfig: plane.kubeconfig }),
    };
    return await runCampaign(folder, services, {
      workers: 1,
      stop: stop.signal,
      leave: leave.signal,
      onEvent: (event) => {
        if (event.kind === 'deployment') said.push(event.text);
        if (event.kind === leavesAt && 'rowId' in event && event.rowId.endsWith('cluster')) {
          stop.abort();
          leave.abort();
        }
      },
    });
  };

  test('deployed, left in the middle, resumed, measured once, removed and judged', async (context) => {
    const said: string[] = [];
    const folder = createCampaign(runs, 'bed', (campaign) =>
      buildPlan({
        campaign,
        phase: 'phase2',
        stack: 'bed',
        target: 'kubernetes',
        codeVersion: codeVersion(),
        nodeVersion: process.version,
        seed: 1,
        rows: [{ ...fakeRow('BED-1', 1), specs: [spec] }],
      }),
    );
    const left = await drive(folder, 'cell-progress', said);
    const words = (): string =>
      `${left.deployments.join('\n')}\n${said.join('\n')}\n${kubelet.complaints.join('\n')}\n${kubelet.logs().slice(0, 3_000)}`;
    assert.equal(left.exitCode, 130, words());
    assert.ok(left.isStanding, words());
    assert.equal(kubelet.processes, pods + 1, 'the network goes on without its operator');
    const end = await drive(folder, null, said);
    assert.equal(end.exitCode, 0, `${words()}\n${end.deployments.join('\n')}\n${end.failures.join('\n')}`);
    const [row] = readCampaign(folder).plan.rows.filter(({ target }) => target === 'kubernetes');
    const result = readCampaign(folder).results.get(row?.cells[0]?.id ?? '')?.result;
    assert.equal(result?.provenance, 'MEASURED');
    assert.equal(result?.measurement?.processes, pods);
    assert.ok((result?.results.throughput.total_vertices ?? 0) > 0, result?.reason);
    const selector = ['-l', 'app.kubernetes.io/part-of=bft-scale'];
    for (const kind of ['namespaces', 'pods', 'priorityclasses'])
      assert.equal(await plane.count(kind, ...selector), 0, kind);
    assert.equal(kubelet.processes, 0);
    const held = (await engine.resources('bed')).filter(({ type }) => type !== 'pulumi:pulumi:Stack');
    assert.deepEqual(held, []);
    const kinds = readJournal(path.join(folder, 'journal.jsonl')).records.map(({ event }) => event.kind);
    assert.equal(kinds.filter((kind) => kind === 'deploy-started').length, 1, 'deployed once');
    assert.equal(kinds.at(-1), 'closed');
    for (const line of said) context.diagnostic(line);
  });
});
