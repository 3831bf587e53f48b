/**
 * What is known of the cells of a campaign beside their specifications: names for people, where they run, what they will take.
 * Owns: that book. Does not own: which cells there are (plan.ts, extra-repetitions.ts) or their states (journal-event.ts).
 */
import type { CellName, ExpectedCell } from '#campaigns/operator-event.ts';
import type { OperatorServices } from '#campaigns/operator-services.ts';
import { type PlannedCell, type PlannedRow, type RunTarget, targetOf } from '#campaigns/plan-record.ts';

export class CellBook {
  readonly #secondsOf: OperatorServices['secondsOf'];
  readonly #workers: number;
  readonly #names = new Map<string, CellName>();
  readonly #targets = new Map<string, RunTarget>();

  constructor(secondsOf: OperatorServices['secondsOf'], workers: number) {
    this.#secondsOf = secondsOf;
    this.#workers = workers;
  }

  remember(row: PlannedRow, cells: readonly PlannedCell[]): void {
    for (const { id: cell, spec } of cells) {
      this.#names.set(cell, { cell, rowId: row.rowId, repetition: spec.repetition });
      this.#targets.set(cell, targetOf(row));
    }
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

  /** What is measured runs alone: its seconds are those of every core. */
  coreSecondsOf(cell: PlannedCell): number {
    const target = this.targetOf(cell.id);
    return this.#secondsOf(cell, target) * (target === 'simulator' ? 1 : this.#workers);
  }

  sumSeconds(cells: readonly PlannedCell[]): number {
    return cells.reduce((sum, cell) => sum + this.coreSecondsOf(cell), 0);
  }

  expected(cell: PlannedCell): ExpectedCell {
    const { messageBudget } = cell.spec;
    return { ...this.nameOf(cell), messageBudget, coreSeconds: this.coreSecondsOf(cell) };
  }
}
