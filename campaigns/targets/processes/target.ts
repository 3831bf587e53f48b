/**
 * Real node processes on this machine as a target: what they can do, and one measured repetition.
 * Owns: capabilities, the choice of packing, starting and ending everything of a run. Does not own: conducting (campaigns/conductor).
 * One run at a time, and nothing beside it: its figures are those of this machine.
 */
import { randomBytes } from 'node:crypto';
import { AgentServer } from '#campaigns/conductor/agent-server.ts';
import { conduct } from '#campaigns/conductor/conductor.ts';
import { nothingMeasured } from '#campaigns/conductor/nothing-measured.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Progress, RunOutcome, Target } from '#campaigns/targets/target.ts';
import { portOf, type TransportName } from '#node/agent-fields.ts';
import { capabilities, packingOf } from './capabilities.ts';
import { Children, livingProcesses, sweepLeftovers } from './children.ts';
import { type NodeProgram, nodeProgram, ProcessCrew } from './crew.ts';
import { planLimits } from './limits.ts';
import { planRealTime } from './real-window.ts';

export interface ProcessesOptions {
  readonly program?: NodeProgram;
  readonly logLevel?: string;
  /** False switches the network conditions off in every node: such a run must come out INCONCLUSIVE. */
  readonly isNetworkShaped?: boolean;
  /** What the nodes speak among each other; TCP unless said. */
  readonly transport?: TransportName;
}

class Processes implements Target {
  readonly capabilities = capabilities;
  readonly #options: ProcessesOptions;
  readonly #open = new Set<Children>();

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  deploy = async (): Promise<void> => sweepLeftovers();
  ready = async (): Promise<boolean> => true;
  collect = async (): Promise<void> => {};
  inventory = async (): Promise<readonly string[]> => livingProcesses();

  destroy = async (): Promise<void> => {
    await Promise.all([...this.#open].map((children) => children.destroy()));
    this.#open.clear();
    sweepLeftovers();
  };

  run = async (spec: RunSpec, progress: Progress, signal: AbortSignal): Promise<RunOutcome> => {
    const plan = planRealTime(spec);
    const refusal = this.#refusal(spec);
    if (refusal !== null) return nothingMeasured(spec, plan, 'SKIPPED', refusal);
    progress(0);
    if (signal.aborted) return nothingMeasured(spec, plan, 'ABORTED', 'stopped before it began');
    const nodesPerProcess = packingOf(spec);
    const limits = planLimits(spec.resources, nodesPerProcess);
    if (limits.kind === 'refused') throw new Error(limits.reason);
    const token = randomBytes(24).toString('hex');
    const server = new AgentServer({ token, host: '127.0.0.1', port: 0 });
    const children = new Children();
    this.#open.add(children);
    try {
      await server.listen();
      const { program = nodeProgram, logLevel = 'warn', transport = 'tcp' } = this.#options;
      await program.prepare?.(signal);
      const common = { children, program, logLevel, transport, nodes: spec.nodes, nodesPerProcess, limits };
      const crew = new ProcessCrew({ ...common, conductorUrl: server.url, token });
      server.onHello = ({ name, hello }) => {
        const port = portOf(hello.nodes[0]?.addresses[0] ?? '');
        if (port !== null) crew.rememberPort(name, port);
      };
      crew.startAll();
      return await conduct({
        spec,
        plan,
        server,
        crew,
        agents: crew.names.length,
        limits: limits.words,
        isEnforced: limits.isEnforced,
        isNetworkShaped: this.#options.isNetworkShaped ?? true,
        progress,
        signal,
        crashes: crew.crashes,
        onStop: () => crew.expectEnds(),
      });
    } finally {
      await children.destroy();
      this.#open.delete(children);
      await server.close();
    }
  };

  #refusal(spec: RunSpec): string | null {
    const unknown = spec.faults.find(({ kind }) => !capabilities.faults.has(kind));
    if (unknown !== undefined) return `the processes cannot inject the fault "${unknown.kind}"`;
    const { nodesMost, refuses } = capabilities;
    if (spec.nodes > nodesMost)
      return `${spec.nodes} nodes are more than the ${nodesMost} that one machine carries`;
    return refuses?.(spec) ?? null;
  }
}

export function createProcesses(options: ProcessesOptions = {}): Target {
  return new Processes(options);
}
