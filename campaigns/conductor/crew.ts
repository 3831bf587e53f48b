/**
 * What the conductor asks of the place where agents run: to end and start a process, to hold it still.
 * Owns: the interface. Does not own: any implementation (targets/processes); a place that cannot do something says so in `can`.
 */

export interface Crew {
  /** Nodes of one process; faults of whole processes need 1. */
  readonly nodesPerProcess: number;
  /** False: nothing below is ever asked; a node that has to go down is taken down by its agent. */
  readonly canEndProcesses: boolean;
  /** kill -9. Resolves when it is gone. */
  kill(agent: string): Promise<void>;
  /** Starts a killed process again under its old name and identity. `lost`: without what its stores held. */
  restart(agent: string, disk: 'kept' | 'lost'): void;
  /** Stops the process silently: its sockets stay open, nothing answers. False when it could not be done. */
  stall(agent: string): boolean;
  /** Lets a stopped process go on. */
  resume(agent: string): void;
}
