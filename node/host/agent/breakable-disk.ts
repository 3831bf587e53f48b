/**
 * A disk that fails when a fault says so: between the store and its database.
 * Owns: refusing writes as a broken or a full disk would, and counting them. Does not own: what the store makes of it, or when.
 *
 * Only writes fail: what is on the disk can still be read, as on most disks that are full or dying.
 */
import type { Engine } from '#node/host/store/engine.ts';

export type DiskState = 'sound' | 'failing' | 'full';

class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: 'EIO' | 'ENOSPC';

  constructor(state: 'failing' | 'full') {
    super(state === 'full' ? 'no space left on the disk (injected)' : 'the disk failed (injected)');
    this.code = state === 'full' ? 'ENOSPC' : 'EIO';
  }
}

/** One per node, whatever is opened on it. */
export class BreakableDisk {
  state: DiskState = 'sound';
  refusedWrites = 0;

  /** For the option `around` of a store. */
  readonly around = (engine: Engine): Engine => {
    const guarded = <Result>(act: () => Promise<Result>): Promise<Result> => {
      if (this.state === 'sound') return act();
      this.refusedWrites += 1;
      return Promise.reject(new DiskError(this.state));
    };
    return {
      get: (key) => engine.get(key),
      range: (from, until) => engine.range(from, until),
      write: (batch) => guarded(() => engine.write(batch)),
      flush: () => guarded(() => engine.flush()),
      settle: () => guarded(() => engine.settle()),
      compact: () => guarded(() => engine.compact()),
      close: () => engine.close(),
    };
  };
}
