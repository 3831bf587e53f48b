/**
 * What only the pipeline does: sharing of answers, back-pressure, batches, turns of the nodes of one process, its end.
 * Conditions are waited for through answers alone; nothing here depends on how fast threads are.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { batchSize } from '#node/host/verification/batch-size.ts';
import { SpareMoment } from '#node/host/verification/spare-moment.ts';
import {
  createVerifier,
  type PipelineOptions,
  VerificationPipeline,
} from '#node/host/verification/verification-pipeline.ts';
import { startThread } from '#node/host/verification/verification-threads.ts';
import { VerifierError, type VerifierErrorCode } from '#node/host/verification/verifier.ts';
import { ask, type Claim, flipped, genuineClaim, obeysTheLaw } from './verifier-law.ts';

async function withPipeline(
  options: Partial<PipelineOptions>,
  act: (pipeline: VerificationPipeline) => Promise<void>,
): Promise<void> {
  const pipeline = new VerificationPipeline({ threads: 1, ...options });
  try {
    await act(pipeline);
  } finally {
    await pipeline.close();
  }
}

const isError =
  (code: VerifierErrorCode) =>
  (error: unknown): boolean =>
    error instanceof VerifierError && error.code === code;

/** False claims are quick to check: a signature of zeros is not one. */
function falseClaims(count: number, { publicKey, context }: Claim): Claim[] {
  return Array.from({ length: count }, (_, i) => {
    const signature = new Uint8Array(2_420);
    new DataView(signature.buffer).setUint32(0, i);
    return { publicKey, context, message: Buffer.from(`number ${i}`), signature };
  });
}

test('the same claim in flight and later is checked once', () =>
  withPipeline({}, async (pipeline) => {
    const verifier = pipeline.member();
    const claim = await genuineClaim(1);
    const copy = (): Claim => ({ ...claim, message: Uint8Array.from(claim.message) });
    assert.deepEqual(await Promise.all([ask(verifier, claim), ask(verifier, copy())]), [true, true]);
    assert.equal(await ask(verifier, copy()), true);
    const { verified, deduplicated, deduplicatedAcrossNodes } = verifier.figures;
    assert.deepEqual(
      { verified, deduplicated, deduplicatedAcrossNodes },
      { verified: 1, deduplicated: 2, deduplicatedAcrossNodes: 0 },
    );
  }));

test('a claim that differs behind an equal beginning is never taken for the same', () =>
  withPipeline({}, async (pipeline) => {
    const claim = await genuineClaim(2);
    const lookalike = { ...claim, signature: flipped(claim.signature, 8 * 2_000) };
    for (const pair of [
      [claim, lookalike],
      [lookalike, claim],
    ] as const) {
      const verifier = pipeline.member();
      const expected = pair.map((each) => each === claim);
      assert.deepEqual(await Promise.all(pair.map((each) => ask(verifier, each))), expected, 'in flight');
      for (const each of [...pair, ...pair]) assert.equal(await ask(verifier, each), each === claim, 'later');
    }
  }));

test('a false answer does not push out the true one it resembles', () =>
  withPipeline({}, async (pipeline) => {
    const verifier = pipeline.member();
    const claim = await genuineClaim(3);
    await ask(verifier, claim);
    for (let bit = 0; bit < 5; bit++)
      await ask(verifier, { ...claim, signature: flipped(claim.signature, 8 * 1_000 + bit) });
    await ask(verifier, claim);
    assert.equal(verifier.figures.verified, 1);
    assert.equal(verifier.figures.deduplicated, 1);
  }));

test('the memory of answers is bounded, and what it forgot is checked again', () =>
  withPipeline({ recentMostBytes: 3 * 4_096 }, async (pipeline) => {
    const verifier = pipeline.member();
    const claims = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => genuineClaim(number)));
    for (const claim of claims) assert.equal(await ask(verifier, claim), true);
    assert.equal(await ask(verifier, claims[5]!), true);
    assert.equal(verifier.figures.deduplicated, 1, 'the youngest is known');
    assert.equal(await ask(verifier, claims[0]!), true);
    assert.equal(verifier.figures.verified, 7, 'the oldest is not');
    for (const claim of claims)
      assert.equal(await ask(verifier, { ...claim, signature: flipped(claim.signature, 19_000) }), false);
  }));

test('a full queue refuses, says so, and tells when there is room', () =>
  withPipeline({ queueMost: 4 }, async (pipeline) => {
    const verifier = pipeline.member();
    const claims = await Promise.all([1, 2, 3, 4, 5].map((number) => genuineClaim(number)));
    const answers = claims.slice(0, 4).map((claim) => ask(verifier, claim));
    await assert.rejects(ask(verifier, claims[4]!), isError('full'));
    await assert.rejects(
      ask(verifier, claims[0]!),
      isError('full'),
      'those that wait for an answer count too',
    );
    assert.deepEqual([verifier.figures.queueDepth, verifier.figures.refused], [4, 2]);
    await verifier.whenRoom();
    assert.ok(verifier.figures.queueDepth < 4);
    assert.equal(await ask(verifier, claims[4]!), true);
    assert.deepEqual(await Promise.all(answers), [true, true, true, true]);
    assert.deepEqual([verifier.figures.queueDepth, verifier.figures.queueDepthMost], [0, 4]);
  }));

test('long messages fill the queue by their bytes', () =>
  withPipeline({ queueMostBytes: 1_000_000 }, async (pipeline) => {
    const verifier = pipeline.member();
    const [claim] = falseClaims(1, await genuineClaim(1));
    const long = (fill: number): Claim => ({ ...claim!, message: new Uint8Array(600_000).fill(fill) });
    const answers = [ask(verifier, long(1)), ask(verifier, long(2))];
    await assert.rejects(ask(verifier, long(3)), isError('full'));
    assert.deepEqual(await Promise.all(answers), [false, false]);
    assert.equal(await ask(verifier, long(3)), false);
  }));

test('batches grow with the backlog', () => {
  const sizes = [1, 2, 9, 10, 99, 100, 999, 1_000, 5_000].map((backlog) => batchSize(backlog, 1));
  assert.deepEqual(sizes, [1, 1, 1, 10, 10, 100, 100, 1_000, 1_000]);
  assert.equal(batchSize(10, 4), 3, 'threads share');
  assert.equal(batchSize(1_000, 2), 500);
  assert.equal(batchSize(0, 2), 1);
});

test('a backlog goes to the threads in batches of 1,000, 100, 10 and 1, and every claim is answered once', () =>
  withPipeline({ threads: 1, queueMost: 5_000 }, async (pipeline) => {
    const verifier = pipeline.member();
    const genuine = await genuineClaim(4);
    const claims = falseClaims(3_219, genuine);
    claims[1_700] = genuine;
    const answers = await Promise.all(claims.map((claim) => ask(verifier, claim)));
    assert.deepEqual(
      answers.flatMap((answer, i) => (answer ? [i] : [])),
      [1_700],
    );
    const { verified, rejected, batchSizes } = verifier.figures;
    assert.deepEqual({ verified, rejected }, { verified: 1, rejected: 3_218 });
    for (const size of [1_000, 100, 10, 1]) assert.ok(batchSizes.has(size), `a batch of ${size}`);
    const handedOver = [...batchSizes].reduce((sum, [size, times]) => sum + size * times, 0);
    assert.equal(handedOver, 3_219);
  }));

test('a node that floods does not hold up another one', () =>
  withPipeline({ threads: 1 }, async (pipeline) => {
    const [flooding, calm] = [pipeline.member(), pipeline.member()];
    const claim = await genuineClaim(5);
    let answered = 0;
    const flood = falseClaims(400, claim).map(async (each) => {
      await ask(flooding, each);
      answered++;
    });
    assert.equal(await ask(calm, claim), true);
    assert.ok(answered < 400, `${answered} of the flood came first`);
    await Promise.all(flood);
  }));

test('nodes of one process do not share answers', () =>
  withPipeline({ threads: 2 }, async (pipeline) => {
    const nodes = [pipeline.member(), pipeline.member(), pipeline.member()];
    const claim = await genuineClaim(6);
    for (let time = 0; time < 2; time++)
      assert.deepEqual(await Promise.all(nodes.map((node) => ask(node, claim))), [true, true, true]);
    for (const { figures } of nodes) {
      const { verified, deduplicated, deduplicatedAcrossNodes } = figures;
      assert.deepEqual([verified, deduplicated, deduplicatedAcrossNodes], [1, 1, 0]);
    }
    assert.equal(pipeline.figures.verified, 3);
  }));

test('sharing answers between nodes has to be switched on, and is counted apart', () =>
  withPipeline({ dedupAcrossNodes: true }, async (pipeline) => {
    const nodes = [pipeline.member(), pipeline.member(), pipeline.member()];
    const claim = await genuineClaim(7);
    assert.deepEqual(await Promise.all(nodes.map((node) => ask(node, claim))), [true, true, true]);
    assert.equal(await ask(nodes[2]!, claim), true);
    const { verified, deduplicated, deduplicatedAcrossNodes } = pipeline.figures;
    assert.deepEqual([verified, deduplicated, deduplicatedAcrossNodes], [1, 3, 3]);
  }));

test('single claims are checked without a thread while the share of the main thread lasts, and remembered', async () => {
  let threads = 0;
  const counted = (): Worker => {
    threads++;
    return startThread();
  };
  const [claim, other] = [await genuineClaim(9), await genuineClaim(10)];
  const asked = [claim, { ...claim, signature: flipped(claim.signature, 9_000) }, claim];
  // Of all its time: there is no pause between checks. Of a billionth: the second check comes too soon for years.
  for (const [ownShare, expectedThreads] of [
    [1e9, 0],
    [1e-9, 1],
  ] as const) {
    threads = 0;
    await withPipeline({ ownShare, startThread: counted }, async (pipeline) => {
      const verifier = pipeline.member();
      const answers: boolean[] = [];
      for (const each of asked) answers.push(await ask(verifier, each));
      assert.deepEqual(answers, [true, false, true]);
      const { verified, rejected, deduplicated, queueDepth } = verifier.figures;
      assert.deepEqual(
        { verified, rejected, deduplicated, queueDepth },
        { verified: 1, rejected: 1, deduplicated: 1, queueDepth: 0 },
      );
    });
    assert.equal(threads, expectedThreads);
  }
  // Two at once go to a thread: the main thread has something else to do.
  threads = 0;
  await withPipeline({ ownShare: 1e9, startThread: counted }, async (pipeline) => {
    const verifier = pipeline.member();
    assert.deepEqual(await Promise.all([ask(verifier, claim), ask(verifier, other)]), [true, true]);
  });
  assert.equal(threads, 1);
});

test('a spare moment comes when the last check is no more than its share of the time', () => {
  let nowUs = 1_000;
  const spare = new SpareMoment(0.02, () => nowUs);
  assert.ok(spare.isNow());
  spare.took(100);
  nowUs += 4_999;
  assert.ok(!spare.isNow());
  nowUs += 1;
  assert.ok(spare.isNow());
  assert.ok(!new SpareMoment(0, () => nowUs).isNow());
});

test('closing answers what was taken and takes nothing more', async () => {
  const verifier = createVerifier({ threads: 2, queueMost: 32 });
  const claims = await Promise.all(Array.from({ length: 32 }, (_, i) => genuineClaim(i)));
  const answers = claims.map((claim) => ask(verifier, claim));
  const waiting = verifier.whenRoom();
  const ended = Promise.all([verifier.close(), verifier.close()]);
  await assert.rejects(waiting, isError('closed'));
  await assert.rejects(ask(verifier, claims[0]!), isError('closed'));
  await assert.rejects(verifier.whenRoom(), isError('closed'));
  assert.deepEqual(new Set(await Promise.all(answers)), new Set([true]));
  await ended;
  assert.equal(verifier.figures.queueDepth, 0);
});

test('a node that leaves lets the others go on', () =>
  withPipeline({}, async (pipeline) => {
    const [leaving, staying] = [pipeline.member(), pipeline.member()];
    const claim = await genuineClaim(8);
    const last = ask(leaving, claim);
    await leaving.close();
    assert.equal(await last, true);
    await assert.rejects(ask(leaving, claim), isError('closed'));
    assert.equal(await ask(staying, claim), true);
  }));

/** Worker threads that do something else with each batch. */
function planted(onBatch: string): Partial<PipelineOptions> {
  const source = `const { parentPort } = require('node:worker_threads');
    const claims = (batch) => { let count = 0;
      for (let at = 0; at < batch.length; count++) {
        const lengths = at + 3732;
        at = lengths + 5 + batch[lengths] + new DataView(batch.buffer, lengths + 1, 4).getUint32(0, true);
      }
      return count; };
    parentPort.on('message', (batch) => { if (batch === 'close') parentPort.close(); else { ${onBatch} } });`;
  return { threads: 1, ownShare: 0, startThread: () => new Worker(source, { eval: true }) };
}

test('a thread that ends by an error fails what it was given, and the pipeline says so', async () => {
  for (const [onBatch, message] of [
    ['throw new Error("planted")', /planted/],
    ['process.exit(3)', /code 3/],
  ] as const) {
    const verifier = createVerifier({ ...planted(onBatch), queueMost: 20 });
    const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => genuineClaim(i)));
    const answers = claims.map((claim) => ask(verifier, claim));
    const waiting = verifier.whenRoom();
    const ends = await Promise.allSettled([...answers, waiting]);
    for (const end of ends) {
      assert.ok(end.status === 'rejected' && isError('failed')(end.reason), end.status);
      assert.match(String(end.reason), message);
    }
    await assert.rejects(ask(verifier, claims[0]!), isError('failed'));
    await assert.rejects(verifier.whenRoom(), isError('failed'));
    await verifier.close();
  }
});

test('the law catches threads that say yes always', async () => {
  const yes = 'parentPort.postMessage({ verdicts: new Uint8Array(claims(batch)).fill(1), cpuUs: 0, batch })';
  const verifier = createVerifier(planted(yes));
  await assert.rejects(obeysTheLaw(verifier), assert.AssertionError);
  await verifier.close();
});

test('idle threads do not keep a process alive, and an answer that is due does', () => {
  const file = fileURLToPath(new URL('./verifier-law.ts', import.meta.url));
  const pipeline = fileURLToPath(
    new URL('../../../../node/host/verification/verification-pipeline.ts', import.meta.url),
  );
  const program = `import { genuineClaim, ask } from ${JSON.stringify(file)};
    import { createVerifier } from ${JSON.stringify(pipeline)};
    const verifier = createVerifier({ threads: 2, ownShare: 0 });
    ask(verifier, await genuineClaim(1)).then((answer) => console.log(answer));`;
  const run = spawnSync(process.execPath, ['-e', program], {
    encoding: 'utf8',
    timeout: 60_000,
    cwd: fileURLToPath(new URL('../../../../', import.meta.url)),
  });
  assert.equal(run.stdout.trim(), 'true', run.stderr);
  assert.equal(run.status, 0, run.stderr);
});
