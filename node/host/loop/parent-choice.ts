/**
 * Which vertices a new one builds on.
 * Owns: the shape of the DAG that the workload asks for, slots turned into ids. Does not own: which vertices are eligible (core).
 */
import { below, mix, purpose, streamKey } from '#node/core/random.ts';
import { maximumParents } from '#node/core/vertex-table.ts';
import type { HostOptions } from '#node/host/host-parts.ts';
import type { CoreDriver } from './core-driver.ts';
import type { VertexDesk } from './vertex-desk.ts';
import type { VertexLedger } from './vertex-ledger.ts';

/** Tips that a wide DAG keeps open. */
const wideTips = 10;

export class ParentChoice {
  readonly #options: HostOptions;
  readonly #driver: CoreDriver;
  readonly #ledger: VertexLedger;
  readonly #desk: VertexDesk;
  readonly #genesis: Uint8Array;
  #draws = 0;

  constructor(
    options: HostOptions,
    driver: CoreDriver,
    ledger: VertexLedger,
    desk: VertexDesk,
    genesis: Uint8Array,
  ) {
    this.#options = options;
    this.#driver = driver;
    this.#ledger = ledger;
    this.#desk = desk;
    this.#genesis = genesis;
  }

  /** 1 to 8 ids, ascending, none twice. */
  next(): Uint8Array[] {
    const ids = this.#slots().map((slot) =>
      slot >= 0 ? this.#ledger.at(slot).id : (this.#desk.lastFinalised ?? this.#genesis),
    );
    return ids.sort((a, b) => Buffer.compare(a, b));
  }

  #slots(): number[] {
    const { parents, seed, number } = this.#options;
    const draw = mix(streamKey(seed, number, purpose.shape, 0), number, this.#draws++);
    switch (parents.kind) {
      case 'count':
        return this.#driver.parentsFor(parents.least + below(draw, parents.most - parents.least + 1));
      case 'chain':
        return this.#driver.parentsFor(1);
      case 'random':
        return this.#driver.parentsFor(1 + below(draw, maximumParents));
      case 'wide': {
        // With too few tips the vertex starts a new branch from the finalised past.
        const tips = this.#driver.parentsFor(2 * maximumParents);
        return tips.length > wideTips ? tips.slice(-1) : [-1];
      }
    }
  }
}
