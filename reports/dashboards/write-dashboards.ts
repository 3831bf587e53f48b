/**
 * Writes every dashboard beside this file as JSON, for Grafana's provisioning: `node reports/dashboards/write-dashboards.ts`.
 * Owns: names of the files. Does not own: their content. A test holds the committed files against what would be written.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { boards } from '#reports/dashboards/boards.ts';
import { grafanaDashboard } from '#reports/dashboards/grafana-board.ts';

export const dashboardFolder = path.join(import.meta.dirname, 'grafana');

/** Name of the file -> its content. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    boards.map((board) => [
      `${board.uid}.golden.json`,
      `${JSON.stringify(grafanaDashboard(board), null, 2)}\n`,
    ]),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of dashboardFiles()) writeFileSync(path.join(dashboardFolder, name), text);
}
