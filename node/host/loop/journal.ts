/**
 * What must be on disk before anything that depends on it leaves the node, and the frames that wait for it.
 * Owns: the order of records and frames, group commit (one write in flight, everything newer goes with the next), the end of all
 * sending once the disk has failed. Does not own: the form of the records (archive), what a frame says.
 * Invariant: a frame leaves after every record that was noted before it was handed in.
 */
import type { DecisionRecord, VertexRecord } from '#node/host/store/archive-records.ts';

/** The part of the archive that the journal writes to. */
export interface JournalDisk {
  /** One atomic batch. Resolves when no crash of this process can lose it; rejects with a StoreError. */
  commit(vertices: readonly VertexRecord[], decisions: readonly DecisionRecord[]): Promise<void>;
}

interface Waiting {
  /** Records noted before. */
  readonly after: number;
  readonly act: () => void;
}

export class Journal {
  commits = 0;
  /** Why nothing is written any more. */
  failure: Error | null = null;
  readonly #disk: JournalDisk;
  readonly #touch: () => void;
  #vertices: VertexRecord[] = [];
  #decisions: DecisionRecord[] = [];
  #noted = 0;
  #durable = 0;
  #isWriting = false;
  #write: Promise<void> = Promise.resolve();
  #isClosed = false;
  #waiting: Waiting[] = [];
  #next = 0;

  /** `touch` asks for a turn of the loop: something became durable. */
  constructor(disk: JournalDisk, touch: () => void) {
    this.#disk = disk;
    this.#touch = touch;
  }

  vertex(record: VertexRecord): void {
    this.#vertices.push(record);
    this.#noted += 1;
  }

  decision(record: DecisionRecord): void {
    this.#decisions.push(record);
    this.#noted += 1;
  }

  /** Runs `act` in a later `flush`, when everything noted so far is durable; never when the disk fails before. */
  afterwards(act: () => void): void {
    this.#waiting.push({ after: this.#noted, act });
  }

  /** Something may run, or be written, at once. */
  get isReady(): boolean {
    if (this.failure !== null || this.#isClosed) return false;
    const first = this.#waiting[this.#next];
    const mayWrite = !this.#isWriting && this.#vertices.length + this.#decisions.length > 0;
    return mayWrite || (first !== undefined && first.after <= this.#durable);
  }

  /** No record is written and nothing that waits runs any more. */
  fail(error: Error): void {
    this.failure ??= error;
    this.#waiting = [];
    this.#next = 0;
  }

  /** Writes what was noted, unless a write is in flight: then it goes with the next one. */
  commit(): void {
    if (this.#isWriting || this.failure !== null || this.#isClosed) return;
    if (this.#vertices.length + this.#decisions.length === 0) return;
    const vertices = this.#vertices;
    const decisions = this.#decisions;
    const upTo = this.#noted;
    this.#vertices = [];
    this.#decisions = [];
    this.#isWriting = true;
    this.commits += 1;
    this.#write = this.#disk.commit(vertices, decisions).then(
      () => {
        this.#isWriting = false;
        if (this.#isClosed) return;
        this.#durable = upTo;
        this.#touch();
      },
      (error: unknown) => {
        this.#isWriting = false;
        if (this.#isClosed) return;
        this.fail(error instanceof Error ? error : new Error(String(error)));
        this.#touch();
      },
    );
  }

  /** Resolves when everything noted is durable, or the disk has failed. What waited has run. */
  async drained(): Promise<void> {
    while (!this.#isClosed && this.failure === null && (this.#isWriting || this.#noted > this.#durable)) {
      this.commit();
      await this.#write;
      this.flush();
    }
  }

  /** Runs what waited for records that are durable now. */
  flush(): void {
    if (this.failure !== null || this.#isClosed) return;
    for (;;) {
      const first = this.#waiting[this.#next];
      if (first === undefined || first.after > this.#durable) break;
      this.#next += 1;
      first.act();
    }
    if (this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    } else if (this.#next > 4_096) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
  }

  /** Nothing is written, sent or told any more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }
}
