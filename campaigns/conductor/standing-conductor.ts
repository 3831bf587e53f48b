/**
 * A conductor that stands alone, next to the network: it goes on when the operator who deployed it is gone.
 * Owns: wiring door, desk, meter and metrics; stopping in order. Does not own: any of them, or reading configuration.
 */
import { AgentServer } from '#campaigns/conductor/agent-server.ts';
import type { ConductorConfig } from '#campaigns/conductor/conductor-config.ts';
import { conductorListener } from '#campaigns/conductor/conductor-routes.ts';
import { FleetMeter } from '#campaigns/conductor/fleet-meter.ts';
import { fleetMetrics } from '#campaigns/conductor/fleet-metrics.ts';
import { nowUs } from '#campaigns/conductor/host-watch.ts';
import { RunDesk } from '#campaigns/conductor/run-desk.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';

export interface StandingOptions {
  readonly codeVersion: string;
  readonly planOf: (spec: RunSpec) => WindowPlan;
  readonly log: (line: string) => void;
}

export class StandingConductor {
  readonly #server: AgentServer;
  readonly #desk: RunDesk;

  constructor(config: ConductorConfig, { codeVersion, planOf, log }: StandingOptions) {
    const { token, metricsToken, host, port, agents, nodesPerProcess, limits, folder, money } = config;
    const meter = new FleetMeter();
    const source = () => ({ meter, agents: this.#server.agents, refusals: this.#server.refusals, money });
    const answer = conductorListener({
      token,
      metricsToken,
      desk: () => this.#desk,
      metrics: () => fleetMetrics(source(), nowUs(), Date.now()),
      status: () => this.status(codeVersion),
    });
    this.#server = new AgentServer({ token, host, port, answer });
    this.#desk = new RunDesk({
      server: this.#server,
      meter,
      agents,
      nodesPerProcess,
      limits,
      folder,
      codeVersion,
      planOf,
      log,
    });
  }

  /** Where agents dial, and operators with http instead of ws. */
  get url(): string {
    return this.#server.url;
  }

  async start(): Promise<void> {
    await this.#server.listen();
    this.#desk.start();
  }

  async stop(): Promise<void> {
    await this.#desk.close();
    await this.#server.close();
  }

  status(codeVersion: string): object {
    const sessions = [...this.#server.agents.values()];
    return {
      code_version: codeVersion,
      agents: sessions.length,
      connected: sessions.filter(({ isConnected }) => isConnected).length,
      nodes_offered: sessions.reduce((sum, { hello }) => sum + hello.nodes.length, 0),
      refusals: this.#server.refusals.slice(-10),
      waiting: this.#desk.queue,
    };
  }
}
