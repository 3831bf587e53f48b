/**
 * The files of a finished run as they come from a conductor, believed only when every hash is right.
 * Owns: that proof. Does not own: the way they come (conductor-link.ts), storing them (results/writer.ts).
 */
import { z } from 'zod';
import { sha256Hex } from '#budgets/sha256.ts';
import { runResult, runSeries } from '#campaigns/results/schema.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';

const manifestShape = z.looseObject({
  cell: z.string(),
  files: z.record(z.string(), z.looseObject({ sha256: z.string() })),
});

/** Rejects when a file was cut short or changed on its way. */
export async function collectCell(
  cell: string,
  manifestSha256: string,
  read: (name: string) => Promise<string>,
): Promise<RunOutcome> {
  const manifestText = await read('manifest.json');
  if (sha256Hex(manifestText) !== manifestSha256) throw new Error(`the manifest of cell ${cell} was changed`);
  const manifest = manifestShape.parse(JSON.parse(manifestText));
  const proven = async (name: string): Promise<string> => {
    const text = await read(name);
    if (sha256Hex(text) !== manifest.files[name]?.sha256)
      throw new Error(`${name} of cell ${cell} was changed`);
    return text;
  };
  const result = runResult.parse(JSON.parse(await proven('result.json')));
  const series = runSeries.parse(JSON.parse(await proven('series.json')));
  const events = (await proven('events.jsonl')).split('\n').filter((line) => line !== '');
  return { result, series, events };
}
