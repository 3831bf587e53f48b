/**
 * Figures of the wire codec: the frames of a poll at 100 vertices/s on a local network, where 29 vertices are undecided.
 * Owns: the frames that are measured. Does not own: the codec (node/host/wire).
 */

import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import { type Efforts, keep, sampleNs } from '#campaigns/targets/benchmark/sampling.ts';
import { decodeFrame } from '#node/host/wire/decode-frame.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import type { AnswerFrame, QueryFrame } from '#node/host/wire/frame.ts';
import { shortNames, writeName } from '#node/host/wire/vertex-name.ts';

const vertices = 29;
const reference = { poll: 70_000, slot: 3, attempt: 0 } as const;

export function measureWire({ loop }: Efforts): JobResult {
  const ids = Uint8Array.from({ length: 32 * vertices }, (_, i) => i * 7);
  const short = shortNames(vertices);
  for (let i = 0; i < vertices; i++) writeName(ids, 32 * i, 9, short, 8 * i);
  const names = { salt: 9, short, long: new Uint8Array(0) };
  const query: QueryFrame = { kind: 'query', ...reference, names };
  const answer: AnswerFrame = { kind: 'answer', ...reference, vertices, no: [25], unknown: [26, 27, 28] };
  const [queryBytes, answerBytes] = [encodeFrame(query), encodeFrame(answer)];
  const encoding = (frame: QueryFrame | AnswerFrame) => (times: number) => {
    for (let i = 0; i < times; i++) keep(encodeFrame(frame).length);
  };
  const decoding = (bytes: Uint8Array) => (times: number) => {
    for (let i = 0; i < times; i++) keep(decodeFrame(bytes).kind.length);
  };
  const naming = (times: number): void => {
    for (let i = 0; i < times; i++) {
      writeName(ids, 0, i, short, 0);
      keep(short[6]!);
    }
  };
  return {
    samples: {
      'wire.query-encode': sampleNs(loop, encoding(query)),
      'wire.query-decode': sampleNs(loop, decoding(queryBytes)),
      'wire.answer-encode': sampleNs(loop, encoding(answer)),
      'wire.answer-decode': sampleNs(loop, decoding(answerBytes)),
      'wire.name': sampleNs(loop, naming),
    },
    facts: { queryBytes: queryBytes.length, answerBytes: answerBytes.length },
  };
}
