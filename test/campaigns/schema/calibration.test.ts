/**
 * Calibration files of users: complete or refused.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadCalibration, parseCalibration } from '#campaigns/schema/calibration.ts';
import { measuredCalibration } from '#node/model/calibration.ts';

const example = readFileSync(join(import.meta.dirname, '../../../docs/calibration.example.yaml'), 'utf8');

test('JSON and YAML calibrations read to the same record', () => {
  const calibration = parseCalibration(example, 'c.yaml');
  assert.deepEqual(parseCalibration(JSON.stringify(calibration), 'c.json'), calibration);
});

test('a mistyped figure, a negative one and half a byte are reported together at their places', () => {
  const broken = example
    .replace('  verifyVertex: 76', '  verifyVertx: 76')
    .replace('askQuery: 17', 'askQuery: -17')
    .replace('vertexFixed: 2540', 'vertexFixed: 2540.5');
  assert.throws(() => parseCalibration(broken, 'c.yaml'), {
    message: [
      'c.yaml:7:3: serviceTimesUs.verifyVertx: unknown key "verifyVertx" (did you mean "verifyVertex"?)',
      'c.yaml:9:13: serviceTimesUs.askQuery: must be at least 0, found -17',
      'c.yaml:18:16: wireBytes.vertexFixed: expected a whole number, found 2540.5',
    ].join('\n'),
  });
});

test('a figure that is left out is missing, not defaulted', () => {
  assert.throws(() => parseCalibration(example.replace(/ {2}syncDisk.*\n/, ''), 'c.yaml'), {
    message: 'c.yaml:5:1: serviceTimesUs.syncDisk: is missing (expected a number)',
  });
});

test('the shipped file of the node as measured says what feasibility counts with', () => {
  const shipped = join(import.meta.dirname, '../../../docs/calibration.measured.yaml');
  assert.deepEqual(loadCalibration(shipped), measuredCalibration);
});
