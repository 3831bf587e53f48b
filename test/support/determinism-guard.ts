/**
 * Replaces every source of chance and time by a stub that throws, while the tests of a pure folder run.
 * Owns: the list of forbidden sources and their restoration. Does not own: the rule on the text of the files (tidy.test.ts).
 */
import { after, before } from 'node:test';

type Throwing = () => never;

/** [owner, name]: what no pure code may call. */
const forbidden: ReadonlyArray<readonly [owner: object, name: string]> = [
  [Math, 'random'],
  [Date, 'now'],
  [performance, 'now'],
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis, 'setImmediate'],
  [globalThis, 'queueMicrotask'],
  [crypto, 'getRandomValues'],
  [crypto, 'randomUUID'],
];

export class NotDeterministic extends Error {
  readonly source: string;

  constructor(source: string) {
    super(`${source} was called by code that must be deterministic`);
    this.name = 'NotDeterministic';
    this.source = source;
  }
}

/** Installs the stubs; returns what puts the originals back. */
export function forbidChanceAndTime(): () => void {
  const saved = forbidden.map(([owner, name]) => {
    const own = Object.getOwnPropertyDescriptor(owner, name);
    const stub: Throwing = () => {
      throw new NotDeterministic(name);
    };
    Object.defineProperty(owner, name, { value: stub, configurable: true, writable: true });
    return { owner, name, own };
  });
  return () => {
    for (const { owner, name, own } of saved) {
      if (own === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, own);
    }
  };
}

/** Guards every test of the file that calls it. */
export function guardDeterminism(): void {
  let restore = (): void => {};
  before(() => {
    restore = forbidChanceAndTime();
  });
  after(() => restore());
}
