/**
 * What is known of the cells of a campaign beside their specifications: names for people, where they run, what they will take.
 * Owns: that book. Does not own: which cells there are (plan.ts, extra-repetitions.ts) or their states (journal-event.ts).
 */
import type { CellState } from '#campaigns/journal-event.ts';
import type { CellName, ExpectedCell } from '#campaigns/operator-event.ts';
import type { OperatorServices } from '#campaigns/operator-services.ts';
import { type PlannedCell, type PlannedRow, type RunTarget, targetOf } from '#campaigns/plan-record.ts';
import { TwinBook } from '#campaigns/same-simulation.ts';

export class CellBook {
  readonly #secondsOf: OperatorServices['secondsOf'];
  readonly #workers: number;
  readonly #names = new Map<string, CellName>();
  readonly #targets = new Map<string, RunTarget>();
  readonly #twins = new TwinBook();

  constructor(secondsOf: OperatorServices['secondsOf'], workers: number) {
    this.#secondsOf = secondsOf;
    this.#workers = workers;
  }

  remember(row: PlannedRow, cells: readonly PlannedCell[]): void {
    for (const { id: cell, spec } of cells) {
      this.#names.set(cell, { cell, rowId: row.rowId, repetition: spec.repetition });
      this.#targets.set(cell, targetOf(row));
    }
    this.#twins.add(row, cells);
  }

  nameOf({ id }: PlannedCell): CellName {
    return this.#names.get(id) ?? { cell: id, rowId: id, repetition: 0 };
  }

  rowOf(cell: string): string {
    return this.#names.get(cell)?.rowId ?? '';
  }

  targetOf(cell: string): RunTarget {
    return this.#targets.get(cell) ?? 'simulator';
  }

  /** A run that is taken over takes none. */
  coreSecondsOf(cell: PlannedCell): number {
    return this.#twins.twins.has(cell.id) ? 0 : this.runSecondsOf(cell);
  }

  /** Whether it is taken over or not. What is measured runs alone: its seconds are those of every core. */
  runSecondsOf(cell: PlannedCell): number {
    const target = this.targetOf(cell.id);
    return this.#secondsOf(cell, target) * (target === 'simulator' ? 1 : this.#workers);
  }

  /** What simulating takes: what is done, and what is not. */
  simulatedSeconds(
    cells: readonly PlannedCell[],
    states: ReadonlyMap<string, CellState>,
  ): { readonly doneSeconds: number; readonly aheadSeconds: number } {
    const sums = { doneSeconds: 0, aheadSeconds: 0 };
    for (const cell of cells) {
      if (this.targetOf(cell.id) !== 'simulator') continue;
      sums[states.get(cell.id) === 'done' ? 'doneSeconds' : 'aheadSeconds'] += this.coreSecondsOf(cell);
    }
    return sums;
  }

  /** What measuring takes, one after the other, by the clock. */
  measuredSeconds(cells: readonly PlannedCell[]): number {
    const measured = cells.filter(({ id }) => this.targetOf(id) !== 'simulator');
    return measured.reduce((sum, cell) => sum + this.#secondsOf(cell, this.targetOf(cell.id)), 0);
  }

  expected(cell: PlannedCell): ExpectedCell {
    const { messageBudget } = cell.spec;
    const target = this.targetOf(cell.id);
    return { ...this.nameOf(cell), target, messageBudget, coreSeconds: this.coreSecondsOf(cell) };
  }
}
