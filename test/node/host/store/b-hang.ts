import { mkdtempSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { damagedCopy, judge, leftFolder } from './damage.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'damage-'));
const left = await leftFolder(root);
const copy = path.join(root, 'copy');
const cpu = () => {
  const c = process.cpuUsage();
  return (c.user + c.system) / 1000;
};
setTimeout(() => {
  rmSync(root, { recursive: true, force: true });
  process.exit(3);
}, 400000).unref();
for (const file of readdirSync(left.folder).filter((name) =>
  /\.(log|sst)$|^(MANIFEST|CURRENT|ACK)/.test(name),
)) {
  const { size } = statSync(path.join(left.folder, file));
  const n = 250,
    every = Math.max(1, size / n);
  const t = cpu();
  for (let i = 0; i < Math.min(size, n); i++) {
    const at = Math.floor(i * every);
    for (const kind of ['flip', 'cut']) {
      writeSync(1, `${file} ${kind} ${at}/${size} `);
      const c0 = cpu();
      damagedCopy(left, copy, file, (b) => {
        if (kind === 'cut') return b.subarray(0, at);
        b[at]! ^= 1 << (at % 8);
        return b;
      });
      let r;
      try {
        r = await judge(copy, left.acknowledged);
      } catch (e) {
        r = String(e).slice(0, 300);
      }
      writeSync(1, `${r} ${(cpu() - c0).toFixed(1)}\n`);
    }
  }
}
rmSync(root, { recursive: true, force: true });
