/**
 * Writes the published JSON Schemas into schemas/: run it after a change of a schema.
 * Owns: the files. Does not own: their content (campaigns/published-schemas.ts).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedSchemas } from '#campaigns/published-schemas.ts';

const folder = join(import.meta.dirname, '..', 'schemas');
mkdirSync(folder, { recursive: true });
for (const { file, schema } of publishedSchemas()) {
  writeFileSync(join(folder, file), `${JSON.stringify(schema, null, 2)}\n`);
  process.stderr.write(`schemas/${file}\n`);
}
