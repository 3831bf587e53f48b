/**
 * A run's configuration in words a customer's engineer reads: load, network, attackers, parameters.
 * Owns: those sentences. Does not own: the configuration (campaigns/run-spec.ts).
 */
import type { RampEnd, RunSpec, Workload } from '#campaigns/run-spec.ts';
import { counted, formatMicroseconds, formatNumber } from '#reports/scale/figure-format.ts';

export function networkWords({ network }: RunSpec): string {
  const [least, most] = network.oneWayUs;
  const delay =
    least === most
      ? `${formatMicroseconds(least)} one way`
      : `${formatMicroseconds(least)} to ${formatMicroseconds(most)} one way`;
  const loss = network.loss > 0 ? `, ${formatNumber(network.loss * 100)} % loss` : ', no loss';
  const band =
    network.bandwidthBitsPerSecond === null
      ? ''
      : `, ${formatNumber(network.bandwidthBitsPerSecond / 1e6)} Mbps each way`;
  return `${network.name}: ${delay}${loss}${band}`;
}

export function byzantineWords({ byzantine, nodes }: RunSpec): string {
  if (byzantine.attack === 'none' || byzantine.share === 0) return 'none';
  const attackers = Math.floor(byzantine.share * nodes + 1e-9);
  const exclusion = byzantine.exclusion ? ', convicted peers excluded' : '';
  return `${formatNumber(byzantine.share * 100)} % (${formatNumber(attackers)} nodes), ${byzantine.attack}${exclusion}`;
}

export function consensusWords({ consensus }: RunSpec): string {
  const alpha =
    consensus.alphaPreference === consensus.alphaConfidence
      ? `alpha ${consensus.alphaConfidence}`
      : `alpha ${consensus.alphaPreference} / ${consensus.alphaConfidence}`;
  const polls = consensus.concurrentPolls === 1 ? '' : `, ${consensus.concurrentPolls} polls at once`;
  return `k ${consensus.k}, ${alpha}, beta ${consensus.beta}, at most ${consensus.maxRounds} polls, one every ${formatMicroseconds(consensus.pollIntervalUs)}${polls}`;
}

export function workloadWords({ workload }: RunSpec): string {
  return `${loadWords(workload)}; ${counted(workload.batch, 'transaction')} of ${bytesWords(workload.payloadBytes)} per vertex`;
}

function loadWords(load: Workload): string {
  switch (load.kind) {
    case 'constant':
      return `constant ${formatNumber(load.tps)} TPS`;
    case 'open-loop':
      return `open loop, ${formatNumber(load.tps)} TPS`;
    case 'ramp':
      return `ramp ${formatNumber(load.fromTps)} to ${formatNumber(load.toTps)} TPS in ${load.steps} steps${untilWords(load.until)}`;
    case 'burst':
      return `${formatNumber(load.tps)} TPS with bursts of ${formatNumber(load.burstTps)} for ${formatMicroseconds(load.forUs)} every ${formatMicroseconds(load.everyUs)}`;
    case 'chaos':
      return `random ${formatNumber(load.leastTps)} to ${formatNumber(load.mostTps)} TPS, new every ${formatMicroseconds(load.everyUs)}`;
    case 'sine':
      return `sine ${formatNumber(load.leastTps)} to ${formatNumber(load.mostTps)} TPS, period ${formatMicroseconds(load.periodUs)}`;
    case 'single':
      return 'one vertex in flight at a time';
  }
}

function untilWords(until: RampEnd | undefined): string {
  return until === undefined
    ? ''
    : `, back to the first after a step with a node above ${formatNumber(100 * until.cpuShare)} % CPU or one that was not finalised`;
}

function bytesWords(bytes: number): string {
  return bytes >= 1_024 ? `${formatNumber(bytes / 1_024)} KB` : `${formatNumber(bytes)} B`;
}
