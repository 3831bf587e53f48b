/**
 * A gossipsub RPC taken apart without decoding it: published messages, and everything else.
 * Owns: walking the top-level fields of the protobuf. Does not own: their meaning (gossipsub), what is done with the parts.
 * Both parts are RPCs themselves: protobuf messages are sequences of fields.
 */

/** Field numbers of gossipsub's RPC. */
const subscriptionsField = 1;
const publishField = 2;
const lengthDelimited = 2;

export interface RpcParts {
  /** Messages that were published; empty when there are none. */
  readonly published: Uint8Array;
  /** Control: grafts, prunes, and which messages a peer has, wants or does not want. */
  readonly control: Uint8Array;
  readonly subscriptions: Uint8Array;
}

interface Field {
  readonly number: number;
  readonly end: number;
}

function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  throw new RangeError('a gossip RPC that is none');
}

/** The RPC consists of length-delimited fields only. */
function fieldAt(bytes: Uint8Array, at: number): Field {
  const tag = varint(bytes, at);
  const length = varint(bytes, tag.end);
  const end = length.end + length.value;
  if ((tag.value & 7) !== lengthDelimited || end > bytes.length)
    throw new RangeError('a gossip RPC that is none');
  return { number: tag.value >>> 3, end };
}

/** Throws RangeError for bytes that are no RPC. */
export function rpcParts(bytes: Uint8Array): RpcParts {
  const published: Uint8Array[] = [];
  const control: Uint8Array[] = [];
  const subscriptions: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { number, end } = fieldAt(bytes, at);
    const part =
      number === publishField ? published : number === subscriptionsField ? subscriptions : control;
    part.push(bytes.subarray(at, end));
    at = end;
  }
  const whole = (parts: readonly Uint8Array[]): Uint8Array =>
    parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  return { published: whole(published), control: whole(control), subscriptions: whole(subscriptions) };
}
