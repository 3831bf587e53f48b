/** Messages between agent and conductor: what is written is read back, and what is not a message is an error with a code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { agentMessageBytesMost } from '#node/agent-fields.ts';
import {
  AgentProtocolError,
  type AgentProtocolErrorCode,
  type Assignment,
  agentMessage,
  type ConductorMessage,
  readAgentMessage,
  readConductorMessage,
  writeMessage,
} from '#node/agent-protocol.ts';
import { assignmentFor } from '#test/node/host/agent/sample-messages.ts';

function codeOf(act: () => unknown): AgentProtocolErrorCode {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof AgentProtocolError, String(error));
    return error.code;
  }
  return assert.fail('was accepted');
}

const clock = { offsetUs: -3, errorUs: 2, samples: 4 };

test('messages of both sides survive writing and reading', () => {
  const assignment: Assignment = assignmentFor(3, [0, 1]);
  const toAgent: ConductorMessage[] = [
    assignment,
    { kind: 'welcome', version: 1, lastSeq: 7 },
    {
      kind: 'fault',
      fault: 2,
      nodes: [0],
      fromUs: -5,
      untilUs: 5,
      effect: { kind: 'partition', groupOf: [0, 1, 1] },
    },
    { kind: 'load', item: [1, 2], node: [0, 1], dueUs: [5, 6], conflictKey: [0, 9] },
    { kind: 'stop', exit: true },
  ];
  for (const message of toAgent) assert.deepEqual(readConductorMessage(writeMessage(message)), message);
  const pushed = {
    kind: 'push',
    seq: 1,
    atUs: 12,
    clock,
    body: {
      kind: 'decisions',
      recovered: false,
      node: [0],
      vertex: [3],
      status: [1],
      rounds: [20],
      confidence: [0.97],
      atUs: [11],
    },
  } as const;
  assert.deepEqual(readAgentMessage(writeMessage(agentMessage.parse(pushed))), pushed);
});

test('what is wrong is refused with the place', () => {
  const assignment = assignmentFor(3, [0]);
  assert.equal(
    codeOf(() => readConductorMessage('{')),
    'not-json',
  );
  assert.equal(
    codeOf(() => readConductorMessage('[]')),
    'invalid',
  );
  assert.equal(
    codeOf(() => readConductorMessage('{"kind":"nuke"}')),
    'invalid',
  );
  assert.equal(
    codeOf(() =>
      readConductorMessage(
        writeMessage({ kind: 'welcome', version: 1, lastSeq: 1 }).replace('1}', '1,"x":2}'),
      ),
    ),
    'invalid',
  );
  assert.equal(
    codeOf(() => readAgentMessage('{"kind":"hello","version":2}')),
    'invalid',
  );
  assert.equal(
    codeOf(() => readConductorMessage(' '.repeat(agentMessageBytesMost + 1))),
    'too-long',
  );
  assert.throws(
    () =>
      readConductorMessage(
        JSON.stringify({ ...assignment, consensus: { ...assignment.consensus, beta: 0 } }),
      ),
    /consensus.beta/,
  );
  assert.throws(
    () =>
      readConductorMessage(
        JSON.stringify({ kind: 'load', item: [1], node: [], dueUs: [1], conflictKey: [0] }),
      ),
    /equally long/,
  );
  assert.throws(
    () =>
      readConductorMessage(
        JSON.stringify({
          kind: 'fault',
          fault: 1,
          nodes: [0],
          fromUs: 5,
          untilUs: 5,
          effect: { kind: 'disk-fail' },
        }),
      ),
    /untilUs/,
  );
});

test('whatever arrives, reading gives a message or an error with a code', () => {
  const kinds = fc.constantFrom(
    'hello',
    'ping',
    'state',
    'push',
    'bye',
    'welcome',
    'assignment',
    'load',
    'fault',
    'ack',
    'stop',
  );
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .tuple(
        kinds,
        fc.dictionary(
          fc.constantFrom('seq', 'body', 'clock', 'fault', 'nodes', 'item', 'version', 'agent'),
          fc.jsonValue(),
        ),
      )
      .map(([kind, rest]) => JSON.stringify({ kind, ...rest })),
  );
  fc.assert(
    fc.property(text, (message) => {
      for (const read of [readAgentMessage, readConductorMessage]) {
        try {
          read(message);
        } catch (error) {
          assert.ok(error instanceof AgentProtocolError, String(error));
          assert.ok(error.message.length <= 300);
        }
      }
    }),
    { numRuns: 1_500 },
  );
});

test('an assignment of 10,000 members fits into one message', () => {
  const message = writeMessage(assignmentFor(10_000, [0]));
  assert.ok(message.length < agentMessageBytesMost, `${message.length} bytes`);
});
