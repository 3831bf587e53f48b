/**
 * The Snowball arithmetic of one vertex: confidence as an exponentially weighted mean of chits.
 * Owns: the weight and the value that beta successes from zero reach. Does not own: counters (standing.ts), polls.
 * Invariant: the recurrence is monotone in single precision, so beta consecutive successes reach `target` from any start.
 */

/** Weight w = 1 - (1 - threshold)^(1/beta), found by bisection: powers are not exactly specified across engines. */
export function confidenceWeight(threshold: number, beta: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (power(1 - middle, beta) > 1 - threshold) low = middle;
    else high = middle;
  }
  return high;
}

/** Confidence after a chit, rounded to single precision as it is stored. */
export function nextConfidence(confidence: number, weight: number, chit: 0 | 1): number {
  return Math.fround(confidence * (1 - weight) + (chit === 1 ? weight : 0));
}

/** What beta successes from zero reach; the comparison value of the finalisation rule. */
export function confidenceTarget(threshold: number, beta: number): number {
  const weight = confidenceWeight(threshold, beta);
  let confidence = 0;
  for (let i = 0; i < beta; i++) confidence = nextConfidence(confidence, weight, 1);
  return confidence;
}

function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest >>>= 1) {
    if ((rest & 1) === 1) result *= square;
    square *= square;
  }
  return result;
}
