/** The default calibration is complete and in plausible proportions: a wrong unit would show here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultCalibration, nodeMemoryBytes, openConnections, weightless } from '#node/model/calibration.ts';

test('every figure is a positive finite number', () => {
  const { serviceTimesUs, wireBytes, memoryBytes } = defaultCalibration;
  for (const group of [serviceTimesUs, wireBytes, memoryBytes])
    for (const [name, value] of Object.entries(group))
      assert.ok(Number.isFinite(value) && value > 0, `${name} = ${value}`);
});

test('it says whose figures these are and where they were measured', () => {
  assert.ok(defaultCalibration.name.length > 5);
  assert.match(defaultCalibration.measuredOn, /^\d{4}-\d{2}-\d{2}/);
});

test('signing costs more than verifying, which costs more than a query', () => {
  const { signVertex, verifyVertex, askQuery, answerQuery } = defaultCalibration.serviceTimesUs;
  assert.ok(signVertex > verifyVertex && verifyVertex > askQuery && verifyVertex > answerQuery);
});

test('a query about a hundred vertices stays within 1.5 KB and a usual answer within 100 bytes', () => {
  const { queryFixed, queryPerVertex, answerFixed, answerPerException } = defaultCalibration.wireBytes;
  assert.ok(queryFixed + 100 * queryPerVertex <= 1500);
  assert.ok(answerFixed + 5 * answerPerException <= 100);
});

test('a vertex on the wire carries at least an ML-DSA-44 signature', () => {
  assert.ok(defaultCalibration.wireBytes.vertexFixed > 2420);
});

test('a node keeps a connection to every other member up to the limit of its pool', () => {
  assert.equal(openConnections(defaultCalibration, 1), 0);
  assert.equal(openConnections(defaultCalibration, 100), 99);
  assert.equal(openConnections(defaultCalibration, 10_000), 512);
});

test('memory is base, open connections, undecided vertices and decided ones that are kept', () => {
  const { base, perPeer, perUndecidedVertex, perDecidedVertex } = defaultCalibration.memoryBytes;
  const expected = base + 512 * perPeer + 3 * perUndecidedVertex + 5 * perDecidedVertex;
  assert.equal(nodeMemoryBytes(defaultCalibration, 1_000, 3, 5), expected);
  assert.equal(nodeMemoryBytes(defaultCalibration, 10_000, 3, 5), expected);
});

test('a weightless node computes in no time, says so in its name, and sends as many bytes as before', () => {
  const none = weightless(defaultCalibration);
  assert.deepEqual([...new Set(Object.values(none.serviceTimesUs))], [0]);
  assert.match(none.name, /^weightless/);
  assert.deepEqual(none.wireBytes, defaultCalibration.wireBytes);
});
