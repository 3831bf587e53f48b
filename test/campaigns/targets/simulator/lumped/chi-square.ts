// Pearson's chi-square of counts against a law, as a z value; cells that expect fewer than five are joined.

export function chiSquareZ(
  seen: ReadonlyMap<number, number>,
  total: number,
  pmf: (x: number) => number,
): number {
  let chi = 0;
  let freedom = -1;
  let expected = 0;
  let counted = 0;
  let covered = 0;
  const close = (): void => {
    if (expected === 0) {
      // What the law excludes must not have been seen.
      if (counted > 0) chi = Number.POSITIVE_INFINITY;
      return;
    }
    chi += (counted - expected) ** 2 / expected;
    freedom += 1;
    expected = 0;
    counted = 0;
  };
  const most = Math.max(...seen.keys(), 0);
  for (let x = 0; covered < 1 - 1e-12 || x <= most; x += 1) {
    const share = pmf(x);
    covered += share;
    expected += share * total;
    counted += seen.get(x) ?? 0;
    if (expected >= 5 && (1 - covered) * total >= 5) close();
    if (x > 10_000_000) break;
  }
  close();
  if (freedom <= 0) return Number.isFinite(chi) ? 0 : chi;
  // Wilson and Hilferty 1931: the cube root of chi-square / freedom is nearly normal.
  const ratio = (chi / freedom) ** (1 / 3);
  return (ratio - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
}
