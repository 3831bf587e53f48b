/**
 * A network of node processes on this machine as a Pulumi resource.
 * Owns: its inputs and outputs in the program. Does not own: the processes (local-provider/), which the engine reaches by Pulumi.yaml.
 */
import * as pulumi from '@pulumi/pulumi';

export interface LocalNetworkArgs {
  /** Names the network on this machine. */
  readonly name: string;
  readonly nodes: number;
  readonly nodesPerProcess: number;
  readonly seed: number;
  /** Life from the start on; then the network ends by itself. */
  readonly ttlMinutes: number;
  /** ISO; instead of the one that follows from the length of life. */
  readonly deadline?: string;
}

/** Nodes that one machine carries. */
export const LOCAL_NODES_MOST = 512;

export class LocalNetwork extends pulumi.CustomResource {
  /** Holds network.json, which names every node's process and folder; in it admin-address and admin-token for clients. */
  declare readonly folder: pulumi.Output<string>;
  /** Instant at which the network ends by itself, ISO. */
  declare readonly deadline: pulumi.Output<string>;

  constructor(name: string, args: LocalNetworkArgs, options?: pulumi.CustomResourceOptions) {
    super('bft-local:index:Network', name, { folder: undefined, ...args, deadline: args.deadline }, options);
  }
}
