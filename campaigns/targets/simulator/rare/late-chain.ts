/**
 * The rare event that some honest node has not finalised an unconflicted vertex within the round limit.
 * Owns: that chain as one that can be split; its level is the round that was reached with a node undecided. Does not own: the round
 * itself (lumped/decision-chain.ts). The run-length law knows the same probability exactly: the two check each other.
 */
import { type DecisionSetting, decisionRound } from '#campaigns/targets/simulator/lumped/decision-chain.ts';
import type { RareChain } from '#campaigns/targets/simulator/rare/splitting.ts';

interface Late {
  /** Undecided nodes by their run of successful polls. */
  readonly run: Int32Array;
  round: number;
  left: number;
}

export function lateChain(setting: DecisionSetting): RareChain<Late> {
  const { nodes, beta, maxRounds } = setting;
  return {
    start: () => {
      const run = new Int32Array(beta);
      run[0] = nodes;
      return { run, round: 0, left: nodes };
    },
    copy: ({ run, round, left }) => ({ run: run.slice(), round, left }),
    step: (state, draws) => {
      state.round += 1;
      state.left -= decisionRound(state.run, state.round, setting, draws);
    },
    level: ({ round, left }) => (left === 0 ? 0 : round),
    top: maxRounds,
    isOver: ({ round, left }) => left === 0 || round >= maxRounds,
  };
}
