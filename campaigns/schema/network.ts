/**
 * The network of a scenario: a named profile, or figures, or a profile with some figures replaced.
 * Owns: the written form and its resolution to NetworkProfile. Does not own: the named profiles (node/model).
 */
import { z } from 'zod';
import { durationRangeUs, quantity, share } from '#campaigns/schema/record.ts';
import { formatDurationUs, formatRate, formatShare, parseRateBitsPerSecond } from '#campaigns/units.ts';
import { record } from '#node/config-names.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';

export const networkNames: readonly string[] = networkProfiles.map((profile) => profile.name);

const profileName = z.enum(networkNames).meta({ description: 'a named profile; every delay is one way' });

const networkFigures = record({
  profile: profileName.optional(),
  one_way: durationRangeUs('delay of one message in one direction: least..most').optional(),
  spread: z
    .enum(['message', 'pair'])
    .optional()
    .meta({ description: 'jitter: every message draws a new delay, or a pair of nodes keeps its own' }),
  loss: share('messages lost, each direction').optional(),
  duplication: share('messages that arrive twice').optional(),
  reorder: share('messages held back for one more longest delay').optional(),
  bandwidth: quantity(parseRateBitsPerSecond, {
    description: 'of each node, each direction; left out = not limited',
    examples: ['100Mbps', '1Gbps'],
    pattern: '^\\d+(\\.\\d+)? ?(bps|Kbps|Mbps|Gbps)$',
  })
    .refine((rate) => rate >= 1_000, { message: 'must be at least 1Kbps' })
    .optional(),
});

export const networkSchema = z
  .union([profileName, networkFigures])
  .meta({ description: 'network conditions between two nodes' })
  .transform((written, context): NetworkProfile => {
    if (typeof written === 'string') return namedNetwork(written) ?? z.NEVER;
    const base = written.profile === undefined ? null : namedNetwork(written.profile);
    const oneWayUs = written.one_way ?? base?.oneWayUs;
    if (oneWayUs === undefined) {
      context.addIssue({
        code: 'custom',
        message: 'needs a profile or one_way',
        params: { remedy: 'one_way: 1ms..10ms' },
      });
      return z.NEVER;
    }
    const figures = {
      oneWayUs,
      spread: written.spread ?? base?.spread ?? 'message',
      loss: written.loss ?? base?.loss ?? 0,
      duplication: written.duplication ?? base?.duplication ?? 0,
      reorder: written.reorder ?? base?.reorder ?? 0,
      bandwidthBitsPerSecond: written.bandwidth ?? base?.bandwidthBitsPerSecond ?? null,
    };
    return { ...nameOf(base, figures), ...figures };
  });

type Figures = Omit<NetworkProfile, 'name' | 'source'>;

/** A profile keeps its name only when nothing was replaced: results are compared by name. */
function nameOf(base: NetworkProfile | null, figures: Figures): Pick<NetworkProfile, 'name' | 'source'> {
  if (base === null) return { name: 'custom', source: 'scenario' };
  const replaced: string[] = [];
  const delay = (range: readonly [number, number]): string => range.map(formatDurationUs).join('..');
  if (delay(figures.oneWayUs) !== delay(base.oneWayUs)) replaced.push(delay(figures.oneWayUs));
  if (figures.spread !== base.spread) replaced.push(`spread by ${figures.spread}`);
  for (const key of ['loss', 'duplication', 'reorder'] as const) {
    if (figures[key] !== base[key]) replaced.push(`${key} ${formatShare(figures[key])}`);
  }
  const rate = figures.bandwidthBitsPerSecond;
  if (rate !== base.bandwidthBitsPerSecond && rate !== null) replaced.push(formatRate(rate));
  if (replaced.length === 0) return { name: base.name, source: base.source };
  return {
    name: `${base.name} with ${replaced.join(', ')}`,
    source: `${base.source}; figures replaced by the scenario`,
  };
}

/** The profile that a resolved name was built on; null for "custom". */
export function baseNetwork(name: string): NetworkProfile | null {
  return namedNetwork(name.split(' with ')[0]!);
}

/** The profile of that name; null when there is none. */
export function namedNetwork(name: string): NetworkProfile | null {
  return networkProfiles.find((profile) => profile.name === name) ?? null;
}
