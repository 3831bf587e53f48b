#!/usr/bin/env node
/**
 * The program of the job that draws the secrets of a run inside its cluster.
 * Owns: its variables and exit codes. Does not own: the secrets (run-secrets.ts).
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodes } from '#campaigns/exit-code.ts';
import { drawRunSecrets } from '#campaigns/run-secrets.ts';

/** BFT_SECRETS_<name>; a container is told so by infra/manifests/secret-manifests.ts. */
function variable(name: string): string {
  const text = process.env[`BFT_SECRETS_${name}`] ?? '';
  if (text === '') {
    process.stderr.write(
      `environment: BFT_SECRETS_${name}: is missing (this program runs as a job of a cluster)\n`,
    );
    process.exit(exitCodes.invalid);
  }
  return text;
}

const folder = variable('API_FOLDER');
const [api, network, metrics] = [variable('API'), variable('NAMESPACE'), variable('METRICS_NAMESPACE')];
try {
  const token = readFileSync(path.join(folder, 'token'), 'utf8').trim();
  process.stdout.write(`${await drawRunSecrets({ api, token, network, metrics })}\n`);
} catch (error) {
  process.stderr.write(
    `could not draw the secrets: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = exitCodes.deployFailed;
}
