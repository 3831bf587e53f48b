/**
 * Stacks as a user would have them: the files of the repository plus what only the user can say.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { repository } from '#test/infra/engine/engine.ts';

export const stackNames = ['local', '1k-nodes', '5k-nodes', '10k-nodes'] as const;
export const cloudStacks = ['1k-nodes', '5k-nodes', '10k-nodes'] as const;
export const clouds = ['aws', 'gcp'] as const;

export const noon = '2026-12-01T12:00:00Z';

/** What the repository cannot know. */
export const userKeys: Readonly<Record<string, string>> = {
  'bft-scale:owner': 'someone',
  'bft-scale:image': `registry.invalid/bft-scale@sha256:${'a'.repeat(64)}`,
  'bft-scale:account': '000000000000',
  'bft-scale:project': 'bft-test-project',
  'bft-scale:apiAccessCidrs': '["203.0.113.7/32"]',
};

/** Configuration of a stack as Pulumi hands it to the program: every value as text, JSON for what is no text. */
export function configOf(stack: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const text = readFileSync(`${repository}/stacks/Pulumi.${stack}.yaml`, 'utf8');
  const { config }: { config: Record<string, unknown> } = parse(text);
  const written = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const ofUser = stack === 'local' ? {} : userKeys;
  return { ...Object.fromEntries(written), ...ofUser, ...more };
}

/** The same stack on another cloud: regions are not portable. */
export function onCloud(
  stack: string,
  cloud: 'aws' | 'gcp',
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const config = configOf(stack, { 'bft-scale:platform': cloud, ...more });
  if (cloud === 'gcp' && more['bft-scale:region'] === undefined) config['bft-scale:region'] = 'us-central1';
  return config;
}
