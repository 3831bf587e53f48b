/**
 * Crashes at random moments: a property over seeds, and the planted defects that it must catch.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Archive } from '#node/host/store/archive.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { HostNetwork, type HostNetworkOptions } from '../../../support/host-network.ts';

const lan = networkProfiles.find(({ name }) => name === 'lan')!;
const nodes = 5;

function random(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
}

/** Load, and at random times crashes and restarts of any node. */
async function crashing(
  seed: number,
  options: Partial<HostNetworkOptions> = {},
  mustSettle = true,
): Promise<HostNetwork> {
  const draw = random(seed);
  const network = new HostNetwork({
    nodes,
    profile: lan,
    seed,
    consensus: { k: 3, alphaPreference: 2, alphaConfidence: 3, beta: 4 },
    ...options,
  });
  await network.start();
  for (let i = 0; i < 60; i++) {
    const number = draw(nodes);
    const cell = network.cells[number]!;
    if (cell.isUp) network.submit(number, draw(4) === 0 ? [1 + draw(6)] : []);
    if (draw(6) === 0 && cell.isUp) network.crash(number);
    const other = network.cells[draw(nodes)]!;
    if (draw(3) === 0 && !other.isUp) await network.restart(other.number);
    // Down to single microseconds, so that a crash falls between any two steps of a turn.
    await network.run(draw(2) === 0 ? draw(200) : draw(25_000));
  }
  for (const { number, isUp } of network.cells) if (!isUp) await network.restart(number);
  if (mustSettle)
    await network.until(() => network.isSettled(), 60_000_000, `seed ${seed}: finality after the last crash`);
  else await network.run(3_000_000);
  return network;
}

test('crashes at random moments never make a node equivocate or contradict itself', async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const network = await crashing(seed);
    network.assertSafe();
    assert.equal(network.sameSets().total, 0, `seed ${seed}`);
  }
});

/** The rules of safety that the first of these seeds to show anything breaks. */
async function broken(options: Partial<HostNetworkOptions>, seeds: number): Promise<string[]> {
  for (let seed = 1; seed <= seeds; seed++) {
    const network = await crashing(seed, options, false);
    const rules = Object.entries(network.safety().byRule).flatMap(([rule, count]) =>
      count > 0 ? [rule] : [],
    );
    if (network.contradictions.length > 0) rules.push('contradiction');
    if (rules.length > 0) return rules;
  }
  return [];
}

/** The archive with one of its promises broken. */
function weakened(archive: Archive, how: Partial<Archive>): Archive {
  return new Proxy(archive, {
    get: (target, name) => {
      const replaced = Reflect.get(how, name);
      const value = replaced ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('planted defect: own sequences begin anew after a restart', async () => {
  const lives = new Map<number, number>();
  const options: Partial<HostNetworkOptions> = {
    archiveOf: (number, archive) => {
      let next = 0;
      lives.set(number, (lives.get(number) ?? 0) + 1);
      return weakened(archive, { nextSequence: () => ++next });
    },
  };
  assert.ok((await broken(options, 6)).includes('honest-equivocation'));
});

test('planted defect: frames leave before what they depend on is on disk', async () => {
  const options: Partial<HostNetworkOptions> = {
    // It says that it is durable at once, and writes later: a crash in between loses it.
    archiveOf: (number, archive) =>
      weakened(archive, {
        commit: async (vertices, decisions) => {
          network?.clock.at(network.clock.nowUs() + 40_000, () => {
            if (network?.cells[number]?.archive === undefined) return;
            archive.commit(vertices, decisions).catch(() => undefined);
          });
        },
      }),
  };
  let network: HostNetwork | null = null;
  const original = HostNetwork.prototype.start;
  HostNetwork.prototype.start = function start(this: HostNetwork): Promise<void> {
    network = this;
    return original.call(this);
  };
  try {
    assert.ok((await broken(options, 10)).length > 0);
  } finally {
    HostNetwork.prototype.start = original;
  }
});

test('planted defect: decisions are forgotten by a restart', async () => {
  const options: Partial<HostNetworkOptions> = {
    archiveOf: (_number, archive) =>
      weakened(archive, { commit: (vertices) => archive.commit(vertices, []) }),
  };
  assert.ok((await broken(options, 6)).length > 0);
});
