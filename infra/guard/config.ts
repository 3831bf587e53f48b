/**
 * The configuration of the guard project: one account, who is told, where the state lies.
 * Owns: its keys and their checks. Does not own: the stacks that it guards (infra/config.ts).
 */
import { z } from 'zod';
import { record } from '#node/config-names.ts';
import { ConfigError, complaintsOf } from '#node/config-problem.ts';

export const GUARD_PROJECT = 'bft-scale-guard';

const written = record({
  account: z.string().regex(/^\d{12}$/, { message: 'is no AWS account: twelve digits' }),
  region: z.string().regex(/^[a-z]{2}-[a-z]+-\d$/, { message: 'is no AWS region' }),
  /** Comma-separated: who is told. */
  emails: z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()))
    .pipe(
      z
        .array(z.email({ message: 'is no e-mail address' }))
        .min(1)
        .max(10),
    ),
  /** Bucket of the Pulumi state: the accounts of the watchdog and the sources of the teardown lie beside it. */
  stateBucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { message: 'is no name of a bucket' }),
  stateKey: z
    .string()
    .regex(/^(alias|arn:aws:kms:[\w-]+:\d{12}:(alias|key))\/[\w/-]+$/, { message: 'is no KMS key or alias' })
    .default('alias/bft-scale-state'),
  dryRun: z.enum(['true', 'false']).default('false'),
});

export type GuardConfig = Readonly<z.output<typeof written>>;

/** `raw`: "namespace:key" to text. Throws ConfigError with every problem found. */
export function parseGuardConfig(stack: string, raw: Readonly<Record<string, string>>): GuardConfig {
  const own = Object.entries(raw).filter(([name]) => name.startsWith(`${GUARD_PROJECT}:`));
  const decoded = Object.fromEntries(own.map(([name, text]) => [name.slice(GUARD_PROJECT.length + 1), text]));
  const parsed = written.safeParse(decoded, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    complaintsOf(parsed.error.issues).map(({ path, message, remedy }) => ({
      file: `infra/guard/Pulumi.${stack}.yaml`,
      line: 0,
      path: `${GUARD_PROJECT}:${path.join('.')}`,
      message,
      remedy: remedy === '' ? `pulumi config set --cwd infra/guard ${path.join('.')} ...` : remedy,
    })),
  );
}
