/**
 * Consensus parameters as they are written: any subset; the rest follows from the scale.
 * Owns: the written form in a file and on the command line (k=50,alpha=40,...).
 * Does not own: the defaults (consensus-defaults.ts) or the inequalities (node/core/params.ts).
 */
import { z } from 'zod';
import { ConfigError, optionProblem, type Problem } from '#campaigns/config-error.ts';
import { IssueReader } from '#campaigns/schema/problems.ts';
import { positiveDurationUs, whole } from '#campaigns/schema/record.ts';
import { record, suggestion } from '#node/config-names.ts';
import { maximumSampleSize } from '#node/core/params.ts';

export const consensusSchema = record({
  k: whole(1, maximumSampleSize, 'peers asked in a poll').optional(),
  alpha: whole(1, maximumSampleSize, 'yes votes that move the counter').optional(),
  alphaPreference: whole(
    1,
    maximumSampleSize,
    'yes votes that move the preference; default alpha',
  ).optional(),
  beta: whole(1, 10_000, 'consecutive successful polls that finalise').optional(),
  rounds: whole(1, 1_000_000, 'polls without a decision that are a liveness failure').optional(),
  threshold: z.number().gt(0).lt(1).optional().meta({ description: 'confidence that must be reached' }),
  pollInterval: positiveDurationUs('shortest time between the starts of two polls').optional(),
  concurrentPolls: whole(1, 64, 'polls a node may have open at once').optional(),
  earlyEnd: z.boolean().optional().meta({ description: 'end a poll as soon as its outcome is certain' }),
  maxUndecided: whole(1, 1_000_000, 'undecided vertices at which a creator queues').optional(),
});

/** Times in microseconds. */
export type WrittenConsensus = z.output<typeof consensusSchema>;

/** Reads "k=50,alpha=40,pollInterval=20ms". Throws ConfigError. */
export function parseConsensusOption(text: string): WrittenConsensus {
  const option = '--consensus';
  const known = Object.keys(consensusSchema.shape);
  const fields: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const part of text.split(',')) {
    const [name = '', value, ...rest] = part.split('=').map((piece) => piece.trim());
    if (value === undefined || value === '' || rest.length > 0) {
      problems.push(
        optionProblem(option, `${JSON.stringify(part)} is not name=value`, 'like k=50,alpha=40,beta=15'),
      );
    } else if (!known.includes(name)) {
      problems.push(
        optionProblem(option, `unknown parameter ${JSON.stringify(name)}`, suggestion(name, known)),
      );
    } else if (Object.hasOwn(fields, name)) {
      problems.push(optionProblem(option, `${name} is written twice`, 'keep one of the two'));
    } else {
      fields[name] = scalar(value);
    }
  }
  const parsed = consensusSchema.safeParse(fields, { reportInput: true });
  if (!parsed.success) {
    const at = (path: readonly (string | number)[], message: string, remedy?: string): Problem =>
      optionProblem(`${option} ${path.join('.')}`, message, remedy);
    const reader = new IssueReader({ file: '', value: fields, problems: [], readable: true, at, atKey: at });
    reader.read(parsed.error.issues, []);
    problems.push(...reader.problems);
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

function scalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text;
}
