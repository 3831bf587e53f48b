/**
 * One node process from start to end: opens the nodes, starts agent and admin API, stops in order on a signal or an order.
 * Owns: how the parts are wired, signals, the admin token, which end is which exit code. Does not own: options (config.ts) or any part.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { type NodeConfig, nodeExitCodes } from '#node/config.ts';
import { createAdminServer } from './admin/admin-server.ts';
import { ProcessOffice } from './admin/process-office.ts';
import { Agent, type AgentEnd } from './agent/agent.ts';
import { readHostLimits } from './agent/host-limits.ts';
import { NodeWorkshop } from './agent/node-workshop.ts';
import { monotonicClock as clock } from './clock.ts';
import { createLog } from './log.ts';
import { ProcessMeter } from './metrics/process-meter.ts';

/** Pushes kept while the conductor is away: a minute of a busy process. */
const bufferBytesMost = 64 * 1_048_576;
/** A shutdown that takes longer has hung. */
const stopWithinMs = 30_000;

/** The token of the admin API; a drawn one is kept where only the owner of the process reads it. */
function adminToken({ admin, dataFolder }: NodeConfig): string {
  if (admin.token !== null) return admin.token;
  const token = randomBytes(32).toString('hex');
  const file = path.join(dataFolder, 'admin-token');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  chmodSync(file, 0o600); // the mode above holds for a new file only
  return token;
}

function codeOf(end: AgentEnd): number {
  switch (end.kind) {
    case 'stopped':
      return nodeExitCodes.stopped;
    case 'orphaned':
      return nodeExitCodes.orphaned;
    case 'rejected':
      return nodeExitCodes.couldNotStart;
  }
}

/** Resolves with the exit code when the process has ended in order, or could not start. */
export async function runNodeProcess(config: NodeConfig): Promise<number> {
  try {
    mkdirSync(config.dataFolder, { recursive: true });
    const token = adminToken(config);
    const { admin, conductor, identitySeed } = config;
    const secrets = [token, conductor.token, admin.metricsToken ?? '', identitySeed ?? ''].filter(
      (secret) => secret !== '',
    );
    const log = createLog({ level: config.log.level, name: config.name, secrets });
    process.on('uncaughtException', (error) => {
      log.fatal({ err: error }, 'an error that nobody expected: the process ends');
      process.exit(1);
    });
    return await new NodeProcess(config, log, token).run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`could not start: ${reason}\n`);
    return nodeExitCodes.couldNotStart;
  }
}

class NodeProcess {
  readonly #config: NodeConfig;
  readonly #log: Logger;
  readonly #token: string;
  readonly #meter = new ProcessMeter();
  readonly #decided: Promise<number>;
  #decide: (code: number) => void = () => {};
  #signals = 0;

  constructor(config: NodeConfig, log: Logger, token: string) {
    this.#config = config;
    this.#log = log;
    this.#token = token;
    this.#decided = new Promise((resolve) => {
      this.#decide = resolve;
    });
  }

  async run(): Promise<number> {
    const { name, isCampaign, conductor, admin, listen, dataFolder, nodesPerProcess: nodes } = this.#config;
    const { identitySeed } = this.#config;
    const log = this.#log;
    const networkSecret = conductor.token;
    const workshop = await NodeWorkshop.open({
      dataFolder,
      nodes,
      listen,
      networkSecret,
      identitySeed: identitySeed === null ? null : { secret: identitySeed, name },
      isCampaign,
      clock,
      log,
    });
    const agent = this.#agent(workshop);
    const app = createAdminServer(this.#office(agent), { ...admin, token: this.#token, isCampaign, log });
    const address = await app.listen({ host: admin.host, port: admin.port });
    // Beside the token: who may read the one finds the other, whichever port it became.
    writeFileSync(path.join(dataFolder, 'admin-address'), `${address}\n`, { mode: 0o600 });
    log.info({ admin: address, nodes, conductor: conductor.url, isCampaign }, 'started');
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#signalled(signal));
    agent.start();
    const code = await this.#decided;
    const hung = setTimeout(() => {
      log.error(`not stopped within ${stopWithinMs} ms`);
      process.exit(nodeExitCodes.couldNotStart);
    }, stopWithinMs);
    await agent.stop(`exit code ${code}`);
    await app.close();
    await workshop.close();
    this.#meter.close();
    clearTimeout(hung);
    log.info({ code }, 'stopped');
    return code;
  }

  #agent(factory: NodeWorkshop): Agent {
    const { name, conductor, isCampaign } = this.#config;
    return new Agent({
      name,
      conductor,
      isCampaign,
      factory,
      clock,
      meter: this.#meter,
      limits: readHostLimits(),
      log: this.#log,
      bufferBytesMost,
      onEnd: (end) => {
        this.#log.info({ ...end }, 'the agent has ended');
        this.#decide(codeOf(end));
      },
    });
  }

  #office(agent: Agent): ProcessOffice {
    const { name, isCampaign } = this.#config;
    const onShutdown = (): void => this.#decide(nodeExitCodes.stopped);
    return new ProcessOffice({ name, isCampaign, agent, meter: this.#meter, nowUs: clock.nowUs, onShutdown });
  }

  #signalled(signal: NodeJS.Signals): void {
    this.#signals += 1;
    if (this.#signals > 1) process.exit(nodeExitCodes.interrupted);
    this.#log.info({ signal }, 'stopping; a second signal ends the process at once');
    this.#decide(nodeExitCodes.stopped);
  }
}
