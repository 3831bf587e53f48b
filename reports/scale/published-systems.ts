/**
 * What other systems have published about themselves, as words: their units and notions are their own.
 * Owns: the figures with their source. Does not own: comparing anything with them.
 */

export interface PublishedSystem {
  readonly system: string;
  readonly nodes: string;
  readonly tps: string;
  readonly finality: string;
  readonly source: string;
}

/** As the systems' own publications and the requirements of this product quote them. */
export const publishedSystems: readonly PublishedSystem[] = [
  {
    system: 'Avalanche (paper)',
    nodes: 'up to 2,000',
    tps: '3,400',
    finality: '1.35 s',
    source: 'arXiv 1906.08936',
  },
  { system: 'Avalanche', nodes: '2,000', tps: '4,500', finality: '< 2 s', source: 'SPEC 8' },
  { system: 'Tendermint', nodes: '-', tps: '10,000', finality: '1 to 3 s', source: 'SPEC 8' },
  { system: 'HotStuff', nodes: '100', tps: '~3,000', finality: '< 1 s', source: 'SPEC 8' },
];
