/**
 * One text for one value: JSON with sorted keys, so that hashes do not depend on the order in which a record was built.
 * Owns: the text. Does not own: its hash (budgets/sha256.ts), what is hashed (plan.ts, journal.ts).
 */

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new RangeError(`${value} has no JSON form`);
    return value;
  }
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  // By code unit: the order must not depend on the machine's locale.
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

/** JSON without white space and with sorted keys. Throws RangeError for NaN and infinities. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}
