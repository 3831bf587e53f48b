/**
 * Run in a network namespace of its own: nodes exchange frames and announcements, then one line of JSON says what they counted
 * and what the kernel counted on the loopback interface.
 * Owns: the traffic. Does not own: the comparison (kernel-bytes.long.test.ts).
 */
import { readFileSync } from 'node:fs';
import { loopback, stopAll, until, wholeNet } from '#test/support/transport-fixture.ts';

interface Kernel {
  readonly bytes: number;
  readonly packets: number;
  /** Segments sent again by timers although none was lost, and the options that answered them. */
  readonly retransmitted: number;
  readonly duplicates: number;
}

/** A counter of the two-line tables under /proc/net. */
function counter(file: string, table: string, name: string): number {
  const [names, values] = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${table}:`))
    .map((line) => line.split(' '));
  return Number(values?.[names?.indexOf(name) ?? -1]);
}

function kernel(): Kernel {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith('lo:'));
  const [bytes, packets] = (line ?? '').replace(/^.*:/, '').trim().split(/\s+/).map(Number);
  return {
    bytes: bytes ?? Number.NaN,
    packets: packets ?? Number.NaN,
    retransmitted: counter('/proc/net/snmp', 'Tcp', 'RetransSegs'),
    duplicates: counter('/proc/net/netstat', 'TcpExt', 'TCPDSACKOldSent'),
  };
}

const frameSize = 3_000;
const frames = 300;
const before = kernel();
const { nodes } = await wholeNet(5, { listen: [process.argv[2] === 'quic' ? loopback.quic : loopback.tcp] });
for (let i = 0; i < frames; i++)
  nodes[i % 5]!.transport.send((i + 1 + (i % 4)) % 5, new Uint8Array(frameSize));
for (const [i, { transport }] of nodes.entries()) transport.announce(Buffer.from(`news of ${i}`));
const received = (): number =>
  nodes.reduce((sum, { transport }) => sum + transport.figures.framesReceived, 0);
await until('frames', () => received() === frames);
await until('news', () => nodes.every(({ heard }) => heard.announcements.length === 4));
// Figures are read while sockets are quiet: in flight nothing is counted at both ends.
const sum = (of: 'bytesSent' | 'bytesReceived'): number =>
  nodes.reduce((bytes, { transport }) => bytes + transport.figures[of], 0);
let last = -1;
let after = kernel();
await until('quiet', () => {
  const isQuiet =
    sum('bytesSent') === sum('bytesReceived') && last === sum('bytesSent') && kernel().bytes === after.bytes;
  last = sum('bytesSent');
  after = kernel();
  return isQuiet;
});
process.stdout.write(
  `${JSON.stringify({
    bytesSent: sum('bytesSent'),
    bytesReceived: sum('bytesReceived'),
    sockets: nodes.reduce((count, { transport }) => count + transport.figures.sockets, 0),
    kernelBytes: after.bytes - before.bytes,
    kernelPackets: after.packets - before.packets,
    retransmitted: after.retransmitted - before.retransmitted,
    duplicates: after.duplicates - before.duplicates,
    framesReceived: received(),
    frameBytes: frames * frameSize,
  })}\n`,
);
await stopAll(nodes);
