/**
 * The log of a process: one JSON line per event on standard output.
 * Owns: the form, the level, and that no secret is ever written. Does not own: what is worth a line.
 */
import { type DestinationStream, destination, type Logger, pino } from 'pino';

/** What the parts of a node may do with the log. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

const secretNames = ['token', 'authorization', 'secret', 'seed', 'privateKey', 'secretKey', 'password'];
/** As fields of the record and one or two levels down, where requests and configurations keep them. */
const secretPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Of the process. */
  readonly name: string;
  /** Tokens of this process: their text is blotted out wherever it would appear, messages and errors included. */
  readonly secrets: readonly string[];
}

/** Lines are written at once: the last line before a crash is the one that matters. */
export function createLog(options: LogOptions, stream?: DestinationStream): Logger {
  const target = stream ?? destination({ dest: 1, sync: true });
  const blotting: DestinationStream = { write: (line) => target.write(blot(line, options.secrets)) };
  return pino(
    {
      name: options.name,
      level: options.level,
      redact: { paths: secretPaths, censor: '[secret]' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    blotting,
  );
}

function blot(line: string, secrets: readonly string[]): string {
  let clean = line;
  for (const secret of secrets) {
    // As it stands in JSON: a token with a quote is written with a backslash before it.
    const written = JSON.stringify(secret).slice(1, -1);
    if (written !== '' && clean.includes(written)) clean = clean.replaceAll(written, '[secret]');
  }
  return clean;
}
