/**
 * Several announcements in one gossip message.
 * Owns: the layout (u32 length before each), strict reading. Does not own: when a batch is sent (gossip-mesh.ts).
 */

const lengthBytes = 4;

export function joinAnnouncements(announcements: readonly Uint8Array[]): Uint8Array {
  const bytes = announcements.reduce((sum, { length }) => sum + lengthBytes + length, 0);
  const out = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const announcement of announcements) {
    out.writeUInt32LE(announcement.length, at);
    out.set(announcement, at + lengthBytes);
    at += lengthBytes + announcement.length;
  }
  return out;
}

/** Copies. Null when the bytes are no batch: nothing of it is used. */
export function splitAnnouncements(batch: Uint8Array, mostBytes: number): Uint8Array[] | null {
  const view = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength);
  const found: Uint8Array[] = [];
  for (let at = 0; at < view.length; ) {
    if (at + lengthBytes > view.length) return null;
    const length = view.readUInt32LE(at);
    const end = at + lengthBytes + length;
    if (length === 0 || length > mostBytes || end > view.length) return null;
    found.push(Buffer.from(view.subarray(at + lengthBytes, end)));
    at = end;
  }
  return found.length === 0 ? null : found;
}
