/**
 * The sources that the unattended teardown runs, as an archive: what the program of a stack needs and no more.
 * Owns: the list. Does not own: uploading.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as pulumi from '@pulumi/pulumi';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['infra', 'budgets', 'node', 'stacks'] as const;
const FILES = ['package.json', 'package-lock.json', '.npmrc', 'Pulumi.yaml', 'tsconfig.json'] as const;

export function sourceArchive(): pulumi.asset.AssetArchive {
  return new pulumi.asset.AssetArchive({
    ...Object.fromEntries(FOLDERS.map((name) => [name, new pulumi.asset.FileArchive(path.join(ROOT, name))])),
    ...Object.fromEntries(FILES.map((name) => [name, new pulumi.asset.FileAsset(path.join(ROOT, name))])),
  });
}
