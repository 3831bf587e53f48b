/**
 * What people see while a campaign runs: lines in a log, a repainted block on a terminal, the time that is left.
 * Method: a recording stream and a clock that the test moves.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperatorEvent } from '#campaigns/operator-event.ts';
import { formatSeconds, ProgressView } from '#campaigns/progress.ts';

const cells = ['a', 'b'].map((cell, repetition) => ({
  cell,
  rowId: 'LT-001',
  repetition,
  messageBudget: 1_000_000,
  target: 'simulator' as const,
  coreSeconds: 90,
  done: false,
}));
const begin: OperatorEvent = {
  kind: 'campaign',
  folder: 'runs/c',
  phase: 'phase1',
  target: 'simulator',
  resumed: false,
  cells,
  workers: 2,
};
const started = (index: number): OperatorEvent => ({ kind: 'cell-started', ...cells[index]! });
const done = (index: number): OperatorEvent => ({
  kind: 'cell-done',
  ...cells[index]!,
  status: 'PASSED',
  reason: '',
  messages: 4_000_000,
  adopted: false,
});

function view(
  isTTY: boolean,
  pace = 1,
): { view: ProgressView; text: () => string; advance: (ms: number) => void } {
  let text = '';
  let nowMs = 0;
  const stream = { isTTY, columns: 100, write: (part: string) => (text += part) };
  return {
    view: new ProgressView(pace, stream, () => nowMs),
    text: () => text,
    advance: (ms) => (nowMs += ms),
  };
}

test('outside of a terminal every step is one line without control characters', () => {
  const { view: progress, text, advance } = view(false);
  progress.show(begin);
  progress.show({ kind: 'step-started', step: 'feasibility' });
  progress.show(started(0));
  advance(2_000);
  progress.show({ kind: 'cell-progress', ...cells[0]!, share: 0.5 });
  progress.show(done(0));
  progress.end();
  const lines = text().trimEnd().split('\n');
  assert.equal(lines.length, 3);
  assert.ok(!text().includes('\u001b'));
  assert.match(
    lines[2]!,
    /^\[1\/2\] LT-001 #1 PASSED {2}2\.0 s {2}2\.0 M messages\/s {2}\$0\.00 spent, about 2 s left$/,
  );
});

test('on a terminal a block shows runs, rate, money and time, and is gone at the end', () => {
  const { view: progress, text, advance } = view(true);
  progress.show(begin);
  progress.show(started(0));
  advance(1_000);
  progress.show({ kind: 'cell-progress', ...cells[0]!, share: 0.5 });
  const painted = text();
  assert.match(painted, /0\/2 {2}500 k messages\/s {2}\$0\.00 spent, about 3 s left/);
  assert.match(painted, /LT-001 #1 {2}50 % {2}about 1 s left\n/);
  progress.end();
  assert.ok(text().endsWith('\u001b[0J'));
});

test('before anything is done the time of the plan is shown, then the speed of the campaign', () => {
  const { view: progress, text, advance } = view(true);
  progress.show(begin);
  assert.match(text(), /2 runs on 2 cores, about 1 min 30 s when nothing else runs/);
  progress.show(started(0));
  advance(1_000);
  progress.show({ kind: 'cell-progress', ...cells[0]!, share: 0.01 });
  assert.match(text(), /about 1 min 30 s left/);
  advance(1_000);
  progress.show({ kind: 'cell-progress', ...cells[0]!, share: 0.02 });
  assert.match(text(), /about 3 min 18 s left/);
});

test('time of the plan is told at the pace of this machine for what is simulated, and as it is for what is measured', () => {
  const { view: progress, text } = view(true, 1 / 3);
  const [first, second] = begin.kind === 'campaign' ? begin.cells : [];
  progress.show({ ...begin, cells: [first!, { ...second!, target: 'processes' }] } as OperatorEvent);
  assert.match(text(), /about 1 min 0 s when nothing else runs/);
});

test('where measured rows may not fit into the time of the phase, that is said when it begins', () => {
  const said = (withinSeconds: number, target: 'processes' | 'simulator'): string => {
    const { view: progress, text } = view(false);
    const all = cells.map((cell) => ({ ...cell, target }));
    progress.show({ ...begin, cells: all, withinUs: withinSeconds * 1_000_000 } as OperatorEvent);
    return text();
  };
  assert.match(said(60, 'processes'), /about 1 min 30 s .*: more than its 1 min 0 s, so measured rows/);
  assert.doesNotMatch(said(100, 'processes'), /more than/);
  assert.doesNotMatch(said(60, 'simulator'), /more than/);
});

test('what runs by the clock takes its time, however fast or slow what was simulated went', () => {
  const clocked = {
    ...cells[1]!,
    cell: 'm',
    rowId: 'OV-001',
    target: 'processes' as const,
    coreSeconds: 120,
  };
  const { view: progress, text, advance } = view(false);
  const leftNow = (): string => text().trimEnd().split('about ').at(-1)!;
  progress.show({ ...begin, cells: [cells[0]!, clocked] });
  progress.show(started(0));
  advance(10_000);
  progress.show(done(0));
  assert.equal(leftNow(), '1 min 0 s left');
  progress.show({ kind: 'cell-started', ...clocked });
  advance(30_000);
  progress.show({ kind: 'cell-progress', ...clocked, share: 0.25 });
  assert.equal(leftNow(), '45 s left');
  progress.show({ kind: 'row-weighed', rowId: 'LT-001', cells: [cells[1]!], why: 'open' });
  progress.show({ kind: 'step-done', step: 'feasibility', notes: [] });
  advance(30_000);
  progress.show({ kind: 'cell-progress', ...clocked, share: 0.5 });
  assert.equal(leftNow(), '40 s left');
});

test('a row that is left out is said and no longer waited for', () => {
  const { view: progress, text, advance } = view(true);
  progress.show(begin);
  progress.show({ kind: 'row-left-out', rowId: 'LT-001', cells: [cells[1]!], why: 'no time' });
  advance(1_000);
  progress.show(started(0));
  assert.match(text(), /LT-001 is left out: no time\n/);
  assert.match(text(), /0\/1 /);
});

test('a long run says how far it is and how long it still takes, at its own speed once that is seen', () => {
  const { view: progress, text, advance } = view(true);
  progress.show(begin);
  progress.show(started(0));
  for (const [seconds, share] of [
    [10, 0.005],
    [20, 0.04],
    [30, 0.1],
  ] as const) {
    advance(seconds * 1_000);
    progress.show({ kind: 'cell-progress', ...cells[0]!, share });
  }
  const seen = [...text().matchAll(/LT-001 #1 {2}(\d+ %) {2}about (.+) left/g)].map(([, ...words]) => words);
  assert.deepEqual(seen.slice(-3), [
    ['0 %', '1 min 30 s'],
    ['4 %', '12 min 0 s'],
    ['10 %', '9 min 0 s'],
  ]);
});

test('outside of a terminal a silence of half a minute is broken by one line about all that runs', () => {
  const { view: progress, text, advance } = view(false);
  progress.show(begin);
  progress.show(started(0));
  progress.show(started(1));
  const told = (): string[] => text().trimEnd().split('\n').slice(1);
  const report = (index: number, seconds: number, share: number): void => {
    advance(seconds * 1_000);
    progress.show({ kind: 'cell-progress', ...cells[index]!, share });
  };
  report(0, 29, 0.4);
  assert.deepEqual(told(), []);
  report(1, 1, 0.5);
  const first = '  running: LT-001 #1 40 % about 45 s left; LT-001 #2 50 % about 30 s left; ';
  assert.deepEqual(told(), [`${first}$0.00 spent, about 37 s left`]);
  report(0, 20, 0.6);
  progress.show(done(1));
  report(0, 20, 0.7);
  assert.equal(told().length, 2);
  report(0, 10, 0.8);
  assert.match(told()[2] ?? '', /^ {2}running: LT-001 #1 80 % about 20 s left; /);
  assert.ok(!text().includes('\u001b'));
});

test('the block is repainted at most five times a second', () => {
  const { view: progress, text, advance } = view(true);
  progress.show(begin);
  progress.show(started(0));
  const before = text().length;
  for (let step = 0; step < 19; step += 1) {
    advance(10);
    progress.show({ kind: 'cell-progress', ...cells[0]!, share: step / 20 });
  }
  assert.equal(text().length, before);
});

test('runs that were done before the resumption do not count as speed', () => {
  const { view: progress, text, advance } = view(false);
  progress.show({ ...begin, resumed: true, cells: [{ ...cells[0]!, done: true }, cells[1]!] });
  progress.show(started(1));
  advance(3_000);
  progress.show(done(1));
  assert.match(text(), /resumed in runs\/c: 1 runs on 2 cores, 1 done before/);
  assert.match(text(), /\[2\/2\].*about 0 s left/);
});

test('times are said in the unit that people use', () => {
  assert.deepEqual([0.2, 59.5, 61, 7_260].map(formatSeconds), ['1 s', '1 min 0 s', '1 min 1 s', '2 h 1 min']);
  assert.equal(formatSeconds(Number.POSITIVE_INFINITY), '');
});

test('further repetitions are announced with their reason, and the time that is left grows by them', () => {
  const { view: progress, text } = view(false);
  progress.show(begin);
  progress.show(started(0));
  progress.show(done(0));
  const further = ['c', 'd'].map((cell, index) => ({ ...cells[0]!, cell, repetition: 2 + index }));
  const why = 'latency.p95: 480 to 530 straddles 500 ms';
  progress.show({ kind: 'row-weighed', rowId: 'LT-001', cells: further, why });
  progress.show({ kind: 'row-weighed', rowId: 'LT-002', cells: [], why: 'tight' });
  progress.show(started(1));
  progress.show(done(1));
  progress.end();
  const lines = text().trimEnd().split('\n');
  assert.equal(lines[2], `LT-001: 2 more repetitions: ${why}`);
  assert.match(lines[3] ?? '', /^\[2\/4\] /);
});
