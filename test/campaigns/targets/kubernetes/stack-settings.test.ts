/**
 * The configuration of a deployment, what is wrong with one before anything is deployed, and the proof of collected files.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { sha256Hex } from '#budgets/sha256.ts';
import { writeCell } from '#campaigns/results/writer.ts';
import { collectCell } from '#campaigns/targets/kubernetes/collected-cell.ts';
import {
  campaignTag,
  deploymentObstacles,
  readSettings,
  writeSettings,
} from '#campaigns/targets/kubernetes/stack-settings.ts';
import { fakePlan, fakeRow, fakeSpec } from '#test/support/fake-campaign.ts';
import { fakeOutcome } from '#test/support/fake-target.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'settings-'));
after(() => rmSync(folder, { recursive: true }));
const now = new Date('2026-11-29T00:00:00Z');

test('a deployment has the keys of the stack, its own size and its own tags; the file of the stack stays as it is', () => {
  mkdirSync(path.join(folder, 'stacks'));
  const file = path.join(folder, 'stacks', 'Pulumi.own.yaml');
  const text =
    'secretsprovider: passphrase\nconfig:\n  bft-scale:platform: local\n  bft-scale:phase: phase2\n  bft-scale:nodes: 7\n  bft-scale:kubeContext: mine\n';
  writeFileSync(file, text);
  const deployment = { name: 'd2', nodes: 40, nodesPerProcess: 2 };
  const request = { project: folder, campaign: 'phase2-20261129T000000Z', stack: 'own', deployment };
  const { config, plan } = readSettings(request, now);
  assert.deepEqual([plan.nodes, plan.nodesPerProcess, config.kubeContext], [40, 2, 'mine']);
  assert.deepEqual(
    [plan.tags.campaign, plan.tags.run],
    ['phase2-20261129t000000z', 'phase2-20261129t000000z-d2'],
  );
  const written = path.join(folder, 'run', 'd2.yaml');
  writeSettings(request, written);
  const read = parse(readFileSync(written, 'utf8'));
  assert.equal(read.secretsprovider, 'passphrase');
  assert.equal(read.config['bft-scale:nodes'], 40);
  assert.equal(readFileSync(file, 'utf8'), text);
});

test('campaign names become tags', () => {
  assert.equal(campaignTag('phase3-20261129T000000Z-2'), 'phase3-20261129t000000z-2');
  assert.equal(campaignTag('_Ö_'), 'campaign');
  assert.ok(campaignTag('x'.repeat(200)).length <= 46);
});

test('a stack that its user has not configured is refused key by key, with what to type', () => {
  const plan = fakePlan('c', [fakeRow('A-1', 1)], { target: 'kubernetes', stack: '1k-nodes' });
  const obstacles = deploymentObstacles(plan, now).join('\n');
  for (const key of ['owner', 'image', 'account', 'apiAccessCidrs'])
    assert.match(obstacles, new RegExp(`bft-scale:${key} is missing.*pulumi config set --stack 1k-nodes`));
});

test('collected files are believed only when every hash is right', async () => {
  const spec = fakeSpec();
  const outcome = fakeOutcome(spec, now.toISOString());
  const manifest = writeCell(folder, '0123456789abcdef', spec, outcome);
  const read = async (name: string): Promise<string> =>
    readFileSync(path.join(folder, 'cells', '0123456789abcdef', name), 'utf8');
  const collected = await collectCell('0123456789abcdef', manifest, read);
  assert.deepEqual(collected.result, outcome.result);
  assert.deepEqual(collected.events, outcome.events);
  for (const spoiled of ['manifest.json', 'result.json', 'series.json', 'events.jsonl']) {
    const changed = async (name: string): Promise<string> =>
      name === spoiled ? `${await read(name)} ` : await read(name);
    await assert.rejects(collectCell('0123456789abcdef', manifest, changed), /was changed/);
  }
  assert.equal(manifest, sha256Hex(await read('manifest.json')));
});
