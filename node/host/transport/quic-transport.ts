/**
 * QUIC as libp2p's transport, with the post-quantum session and yamux inside of one of its streams.
 * Owns: that nothing of a QUIC connection is used but one stream, and that it is upgraded exactly as a TCP connection is.
 * Does not own: QUIC (@chainsafe/libp2p-quic, native), the bytes of the pipe (quic-pipe.ts), the session.
 *
 * The library's own TLS 1.3 is classical (X25519, Ed25519): it hides nothing from a later quantum computer and is not relied on.
 * The peer id that it shows must be the one that the session inside proves.
 */
import { quic } from '@chainsafe/libp2p-quic';
import type {
  Connection,
  MultiaddrConnection,
  StreamMuxerFactory,
  Transport,
  Upgrader,
  UpgraderOptions,
} from '@libp2p/interface';
import { type NativeConnection, type NativeStream, QuicPipe } from './quic-pipe.ts';

/** As much as may be on its way to a peer that does not read. */
const windowBytes = 1_048_576;
/** Nobody says over UDP that nobody is there: a dial is given up, and a connection to a dead node forgotten, after this time. */
const answerWithinMs = 5_000;
const idleMs = 8_000;
const keepAliveMs = 2_500;
/** Connections that have not opened their stream. */
const mostSilent = 256;

export interface QuicLimits {
  readonly handshakeTimeoutMs: number;
}

type Components = Parameters<ReturnType<typeof quic>>[0];

/** For libp2p: `transports: [sessionQuic(limits)]`. */
export function sessionQuic({ handshakeTimeoutMs }: QuicLimits): (components: Components) => Transport {
  const make = quic({
    handshakeTimeout: Math.min(answerWithinMs, handshakeTimeoutMs),
    maxIdleTimeout: idleMs,
    keepAliveInterval: keepAliveMs,
    maxConcurrentStreamLimit: 1,
    maxStreamData: windowBytes,
    maxConnectionData: windowBytes,
  });
  return (components) => {
    const transport = make(components);
    const dial = transport.dial.bind(transport);
    const listen = transport.createListener.bind(transport);
    const inside = (upgrader: Upgrader): Upgrader => new PipeUpgrader(upgrader, handshakeTimeoutMs);
    transport.dial = (address, options) => dial(address, { ...options, upgrader: inside(options.upgrader) });
    transport.createListener = (options) => listen({ ...options, upgrader: inside(options.upgrader) });
    return transport;
  };
}

/** Takes the place of libp2p's upgrader for the library, which would have it skip the encryption. */
class PipeUpgrader implements Upgrader {
  readonly #upgrader: Upgrader;
  readonly #timeoutMs: number;
  #silent = 0;

  constructor(upgrader: Upgrader, timeoutMs: number) {
    this.#upgrader = upgrader;
    this.#timeoutMs = timeoutMs;
  }

  async upgradeOutbound(outer: MultiaddrConnection, options: UpgraderOptions): Promise<Connection> {
    const native = nativeOf(options.muxerFactory);
    const stream = await this.#inTime(options.signal, native.outboundStream());
    const { signal } = options;
    return await this.#upgrader.upgradeOutbound(new QuicPipe(outer, native, stream), { signal });
  }

  async upgradeInbound(outer: MultiaddrConnection, options: UpgraderOptions): Promise<void> {
    const native = nativeOf(options.muxerFactory);
    if (this.#silent >= mostSilent) throw new Error(`${mostSilent} connections have not spoken yet`);
    this.#silent += 1;
    let stream: NativeStream;
    try {
      stream = await this.#inTime(options.signal, native.inboundStream());
    } finally {
      this.#silent -= 1;
    }
    const { signal } = options;
    await this.#upgrader.upgradeInbound(new QuicPipe(outer, native, stream), { signal });
  }

  createInboundAbortSignal: Upgrader['createInboundAbortSignal'] = (signal) =>
    this.#upgrader.createInboundAbortSignal(signal);

  getStreamMuxers(): ReturnType<Upgrader['getStreamMuxers']> {
    return this.#upgrader.getStreamMuxers();
  }

  getConnectionEncrypters(): ReturnType<Upgrader['getConnectionEncrypters']> {
    return this.#upgrader.getConnectionEncrypters();
  }

  /** Whoever opens no stream is aborted by the library when this rejects. */
  async #inTime<T>(given: AbortSignal, work: Promise<T>): Promise<T> {
    const signal = AbortSignal.any([given, AbortSignal.timeout(this.#timeoutMs)]);
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = (): void => reject(new Error('no stream in time'));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await Promise.race([work, promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

interface HoldsNative {
  readonly init: { readonly connection: NativeConnection };
}

function holdsNative(factory: object): factory is HoldsNative {
  if (!('init' in factory) || typeof factory.init !== 'object' || factory.init === null) return false;
  const { connection } = factory.init as { readonly connection?: unknown };
  return typeof connection === 'object' && connection !== null && 'outboundStream' in connection;
}

function nativeOf(factory: StreamMuxerFactory | undefined): NativeConnection {
  if (factory === undefined || !holdsNative(factory))
    throw new TypeError('this version of libp2p-quic has another inside: see quic-transport.ts');
  return factory.init.connection;
}
