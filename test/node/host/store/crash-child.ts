/**
 * Started as a process of its own by the crash tests: a small node's life over an archive on disk.
 * Argument: a folder. CRASH_AT kills it at that numbered point: before and after every batch of the database, told on stdout before
 * anything else happens. DEFECT plants one. Says what it "sent": vertices and decisions whose commit had resolved.
 */
import { statSync, writeSync } from 'node:fs';
import { openArchive } from '#node/host/store/archive.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { logOf } from './damage.ts';
import { FaultyEngine, noFaults } from './faulty-engine.ts';
import { decisionOf, sampleVertex } from './vertex-samples.ts';

const folder = process.argv[2] ?? '';
const crashAt = Number(process.env['CRASH_AT'] ?? '0');
const defect = process.env['DEFECT'] ?? '';
const member = 1;

const faults = noFaults();
let points = 0;
const say = (...words: (string | number)[]): void => {
  writeSync(1, `${words.join(' ')}\n`);
};
faults.onPoint = (when) => {
  points += 1;
  if (when === 'before') say('log', statSync(logOf(folder)).size);
  if (points === crashAt) process.kill(process.pid, 'SIGKILL');
};

const store = await openRocksStore(folder, { around: (engine) => new FaultyEngine(engine, faults) });
faults.isLying = defect === 'acknowledge-unwritten';
const archive = await openArchive(store, { member, durability: 'process' });
const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex');

for (let round = 0; round < 8; round++) {
  await archive.reserve();
  const own = sampleVertex(member, archive.nextSequence(), { payload: Buffer.from(`${process.pid}`) });
  const other = sampleVertex(2, 1_000 * process.pid + round);
  const committed = archive.commit([own], []);
  if (defect !== 'send-before-write') await committed;
  say('sent', archive.lastOwnSequence, hex(own.id));
  await committed;
  const decisions = [decisionOf(own), decisionOf(other, round % 2 === 0 ? 'finalised' : 'rejected')];
  await archive.commit([other], decisions);
  for (const { id, status } of decisions) say('decided', hex(id), status);
  if (round === 5) await archive.prune(archive.nextOrder - 4);
}
await store.close();
say('end', points);
