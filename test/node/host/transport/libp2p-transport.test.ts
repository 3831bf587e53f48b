/** The contract of the transport over TCP. */
import { transportContract } from '#test/node/host/transport/transport-contract.ts';

transportContract('tcp', 6);
