/**
 * Counters of a node against those of the kernel, on a loopback interface that nobody else uses.
 * Owns: the arithmetic of headers. Does not own: the traffic (loopback-traffic.ts).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { TransportName } from '#node/agent-fields.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const child = fileURLToPath(new URL('./loopback-traffic.ts', import.meta.url));
const report = z.object({
  bytesSent: z.number(),
  bytesReceived: z.number(),
  sockets: z.number(),
  kernelBytes: z.number(),
  kernelPackets: z.number(),
  retransmitted: z.number(),
  duplicates: z.number(),
  framesReceived: z.number(),
  frameBytes: z.number(),
});

/** IPv4 and TCP without options, the time stamp option of every later segment, the options of a first segment. */
const headerBytes = 40;
const timeStampBytes = 12;
const firstSegmentBytes = 20;
const duplicateBytes = 12;
/** IPv4 and UDP. */
const datagramHeaderBytes = 28;
/** The largest payload of a segment on the loopback interface. */
const mostSegmentBytes = 65_483;

/** A network namespace of its own has a loopback interface that nobody else uses. */
function isolated(...command: string[]): readonly [string, string[]] | null {
  for (const flags of [['--net'], ['--user', '--map-root-user', '--net']]) {
    if (spawnSync('unshare', [...flags, 'ip', 'link', 'set', 'lo', 'up']).status === 0)
      return ['unshare', [...flags, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command]];
  }
  return null;
}

describe('bytes', () => {
  const run = isolated(process.execPath, child);
  const reason =
    run === null ? 'NOT RUN: needs unshare and ip, with the right to make a network namespace' : false;

  const traffic = (transport: TransportName): z.infer<typeof report> => {
    const [command, args] = run!;
    const { status, stdout, stderr } = spawnSync(command, [...args, transport], {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(status, 0, stderr);
    const found = report.parse(JSON.parse(stdout));
    // Every byte was sent by one node and received by another.
    assert.equal(found.bytesSent, found.bytesReceived);
    assert.ok(found.bytesSent > found.frameBytes);
    return found;
  };

  test('QUIC: every datagram that the kernel counted is one of a node', { skip: reason }, () => {
    const { kernelBytes, kernelPackets, bytesSent } = traffic('quic');
    assert.equal(kernelBytes, bytesSent + kernelPackets * datagramHeaderBytes);
  });

  test('TCP: bytes counted at the sockets are those the kernel counted on the interface', {
    skip: reason,
  }, () => {
    const found = traffic('tcp');
    const headers =
      found.kernelPackets * (headerBytes + timeStampBytes) +
      // Two segments of a connection carry other options: 20 bytes instead of 12.
      found.sockets * (firstSegmentBytes - timeStampBytes) +
      found.duplicates * duplicateBytes;
    // A busy machine answers so late that the kernel sends segments again: their payload is in no counter of ours.
    const again = found.kernelBytes - found.bytesSent - headers;
    assert.ok(again >= found.retransmitted, `${again} bytes more, ${found.retransmitted} segments again`);
    assert.ok(again <= found.retransmitted * mostSegmentBytes, `${again} bytes that nobody sent`);
    assert.ok(again < 0.02 * found.bytesSent, `${again} of ${found.bytesSent}`);
  });
});
