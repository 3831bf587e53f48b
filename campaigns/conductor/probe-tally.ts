/**
 * What probes between nodes saw of the network, beside what was ordered: the proof that the conditions of a run were there.
 * Owns: adding probes up over the window and the judgement "not observed". Does not own: applying conditions (node) or verdicts.
 *
 * An ordered delay is a floor: a busy machine only adds to it. So too little delay is a run without its network, which answers
 * nothing; too much is a note, because it says the machine was slow.
 */
import type { ProbeFigure } from '#node/agent-push.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';

interface Stamped {
  readonly atUs: number;
  readonly figures: readonly ProbeFigure[];
}

/** Sums over the probes of a stretch of time; cut links count apart. */
export interface ProbeSum {
  readonly sent: number;
  readonly answered: number;
  readonly cutSent: number;
  readonly cutAnswered: number;
  readonly pairs: number;
  /** Mean over answered probes; null without one. */
  readonly roundTripUs: number | null;
  readonly leastUs: number | null;
  readonly mostUs: number | null;
  /** Mean of the round trips and losses that were ordered, weighted like the observed ones. */
  readonly orderedRoundTripUs: number;
  readonly orderedLoss: number;
}

/** Fewer answers than this prove nothing about a network. */
const answersLeast = 20;
/** The mean of uniform draws over many probes: this much below what was ordered is another network. */
const delayShareLeast = 0.85;
/** A loss is looked for when at least this many probes should have been lost; then at least a third of them must be. */
const expectedLossesLeast = 12;
const lossShareLeast = 1 / 3;

export class ProbeTally {
  readonly #batches: Stamped[] = [];

  add(atUs: number, figures: readonly ProbeFigure[]): void {
    this.#batches.push({ atUs, figures });
  }

  sum(fromUs: number, untilUs: number): ProbeSum {
    let [sent, answered, cutSent, cutAnswered, total, ordered, lossWeight] = [0, 0, 0, 0, 0, 0, 0];
    let leastUs = Number.POSITIVE_INFINITY;
    let mostUs = 0;
    const pairs = new Set<string>();
    for (const { atUs, figures } of this.#batches) {
      if (atUs < fromUs || atUs > untilUs) continue;
      for (const figure of figures) {
        if (figure.isCut) {
          cutSent += figure.sent;
          cutAnswered += figure.answered;
          continue;
        }
        pairs.add(`${figure.node}-${figure.peer}`);
        sent += figure.sent;
        answered += figure.answered;
        lossWeight += figure.orderedLoss * figure.sent;
        if (figure.roundTripUs === null) continue;
        total += figure.roundTripUs.mean * figure.answered;
        ordered += (figure.orderedOneWayUs[0] + figure.orderedOneWayUs[1]) * figure.answered;
        leastUs = Math.min(leastUs, figure.roundTripUs.least);
        mostUs = Math.max(mostUs, figure.roundTripUs.most);
      }
    }
    return {
      sent,
      answered,
      cutSent,
      cutAnswered,
      pairs: pairs.size,
      roundTripUs: answered > 0 ? total / answered : null,
      leastUs: answered > 0 ? leastUs : null,
      mostUs: answered > 0 ? mostUs : null,
      orderedRoundTripUs: answered > 0 ? ordered / answered : 0,
      orderedLoss: sent > 0 ? lossWeight / sent : 0,
    };
  }
}

/** Why the network of the profile was not there; null when it was seen. */
export function networkProblem(sum: ProbeSum, network: NetworkProfile): string | null {
  if (sum.answered < answersLeast || sum.roundTripUs === null) {
    return `network not observed: ${sum.answered} of ${sum.sent} probes answered`;
  }
  const orderedUs = network.oneWayUs[0] + network.oneWayUs[1];
  const ms = (us: number): string => `${(us / 1_000).toFixed(2)} ms`;
  if (sum.roundTripUs < delayShareLeast * orderedUs) {
    return `delays not observed: mean round trip ${ms(sum.roundTripUs)}, ordered ${ms(orderedUs)}`;
  }
  // A probe is lost when either direction loses it.
  const expected = sum.sent * (1 - (1 - network.loss) ** 2);
  const lost = sum.sent - sum.answered;
  if (expected >= expectedLossesLeast && lost < lossShareLeast * expected) {
    return `losses not observed: ${lost} of ${sum.sent} probes, about ${Math.round(expected)} ordered`;
  }
  return null;
}

/** One sentence for the record. */
export function probeWords(sum: ProbeSum): string {
  if (sum.roundTripUs === null) return `no probe of ${sum.sent} was answered`;
  const ms = (us: number | null): string => (us === null ? '-' : (us / 1_000).toFixed(2));
  const loss = sum.sent > 0 ? (100 * (sum.sent - sum.answered)) / sum.sent : 0;
  return (
    `${sum.answered} probes of ${sum.pairs} pairs: round trip ${ms(sum.roundTripUs)} ms (${ms(sum.leastUs)} to ${ms(sum.mostUs)}), ` +
    `ordered ${ms(sum.orderedRoundTripUs)} ms; lost ${loss.toFixed(2)} %, ordered ${(100 * (1 - (1 - sum.orderedLoss) ** 2)).toFixed(2)} %`
  );
}
