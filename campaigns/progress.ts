/**
 * What people see while a campaign runs: a live picture on a terminal, one line per step elsewhere. Always on stderr.
 * Owns: the words and the time that is left. Does not own: the events (operator-event.ts) or the results (stdout).
 */
import type { CellName, ExpectedCell, OperatorEvent } from '#campaigns/operator-event.ts';

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const repaintMs = 200;
/** Outside of a terminal something is said at least this often while runs go on. */
const silentMostMs = 30_000;
const barWidth = 16;
/** From this share of the expected work on, the speed of this campaign says more than the plan. */
const leastShareSeen = 0.01;

const stepWords: Readonly<Record<string, string>> = {
  feasibility: 'checking what is arithmetically possible',
  forecast: 'forecasting the cost',
  approval: 'looking for approval and credentials',
  judge: 'judging against the criteria',
  report: 'writing the reports',
};

interface Running {
  readonly rowId: string;
  readonly repetition: number;
  readonly startedMs: number;
  share: number;
}

/** "4 min 10 s", "12 s"; empty when nothing can be said. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '';
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** "12.3 M", "870 k", "12". */
function formatCount(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} G`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  return value >= 1e3 ? `${Math.round(value / 1e3)} k` : String(Math.round(value));
}

function moreWords(count: number): string {
  return count === 1 ? '1 more repetition' : `${count} more repetitions`;
}

export class ProgressView {
  readonly #pace: number;
  readonly #stream: ProgressStream;
  readonly #nowMs: () => number;
  readonly #budgets = new Map<string, number>();
  /** Expected seconds of one core, by cell. */
  readonly #expected = new Map<string, number>();
  readonly #running = new Map<string, Running>();
  /** What takes its time by the clock, however fast the machine is. */
  readonly #clocked = new Set<string>();
  /** Seconds that such runs took which are over. */
  #clockedSeconds = 0;
  readonly #finished = new Set<string>();
  readonly #before = new Set<string>();
  #messages = 0;
  #workers = 1;
  #startedMs: number | null = null;
  #paintedLines = 0;
  #paintedMs = 0;
  #spokenMs = 0;
  #phase = '';

  /** `pace`: seconds that this machine takes for an expected second of simulating. */
  constructor(
    pace = 1,
    stream: ProgressStream = process.stderr,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#pace = pace;
    this.#stream = stream;
    this.#nowMs = nowMs;
  }

  show(event: OperatorEvent): void {
    switch (event.kind) {
      case 'campaign':
        this.#begin(event);
        return;
      case 'step-started':
        this.#line(`${stepWords[event.step] ?? event.step} ...`);
        return;
      case 'step-done':
        for (const note of event.notes) this.#line(`  ${note}`);
        return;
      case 'cell-started':
        this.#cellStarted(event);
        return;
      case 'cell-progress': {
        const running = this.#running.get(event.cell);
        if (running !== undefined) running.share = event.share;
        this.#paint(false);
        this.#breakSilence();
        return;
      }
      case 'cell-done':
        this.#cellDone(event);
        return;
      case 'cell-failed':
      case 'cell-abandoned':
        this.#running.delete(event.cell);
        this.#line(
          `${event.rowId} #${event.repetition + 1} ${event.kind === 'cell-failed' ? 'failed' : 'given up'}: ${event.reason.split('\n')[0] ?? ''}`,
        );
        return;
      case 'row-weighed':
        this.#expect(event.cells);
        if (event.cells.length > 0)
          this.#line(`${event.rowId}: ${moreWords(event.cells.length)}: ${event.why}`);
        return;
      case 'row-left-out':
        this.#forget(event.cells);
        this.#line(`${event.rowId} is left out: ${event.why}`);
        return;
      case 'deployment':
        this.#line(`${event.deployment}: ${event.text}`);
        return;
      case 'interrupted':
        this.#line(
          event.times === 1
            ? 'interrupted: stopping safely; once more leaves at once'
            : 'interrupted again: leaving at once',
        );
        return;
      case 'closed':
        this.#clear();
        return;
    }
  }

  /** Removes the live picture; call before anything else is written to the terminal. */
  end(): void {
    this.#clear();
  }

  #begin(event: Extract<OperatorEvent, { kind: 'campaign' }>): void {
    this.#phase = event.phase;
    this.#workers = event.workers;
    this.#expect(event.cells);
    for (const { cell } of event.cells.filter(({ done }) => done)) {
      this.#finished.add(cell);
      this.#before.add(cell);
    }
    const left = event.cells.length - this.#before.size;
    const verb = event.resumed ? 'resumed' : 'started';
    const done = this.#before.size > 0 ? `, ${this.#before.size} done before` : '';
    const seconds = this.#secondsLeft();
    const time = formatSeconds(seconds);
    const expected = left === 0 || time === '' ? '' : `, about ${time} when nothing else runs`;
    const withinSeconds = (event.withinUs ?? Number.POSITIVE_INFINITY) / 1_000_000;
    const leftOut =
      seconds > withinSeconds && this.#clocked.size > 0
        ? `: more than its ${formatSeconds(withinSeconds)}, so measured rows that no longer fit are left out`
        : '';
    this.#line(
      `${event.phase} ${verb} in ${event.folder}: ${left} runs on ${event.workers} cores${done}${expected}${leftOut}`,
    );
  }

  #expect(cells: readonly ExpectedCell[]): void {
    for (const { cell, target, messageBudget, coreSeconds } of cells) {
      const seconds = coreSeconds * (target === 'simulator' ? this.#pace : 1);
      this.#budgets.set(cell, Math.max(1, messageBudget));
      this.#expected.set(cell, Math.max(1e-3, seconds));
      if (target !== 'simulator') this.#clocked.add(cell);
    }
  }

  #forget(cells: readonly CellName[]): void {
    for (const { cell } of cells) {
      this.#budgets.delete(cell);
      this.#expected.delete(cell);
    }
  }

  #cellStarted({ cell, rowId, repetition }: CellName): void {
    const startedMs = this.#nowMs();
    this.#startedMs ??= startedMs;
    this.#running.set(cell, { rowId, repetition, startedMs, share: 0 });
    this.#paint(false);
  }

  #cellDone(event: Extract<OperatorEvent, { kind: 'cell-done' }>): void {
    const running = this.#running.get(event.cell);
    this.#running.delete(event.cell);
    this.#finished.add(event.cell);
    if (!event.adopted) this.#messages += event.messages;
    const seconds = running === undefined ? 0 : (this.#nowMs() - running.startedMs) / 1_000;
    if (this.#clocked.has(event.cell)) this.#clockedSeconds += seconds;
    const rate = seconds > 0 ? `${formatCount(event.messages / seconds)} messages/s` : 'found whole on disk';
    const reason = event.reason === '' ? '' : ` (${event.reason.slice(0, 100)})`;
    const head = `[${this.#finished.size}/${this.#budgets.size}] ${event.rowId} #${event.repetition + 1}`;
    this.#line(`${head} ${event.status}${reason}  ${seconds.toFixed(1)} s  ${rate}  ${this.#moneyAndTime()}`);
  }

  /** Shares are weighed by what a run is expected to cost. */
  #weights(counts: (cell: string) => boolean = () => true): {
    readonly done: number;
    readonly doneNow: number;
    readonly all: number;
  } {
    let all = 0;
    let done = 0;
    let before = 0;
    for (const [cell, seconds] of this.#expected) {
      if (!counts(cell)) continue;
      all += seconds;
      if (this.#finished.has(cell)) {
        done += seconds;
        if (this.#before.has(cell)) before += seconds;
      } else done += seconds * (this.#running.get(cell)?.share ?? 0);
    }
    return { done, doneNow: done - before, all };
  }

  /** What is simulated: as fast as it went so far, the estimate of the plan until something is done. What runs by the clock takes its time. */
  #secondsLeft(): number {
    const clocked = this.#weights((cell) => this.#clocked.has(cell));
    const { done, doneNow, all } = this.#weights((cell) => !this.#clocked.has(cell));
    const clockedLeft = (clocked.all - clocked.done) / this.#workers;
    const left = all - done;
    if (this.#startedMs === null || doneNow < leastShareSeen * all) return clockedLeft + left / this.#workers;
    const seconds = (this.#nowMs() - this.#startedMs) / 1_000 - this.#clockedNow();
    return clockedLeft + (seconds / doneNow) * left;
  }

  /** What has gone by while such runs took their time. */
  #clockedNow(): number {
    return [...this.#running].reduce(
      (sum, [cell, { startedMs }]) =>
        this.#clocked.has(cell) ? sum + (this.#nowMs() - startedMs) / 1_000 : sum,
      this.#clockedSeconds,
    );
  }

  #moneyAndTime(): string {
    const left = formatSeconds(this.#secondsLeft());
    return `$0.00 spent${left === '' ? '' : `, about ${left} left`}`;
  }

  /** One line about all runs that go on. */
  #breakSilence(): void {
    if (this.#stream.isTTY === true || this.#running.size === 0) return;
    if (this.#nowMs() - this.#spokenMs < silentMostMs) return;
    const runs = [...this.#running].map(([cell, run]) => this.#runWords(cell, run).join(' '));
    this.#line(`  running: ${runs.join('; ')}; ${this.#moneyAndTime()}`);
  }

  /** Which run, how far it is, and how long it still takes at its own speed, or as planned while little of it is done. */
  #runWords(cell: string, { rowId, repetition, startedMs, share }: Running): string[] {
    const seconds =
      share < leastShareSeen
        ? (1 - share) * (this.#expected.get(cell) ?? Number.NaN)
        : (((this.#nowMs() - startedMs) / 1_000) * (1 - share)) / share;
    const left = formatSeconds(seconds);
    const name = `${rowId} #${repetition + 1}`;
    return [name, `${Math.floor(share * 100)} %`, ...(left === '' ? [] : [`about ${left} left`])];
  }

  #line(text: string): void {
    this.#spokenMs = this.#nowMs();
    this.#clear();
    this.#stream.write(`${text}\n`);
    this.#paint(true);
  }

  #clear(): void {
    if (this.#paintedLines === 0) return;
    this.#stream.write(`\u001b[${this.#paintedLines}A\u001b[0J`);
    this.#paintedLines = 0;
  }

  #paint(force: boolean): void {
    if (this.#stream.isTTY !== true || this.#running.size === 0) return;
    const nowMs = this.#nowMs();
    if (!force && nowMs - this.#paintedMs < repaintMs) return;
    this.#paintedMs = nowMs;
    const { done, all } = this.#weights();
    const share = all === 0 ? 0 : done / all;
    const filled = Math.round(share * barWidth);
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`;
    const elapsed = this.#startedMs === null ? 0 : (nowMs - this.#startedMs) / 1_000;
    const inFlight = [...this.#running].reduce(
      (sum, [cell, run]) => sum + run.share * (this.#budgets.get(cell) ?? 0),
      0,
    );
    const rate = elapsed > 0 ? `${formatCount((this.#messages + inFlight) / elapsed)} messages/s` : '';
    const head = `${this.#phase} ${bar} ${this.#finished.size}/${this.#budgets.size}  ${rate}  ${this.#moneyAndTime()}`;
    const cells = [...this.#running].map(([cell, run]) => `  ${this.#runWords(cell, run).join('  ')}`);
    const width = Math.max(40, (this.#stream.columns || 80) - 1);
    const lines = [head, ...cells].map((line) => line.slice(0, width));
    this.#clear();
    this.#stream.write(`${lines.join('\n')}\n`);
    this.#paintedLines = lines.length;
  }
}
