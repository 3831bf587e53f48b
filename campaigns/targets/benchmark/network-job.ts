/**
 * Figures of whole networks: message rates, CPU time of a decision, memory.
 * Owns: which run makes which figure. Does not own: the runs (network-run.ts).
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import { sampleEventLoop } from './event-loop.ts';
import type { JobResult } from './job-result.ts';
import { type NetworkSamples, sampleNetwork } from './network-run.ts';
import { inMemorySpec, loadSpec, singleSpec } from './network-spec.ts';
import { samplePolls } from './poll-loop.ts';
import { type Efforts, median } from './sampling.ts';

/** Two finality times of the LAN networks, virtual microseconds: from then on as much is decided as is issued. */
const loadWarmupUs = 400_000;
/** Decisions between two looks at the clock, so that looking costs nothing. */
const decisionsPerLook = 10;
/** Networks so large that a sample is a single stretch of the run. */
const manyNodes = 3_000;

function factsOf(samples: NetworkSamples): Record<string, number> {
  const { undecided, standingBytesPerNode, processBytesPerNode, messages } = samples;
  return {
    messages,
    undecided,
    standingBytesPerNode,
    processBytesPerNode,
    standingBytesPerUndecided: undecided > 0 ? standingBytesPerNode / undecided : 0,
  };
}

export function measureSingle(figure: string, nodes: number, { network }: Efforts): JobResult {
  const effort = nodes > manyNodes ? { ...network, samples: Math.ceil(network.samples / 3) } : network;
  const spec = singleSpec(nodes);
  const samples = sampleNetwork(spec, effort, 'settled', 1, 0);
  const limit = sampleEventLoop(spec.network, nodes, nodes * spec.consensus.k, effort);
  return {
    samples: {
      [figure]: samples.rates,
      [`messages.limit-${nodes}`]: limit,
      [`messages.ratio-${nodes}`]: [median(samples.rates) / median(limit)],
    },
    facts: factsOf(samples),
  };
}

/** The same decisions at poll fidelity: the messages are those that it stands for. */
export function measurePolls(figure: string, nodes: number, { network }: Efforts): JobResult {
  const effort = nodes > manyNodes ? { ...network, samples: Math.ceil(network.samples / 3) } : network;
  const spec: RunSpec = { ...singleSpec(nodes), tier: 'poll' };
  const samples = sampleNetwork(spec, effort, 'settled', 1, 0);
  const limit = samplePolls(spec, effort);
  return {
    samples: {
      [figure]: samples.rates,
      [`messages.poll-limit-${nodes}`]: limit,
      [`messages.poll-ratio-${nodes}`]: [median(samples.rates) / median(limit)],
    },
    facts: factsOf(samples),
  };
}

export function measureLoad(
  figure: string,
  nodes: number,
  verticesPerSecond: number,
  { network }: Efforts,
): JobResult {
  const effort = nodes > manyNodes ? { ...network, samples: Math.ceil(network.samples / 3) } : network;
  const spec = loadSpec(nodes, verticesPerSecond);
  const samples = sampleNetwork(spec, effort, 'progress', 1, loadWarmupUs);
  return { samples: { [figure]: samples.rates }, facts: factsOf(samples) };
}

/** `together` vertices through a network of 150 nodes. */
export function measureDecision(figure: string, together: 1 | 10, { network }: Efforts): JobResult {
  const perLook = together === 1 ? decisionsPerLook : together;
  const samples = sampleNetwork(inMemorySpec(together), network, 'settled', perLook, 0);
  const scale = together / perLook;
  return {
    samples: { [figure]: samples.msPerVertices.map((ms) => ms * scale) },
    facts: { ...factsOf(samples), wallMs: samples.wallMs * scale },
  };
}
