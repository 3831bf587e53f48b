// Goal: the load of a node by hand arithmetic on simple cases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import { exampleSpec, networkNamed } from './example-spec.ts';

test('on local 15 polls start 5 ms apart, and 50 exchanges go with each', () => {
  const load = nodeLoad(exampleSpec({ nodes: 1_000, tps: 1_000 }));
  assert.equal(load.spacingUs, 5_000);
  assert.ok(Math.abs(load.exchangesPerSecond - 10_000) < 1);
  assert.ok(load.floorUs > 14 * 5_000 && load.floorUs < 15 * 5_000 + 4_000);
});

test('unique bytes are vertices x size: signature, header, three parents and payload', () => {
  const load = nodeLoad(exampleSpec({ nodes: 1_000, tps: 1_000 }));
  assert.equal(load.vertexBytes, 2_540 + 3 * 32 + 300);
  assert.ok(Math.abs(load.uniqueMbps - (1_000 * 2_936 * 8 * 0.999) / 1e6) < 1e-9);
  assert.equal(load.announcementMbps, 0);
});

test('a relay graph sends announcements beside the one body', () => {
  const spec = exampleSpec({ nodes: 1_000, tps: 100 });
  const load = nodeLoad({ ...spec, topology: { kind: 'mesh', degree: 8 } });
  const share = spec.calibration.wireBytes.vertexAnnouncement / load.vertexBytes;
  assert.ok(load.announcementMbps > 5 * share * load.uniqueMbps);
  assert.ok(load.announcementMbps < 7 * share * load.uniqueMbps);
});

test('nodes with nothing to decide do not poll', () => {
  const load = nodeLoad(exampleSpec({ nodes: 1_000, tps: 0.001 }));
  assert.ok(load.exchangesPerSecond < 2);
  assert.ok(load.busyShare < 1e-3);
});

test('an ideal network leaves the poll interval alone', () => {
  const spec = { ...exampleSpec({ nodes: 1_000 }), network: networkNamed('ideal') };
  const load = nodeLoad(spec);
  assert.equal(load.pollUs, 0);
  assert.equal(load.spacingUs, 5_000);
});

test('several polls at once divide the time between them, not below the interval', () => {
  const spec = exampleSpec({ nodes: 1_000, network: 'wan' });
  const one = nodeLoad(spec);
  const four = nodeLoad({ ...spec, consensus: { ...spec.consensus, concurrentPolls: 4 } });
  assert.ok(Math.abs(four.spacingUs - one.pollUs / 4) < 1);
});

test('memory counts the connections of the pool, not the members of the network', () => {
  const at = (nodes: 150 | 1_000 | 10_000): number => nodeLoad(exampleSpec({ nodes })).memoryMb;
  assert.ok(Math.abs(at(1_000) - at(150) - ((512 - 149) * 90) / 1_024) < 1);
  assert.ok(Math.abs(at(10_000) - at(1_000)) < 1);
});
