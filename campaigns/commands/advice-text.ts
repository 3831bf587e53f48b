/**
 * Advice on parameters as text.
 * Owns: the words and the option that tries the advice. Does not own: the advice (campaigns/advise.ts).
 */
import type { Advice, AdvisedParameters, Wish } from '#campaigns/advise.ts';
import { formatFigure } from '#campaigns/commands/text-table.ts';
import { formatShare } from '#campaigns/units.ts';

function parametersText(name: string, parameters: AdvisedParameters): string[] {
  const { k, alphaPreference, alphaConfidence, beta, finality } = parameters;
  const power = (log10: number): string => (Number.isFinite(log10) ? `1e${Math.floor(log10)}` : '0');
  return [
    `${name}: k = ${k}, alphaPreference = ${alphaPreference}, alphaConfidence = ${alphaConfidence}, beta = ${beta}`,
    `  ${formatFigure(finality.expectedRounds)} polls until finalised on average, ${formatFigure(parameters.messagesPerDecision)} messages per decision`,
    `  probability of an even split that finalises both sides <= ${power(parameters.splitLog10)}, of a reversal <= ${power(parameters.reversalLog10)}`,
  ];
}

export function adviceText(wish: Wish, advice: Advice): string {
  const asked = `${wish.nodes} nodes, ${formatShare(wish.byzantineShare)} ${wish.attack}, unsafe at most ${wish.safety}, within ${wish.rounds} polls`;
  if (advice.kind === 'none') {
    const possible =
      advice.possibleShare === null
        ? 'at no share of attackers'
        : `up to ${formatShare(Number(advice.possibleShare.toPrecision(3)))} attackers`;
    return `${asked}\nno parameters exist: ${advice.because}\npossible ${possible}\n`;
  }
  const { best, wholeNetwork } = advice;
  const attackers =
    wish.byzantineShare > 0 ? ` --byzantine ${formatShare(wish.byzantineShare)} --attack ${wish.attack}` : '';
  const consensus = `k=${best.k},alpha=${best.alphaConfidence},alphaPreference=${best.alphaPreference},beta=${best.beta},rounds=${wish.rounds}`;
  return `${[
    asked,
    ...parametersText('cheapest', best),
    ...(wholeNetwork === null ? [] : parametersText('asking everybody', wholeNetwork)),
    `try it: npm run campaign simulate -- LT-001 --nodes ${wish.nodes}${attackers} --consensus ${consensus}`,
  ].join('\n')}\n`;
}
