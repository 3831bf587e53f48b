/** Started by million.long.test.ts: writes a million transactions into an archive, says how many vertices, and kills itself. */
import { writeSync } from 'node:fs';
import { openArchive } from '#node/host/store/archive.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { decisionOf, sampleVertex } from './vertex-samples.ts';

const store = await openRocksStore(process.argv[2] ?? '');
const archive = await openArchive(store, { member: 1, durability: 'process' });
for (let i = 0; i < 10_000; i += 20) {
  const vertices = Array.from({ length: 20 }, (_, j) =>
    sampleVertex(2, i + j + 1, { transactions: 100, inputs: [i + j + 1], signatureBytes: 2_420 }),
  );
  await archive.commit(vertices, []);
  const decisions = vertices.map((vertex, j) =>
    decisionOf(vertex, (i + j) % 1_000 === 999 ? 'rejected' : 'finalised'),
  );
  await archive.decide(decisions);
}
writeSync(1, `${archive.nextOrder}\n`);
process.kill(process.pid, 'SIGKILL');
