/**
 * Figures of the program of the largest stack: from the start of its process to its end, under the program host.
 * Owns: what is run and read. Does not own: the engines: one in this process (test/infra/engine), the real one (test/bed), which is
 * asked for a preview, since an `up` waits for its cloud.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import { programLog } from '#test/bed/pulumi/program-log.ts';
import { type CloudName, StackBed } from '#test/bed/stack-bed.ts';
import { missing, pulumiTool } from '#test/bed/tools.ts';
import { Engine } from '#test/infra/engine/engine.ts';
import { onCloud } from '#test/infra/stack-fixture.ts';

const stack = '10k-nodes';
const runs = 5;

export async function measureProgram(cloud: CloudName): Promise<JobResult> {
  const [wall, cpu]: [number[], number[]] = [[], []];
  let resources = 0;
  // The first run of a machine compiles; it is none of the samples.
  for (let run = 0; run <= runs; run += 1) {
    const went = await new Engine().host({ stack, config: onCloud(stack, cloud) });
    if (went.exitCode !== 0 || went.cpuMs === null) throw new Error(went.errors.join('\n'));
    resources = went.resources.length;
    if (run === 0) continue;
    wall.push(went.wallMs / 1_000);
    cpu.push(went.cpuMs / 1_000);
  }
  const facts = { resources, loadBefore: os.loadavg()[0] ?? 0 };
  return { samples: { [`stack.program-${cloud}`]: wall, [`stack.cpu-${cloud}`]: cpu }, facts };
}

/** Nothing where the engine is not built: the table says why (`lackOf`). */
export async function measurePreview(cloud: CloudName): Promise<JobResult> {
  if (missing(pulumiTool) !== false) return { samples: {}, facts: {} };
  const bed = new StackBed({ stack, cloud });
  const log = path.join(bed.engine.home, 'program-seconds');
  try {
    await bed.init();
    for (let run = 0; run <= runs; run += 1) {
      const { code, output } = await bed.preview({ [programLog]: log });
      if (code !== 0) throw new Error(output);
    }
    const [, ...seconds] = readFileSync(log, 'utf8').trim().split('\n').map(Number);
    return {
      samples: { [`stack.preview-${cloud}`]: seconds },
      facts: { loadBefore: os.loadavg()[0] ?? 0 },
    };
  } finally {
    bed.close();
  }
}
