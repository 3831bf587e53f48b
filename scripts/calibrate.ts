/**
 * `npm run calibrate`: measures the node on this machine, writes the calibration file that the simulator reads, and checks what the
 * simulator makes of it against real networks.
 * Owns: options, putting measured parts together, the file, the tables. Does not own: the measurements (calibrate-*.ts) or the
 * format (docs/calibration-format.md). Some minutes; the machine should have nothing else to do.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { checkExitCode } from '#campaigns/analysis/calibration-check.ts';
import { textTable } from '#campaigns/commands/text-table.ts';
import { ConfigError } from '#campaigns/config-error.ts';
import { loadCalibration, parseCalibration } from '#campaigns/schema/calibration.ts';
import { type Calibration, defaultCalibration } from '#node/model/calibration.ts';
import { checkCalibration, checkText } from './calibrate-check.ts';
import { type NetworkCosts, networkCosts } from './calibrate-network.ts';
import {
  frameBytes,
  hashPerKilobyteUs,
  signVertexUs,
  syncDiskUs,
  verifyVertexUs,
} from './calibrate-primitives.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const round = (value: number): number => Number(value.toPrecision(4));

/** What session, multiplexer and framing add to a frame, from the bytes of real exchanges. */
function overheadOf(frames: Calibration['wireBytes'], costs: NetworkCosts): number {
  const encoded = frames.queryFixed + frames.answerFixed;
  return Math.max(0, Math.round((costs.exchangeBytes - encoded) / 2));
}

async function measure(): Promise<Calibration> {
  say('measuring signatures, hashes and the disk ...');
  const signVertex = await signVertexUs();
  const verifyVertex = await verifyVertexUs();
  const hashPerKilobyte = hashPerKilobyteUs();
  const syncDisk = await syncDiskUs();
  const frames = frameBytes();
  const costs = await networkCosts(defaultCalibration, frames.queryPerVertex, say);
  const overhead = overheadOf(frames, costs);
  const shown = Object.entries(costs).map(([name, value]) => `${name} ${round(value)}`);
  say(`from the runs: ${shown.join(', ')}; ${overhead} bytes around a frame`);
  const cpu = os.cpus()[0]?.model ?? 'unknown CPU';
  const day = new Date().toISOString().slice(0, 10);
  return {
    name: 'bft-scale node, measured by npm run calibrate',
    measuredOn: `${day}, Node ${process.version.slice(1)}, ${os.cpus().length} x ${cpu}`.slice(0, 190),
    serviceTimesUs: {
      signVertex: round(signVertex),
      verifyVertex: round(verifyVertex),
      hashPerKilobyte: round(hashPerKilobyte),
      askQuery: round(costs.exchangeUs / 2),
      answerQuery: round(costs.exchangeUs / 2),
      handleVertex: round(Math.max(1, costs.vertexUs - verifyVertex)),
      syncDisk: round(syncDisk),
    },
    wireBytes: {
      ...frames,
      queryFixed: frames.queryFixed + overhead,
      answerFixed: frames.answerFixed + overhead,
      vertexFixed: frames.vertexFixed + overhead,
      vertexAnnouncement: frames.vertexAnnouncement + overhead,
    },
    connectionsMost: defaultCalibration.connectionsMost,
    memoryBytes: {
      ...defaultCalibration.memoryBytes,
      base: Math.round(costs.memoryBase),
      perPeer: Math.round(costs.memoryPerPeer),
    },
  };
}

function figures(calibration: Calibration): Map<string, number> {
  const { serviceTimesUs, wireBytes, memoryBytes } = calibration;
  return new Map(
    Object.entries({ serviceTimesUs, wireBytes, memoryBytes }).flatMap(([part, values]) =>
      Object.entries(values).map(([name, value]) => [`${part}.${name}`, value] as const),
    ),
  );
}

function table(measured: Calibration): string {
  const builtIn = figures(defaultCalibration);
  const columns = [
    { title: 'figure', most: 40 },
    { title: 'built in', align: 'right' as const },
    { title: 'measured here', align: 'right' as const },
  ];
  const rows = [...figures(measured)].map(([name, value]) => [
    name,
    String(builtIn.get(name)),
    String(value),
  ]);
  return textTable(columns, rows);
}

const header = `# Figures of the product's own node, measured on this machine by: npm run calibrate
# Use: npm run campaign phase1 -- --calibration FILE. What every figure is: docs/calibration-format.md
# connectionsMost, perUndecidedVertex and perDecidedVertex are settings and estimates, not measured.
`;

const help = `npm run calibrate -- [options]
  --out FILE     where the measured figures go (runs/calibration.yaml)
  --check FILE   measures no figures: checks those of FILE
  --no-check     writes the file and checks nothing

The check runs real networks of 16 and 50 nodes and their simulation, and prints how far the medians of finality are apart.
Beside other work: nice -n -10 npm run calibrate (as root); node processes get that priority.
Exit code: 0 all within 20 %, 10 not, 11 other work kept the machine too busy to say, 20 wrong options or file.
`;

async function write(file: string): Promise<Calibration> {
  const measured = await measure();
  const text = header + stringify(measured);
  parseCalibration(text, file); // what is written can be read
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`${table(measured)}\nwritten to ${file}; use it with --calibration ${file}\n\n`);
  return measured;
}

async function main(): Promise<number> {
  let options: { out: string; check: string | undefined; 'no-check': boolean; help: boolean };
  try {
    const { values } = parseArgs({
      options: {
        out: { type: 'string', default: 'runs/calibration.yaml' },
        check: { type: 'string' },
        'no-check': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    options = { check: undefined, ...values };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${help}`);
    return 20;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  try {
    const calibration =
      options.check === undefined ? await write(options.out) : loadCalibration(options.check);
    if (options['no-check']) return 0;
    const networks = await checkCalibration(calibration, say);
    process.stdout.write(checkText(networks));
    return checkExitCode(networks);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 20;
  }
}

process.exitCode = await main();
