/**
 * Building blocks of the messages between agent and conductor.
 * Owns: the limits of a message, and the fields that several messages share. Does not own: any message.
 */
import { z } from 'zod';

/** WebSocket path and the header that carries the token: `authorization: Bearer <token>`. */
export const agentPath = '/agent';
/** One message: an assignment of 10,000 members with their keys takes about 19 MB. */
export const agentMessageBytesMost = 32 * 1_048_576;
export const membersMost = 16_384;
export const nodesPerProcessMost = 1_024;
/** Entries of one batch of decisions, vertices or load items. */
export const batchEntriesMost = 8_192;

/** What the nodes of a network speak among each other: all of them the same. */
export const transportNames = ['tcp', 'quic'] as const;
export type TransportName = (typeof transportNames)[number];

/** Of a multiaddress, whichever of them is spoken; null when it names none. */
export function portOf(address: string): number | null {
  const port = /\/(?:tcp|udp)\/(\d+)/.exec(address)?.[1];
  return port === undefined ? null : Number(port);
}

export const count = z.int().min(0);
/** Signed: offsets between clocks, and times before a start. */
export const timeUs = z.int();
export const memberNumber = z
  .int()
  .min(0)
  .max(membersMost - 1);
export const share = z.number().min(0).max(1);
export const text = z.string().max(400);
export const vertexIdHex = z.string().regex(/^[0-9a-f]{64}$/);

/** One column of a batch. */
export const column = <T extends z.ZodType>(item: T): z.ZodArray<T> => z.array(item).max(batchEntriesMost);
