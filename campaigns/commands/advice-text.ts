/**
 * Advice on parameters as text.
 * Owns: the words and the option that tries the advice. Does not own: the advice (campaigns/advise.ts).
 */
import type { Advice, AdvisedParameters, Wish } from '#campaigns/advise.ts';
import { formatFigure } from '#campaigns/commands/text-table.ts';
import type { PlacedTriple } from '#campaigns/triple-advice.ts';
import { formatShare } from '#campaigns/units.ts';

const notions = { S0: 'forge', S1: 'split', S2: 'reversal' } as const;
export type NotionName = keyof typeof notions;
export const notionNames = ['S0', 'S1', 'S2'] as const;
export const notionOf = (name: NotionName): (typeof notions)[NotionName] => notions[name];

/** Rounded up: a bound is never shown smaller than it is. */
function power(log10: number): string {
  return `1e${Math.ceil(log10 - 1e-9)}`;
}

/** Very large and very small figures keep an exponent. */
function figure(value: number): string {
  return value !== 0 && (value < 1e-4 || value >= 1e7) ? value.toExponential(1) : formatFigure(value);
}

type Bounds = Pick<AdvisedParameters, 'forgeLog10' | 'splitLog10' | 'cutLog10' | 'reversalLog10'>;

/** Bounds at most as large as wished are shown; of the others it is said that they are not kept. */
function boundsText(bounds: Bounds, wish: Wish): string[] {
  const kept = (log10: number): string =>
    log10 === -Infinity
      ? 'impossible'
      : log10 <= Math.log10(wish.safety)
        ? `<= ${power(log10)}`
        : `not kept within ${wish.safety}`;
  return [
    `  S0 forged without an honest supporter: ${kept(bounds.forgeLog10)}`,
    `  S1 an even split finalises both sides: ${kept(bounds.splitLog10)}`,
    `  S1 both halves of a cut network finalise, retries counted: ${kept(bounds.cutLog10)}`,
    `  S2 a finalised side is turned around: ${kept(bounds.reversalLog10)} (a drift argument, not a proof)`,
  ];
}

function parametersText(name: string, wish: Wish, parameters: AdvisedParameters): string[] {
  const { k, alphaPreference, alphaConfidence, beta, finality, alphaRange } = parameters;
  return [
    `${name}: k = ${k}, alphaPreference = ${alphaPreference}, alphaConfidence = ${alphaConfidence} (${alphaRange[0]} to ${alphaRange[1]} are possible), beta = ${beta}`,
    `  ${formatFigure(finality.expectedRounds)} polls until finalised on average, ${formatFigure(parameters.messagesPerDecision)} messages per decision`,
    ...boundsText(parameters, wish),
  ];
}

function tripleText(wish: Wish, placed: PlacedTriple): string[] {
  const { k, alpha, beta } = placed;
  const share = (value: number): string => formatShare(Number(value.toPrecision(3)));
  return [
    `yours: k = ${k}, alpha = ${alpha}, beta = ${beta}: ${placed.isLive ? 'live' : 'NOT LIVE'}, ${placed.isSafe ? 'safe' : 'NOT SAFE'} as wished`,
    `  one node finalises in time with probability ${figure(placed.oneWithin)}, all with ${figure(placed.allWithin)}; ${figure(placed.expectedRounds)} polls on average`,
    `  it bears ${share(placed.liveShare)} ${wish.attack} attackers alive, ${share(placed.splitShare)} against a split, ${share(placed.reversalShare)} against a reversal`,
    ...boundsText({ ...placed.bounds, cutLog10: placed.cutLog10 }, wish),
  ];
}

export function adviceText(wish: Wish, advice: Advice, placed: PlacedTriple | null = null): string {
  const asked = `${wish.nodes} nodes, ${formatShare(wish.byzantineShare)} ${wish.attack}, unsafe at most ${wish.safety}, within ${wish.rounds} polls`;
  const yours = placed === null ? [] : tripleText(wish, placed);
  if (advice.kind === 'none') {
    const possible =
      advice.possibleShare === null
        ? 'at no share of attackers'
        : `up to ${formatShare(Number(advice.possibleShare.toPrecision(3)))} attackers`;
    return `${[asked, `no parameters exist: ${advice.because}`, `possible ${possible}`, ...yours].join('\n')}\n`;
  }
  const { best, smallestSample, wholeNetwork } = advice;
  const attackers =
    wish.byzantineShare > 0 ? ` --byzantine ${formatShare(wish.byzantineShare)} --attack ${wish.attack}` : '';
  const consensus = `k=${best.k},alpha=${best.alphaConfidence},alphaPreference=${best.alphaPreference},beta=${best.beta},rounds=${wish.rounds}`;
  return `${[
    asked,
    ...parametersText('cheapest', wish, best),
    ...(smallestSample.k < best.k ? parametersText('smallest live sample', wish, smallestSample) : []),
    ...(wholeNetwork === null ? [] : parametersText('asking everybody', wish, wholeNetwork)),
    ...yours,
    `try it: npm run campaign simulate -- LT-001 --nodes ${wish.nodes}${attackers} --consensus ${consensus}`,
  ].join('\n')}\n`;
}
