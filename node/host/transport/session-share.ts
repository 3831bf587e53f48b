/**
 * A session that several links may use: it is closed with the last of them.
 * Owns: counting. Two nodes that dial each other at once may end with two links over one session, and give one of them up.
 * Does not own: the session (libp2p), the links.
 */
import type { Connection, Stream } from '@libp2p/interface';
import type { LinkConnection } from './frame-link.ts';

export class SessionShare {
  readonly #users = new WeakMap<Connection, number>();

  /** For one link, which has to close or abort it exactly once. */
  join(connection: Connection, stream: Stream): LinkConnection {
    this.#users.set(connection, (this.#users.get(connection) ?? 0) + 1);
    return {
      close: async () => {
        await stream.close({ signal: AbortSignal.timeout(2_000) });
        if (this.#leave(connection)) await connection.close();
      },
      abort: (error) => {
        stream.abort(error);
        if (this.#leave(connection)) connection.abort(error);
      },
    };
  }

  #leave(connection: Connection): boolean {
    const left = (this.#users.get(connection) ?? 1) - 1;
    this.#users.set(connection, left);
    return left === 0;
  }
}
