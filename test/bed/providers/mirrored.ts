/**
 * A kind of resource that the stand-in provider puts into moto as well, and reading the untyped values of its inputs.
 * Owns: both. Does not own: kinds (aws-mirror.ts, aws-mirror-services.ts).
 */
import type { Properties } from './cloud-provider.ts';

export interface Mirrored {
  readonly create: (inputs: Properties, name: string) => Promise<Properties & { id: string }>;
  readonly remove: (id: string, outputs: Properties) => Promise<unknown>;
  readonly update?: (id: string, inputs: Properties) => Promise<unknown>;
  readonly exists?: (id: string) => Promise<boolean>;
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : String(value ?? ''));
export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : []);
export const number = (value: unknown): number => Number(value ?? 0);
export const record = (value: unknown): Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};

export function tagsOf(inputs: Properties): Record<string, string> {
  const tags = Object.entries(record(inputs['tagsAll'] ?? inputs['tags']));
  return Object.fromEntries(tags.map(([key, value]) => [key, text(value)]));
}
