/**
 * The calibration file: service times, wire sizes and memory of the user's own node implementation.
 * Owns: its written form and loading it. Does not own: the record and the product's own figures (node/model/calibration.ts).
 */
import { z } from 'zod';
import { ConfigError } from '#campaigns/config-error.ts';
import { parseLocated } from '#campaigns/schema/problems.ts';
import { sentence } from '#campaigns/schema/record.ts';
import { readConfiguration, readConfigurationText } from '#campaigns/yaml-reader.ts';
import { record } from '#node/config-names.ts';
import type { Calibration } from '#node/model/calibration.ts';

const us = (description: string): z.ZodNumber =>
  z
    .number()
    .min(0)
    .max(60_000_000)
    .meta({ description: `${description}, microseconds` });
const wireBytes = (description: string): z.ZodNumber =>
  z
    .int()
    .min(0)
    .max(16_777_216)
    .meta({ description: `${description}, bytes` });
const memory = (description: string): z.ZodNumber =>
  z
    .int()
    .min(0)
    .max(1_099_511_627_776)
    .meta({ description: `${description}, bytes` });

export const calibrationSchema: z.ZodType<Calibration> = record({
  name: sentence('whose figures these are; every report names it'),
  measuredOn: sentence('date, machine and software of the measurement'),
  serviceTimesUs: record({
    signVertex: us('signing one vertex'),
    verifyVertex: us('verifying the signature of one vertex'),
    hashPerKilobyte: us('hashing 1,024 bytes'),
    askQuery: us('CPU of one query at the asking node, its answer included'),
    answerQuery: us('CPU of one query at the answering node'),
    handleVertex: us('CPU to receive, store and forward one vertex, beside its verification'),
    syncDisk: us('from a write until it survives a power cut'),
  }),
  wireBytes: record({
    queryFixed: wireBytes('a query without its vertices'),
    queryPerVertex: wireBytes('each vertex that a query names'),
    answerFixed: wireBytes('an answer without exceptions'),
    answerPerException: wireBytes('each exception in an answer'),
    vertexFixed: wireBytes('a vertex without parents and payload: header and signature'),
    vertexPerParent: wireBytes('each parent of a vertex'),
    vertexAnnouncement: wireBytes('telling a peer that a vertex exists'),
  }),
  connectionsMost: z.int().min(1).max(1_000_000).meta({ description: 'connections a node keeps open' }),
  memoryBytes: record({
    base: memory('an idle node'),
    perPeer: memory('each open connection'),
    perUndecidedVertex: memory('each undecided vertex'),
    perDecidedVertex: memory('each decided vertex that is kept'),
  }),
});

/** Reads a calibration from text; `file` only names it in problems. Throws ConfigError with every problem. */
export function parseCalibration(text: string, file: string): Calibration {
  const { value, problems } = parseLocated(calibrationSchema, readConfiguration(text, file));
  if (value === null) throw new ConfigError(problems);
  return value;
}

/** Reads a calibration file, YAML or JSON. Throws ConfigError. */
export function loadCalibration(path: string): Calibration {
  return parseCalibration(readConfigurationText(path), path);
}
