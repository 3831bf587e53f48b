/**
 * The port-forward of the process kubelet: what the API server asks a kubelet for when a client wants into a pod.
 * Owns: that one endpoint, in the websocket form of it. Does not own: pods (process-kubelet.ts); exec, logs and attach are not there.
 */
import { readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** Address of a pod's process; null when there is none. */
export type PodAddress = (namespace: string, pod: string) => string | null;

/** Channel 0 carries data, channel 1 errors; the first message of each names the port, two bytes, low first. */
function join(socket: WebSocket, host: string, port: number): void {
  const head = Buffer.from([port & 255, port >> 8]);
  for (const channel of [0, 1]) socket.send(Buffer.concat([Buffer.from([channel]), head]));
  const inside = net.connect(port, host);
  inside.on('data', (bytes: Buffer) => socket.send(Buffer.concat([Buffer.from([0]), bytes])));
  inside.on('close', () => socket.close());
  inside.on('error', () => socket.close());
  socket.on('message', (message: Buffer) => {
    if (message[0] === 0) inside.write(message.subarray(1));
  });
  socket.on('close', () => inside.destroy());
  socket.on('error', () => inside.destroy());
}

export class PortDoor {
  readonly #server: https.Server;

  /** Key and certificate lie beside the kubeconfig of the administrator. */
  constructor(certificate: string, key: string, addressOf: PodAddress) {
    this.#server = https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
    const sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => [...offered].find((name) => name.endsWith('channel.k8s.io')) ?? false,
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const asked = new URL(request.url ?? '/', 'https://kubelet');
      const [, kind, namespace = '', pod = ''] = asked.pathname.split('/');
      const port = Number(asked.searchParams.get('port') ?? asked.searchParams.get('ports'));
      const host = addressOf(namespace, pod);
      if (kind !== 'portForward' || host === null || !(port > 0)) return void socket.destroy();
      sockets.handleUpgrade(request, socket, head, (opened) => join(opened, host, port));
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
