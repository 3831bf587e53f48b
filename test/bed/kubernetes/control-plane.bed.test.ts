/**
 * The control plane of the test bed is a real one: it schedules, refuses what it does not know, and leaves nothing behind.
 * Owns: what tests may rely on. NOT RUN where its programs are not built.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '#test/bed/patience.ts';
import { kubernetesTool, missing } from '#test/bed/tools.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const container = { name: 'main', image: 'none.invalid/none', resources: { requests: { cpu: '500m' } } };
const set = (replicas: number, extra: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'set', namespace: 'default' },
  spec: {
    replicas,
    serviceName: 'set',
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: { app: 'set' } },
    template: { metadata: { labels: { app: 'set' } }, spec: { containers: [container] } },
    ...extra,
  },
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('a control plane of the test bed', { skip: missing(kubernetesTool) }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(async () => await plane?.stop());

  test('schedules pods where they fit, and not where they do not', async (context) => {
    await plane.addNodes({ count: 3, cpu: '2' });
    await plane.apply([set(14)]);
    const pods = async (phase: string): Promise<number> =>
      await plane.count('pods', `--field-selector=status.phase=${phase}`);
    const wait = { what: '12 running pods', withinMs: 60_000 };
    await until(async () => ((await pods('Running')) === 12 ? true : null), wait);
    assert.equal(await pods('Pending'), 2, '14 pods of half a core on three nodes of two cores');
    context.diagnostic(`${Math.round(plane.memoryBytes() / 1_048_576)} MiB resident`);
  });

  test('refuses a field it does not know', async () => {
    await assert.rejects(plane.apply([set(1, { replicaz: 2 })]), /unknown field "(spec[.])?replicaz"/);
  });

  test('is gone when it is stopped', async () => {
    const port = Number(new URL(plane.server).port);
    assert.equal(await isListening(port), true);
    await plane.stop();
    assert.equal(await isListening(port), false);
    assert.equal(existsSync(path.dirname(plane.kubeconfig)), false);
  });
});
