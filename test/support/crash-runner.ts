/**
 * Started as a process of its own by the crash tests: begins the campaign `c1` in a folder, or goes on with it.
 * Owns: nothing else. CRASH_AT in its environment kills it at that point (campaigns/failpoint.ts).
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { failpointsPassed } from '#campaigns/failpoint.ts';
import { createCampaign, runCampaign } from '#campaigns/operator.ts';
import { fakePlan, fakeRow, fakeServices, straddlingRow } from '#test/support/fake-campaign.ts';

const runs = process.argv[2] ?? '';
const folder = path.join(runs, 'c1');
const never = new AbortController().signal;

// A campaign whose plan never reached the disk was never begun: its empty folder stays, the next one has another name.
// The first row is only compared with. The second straddles its limit: it gets further repetitions until its time is used.
const compared = { ...fakeRow('FAKE-1/nodes=100', 2), criteria: [], comparison: true as const };
const rows = [compared, straddlingRow('FAKE-1/nodes=200', 3, { nodes: 200 })];
const campaign = existsSync(path.join(folder, 'plan.json'))
  ? folder
  : createCampaign(runs, existsSync(folder) ? 'c2' : 'c1', () => fakePlan('c1', rows));
const again = path.join(runs, 'c2');
const chosen = existsSync(path.join(again, 'plan.json')) ? again : campaign;
const end = await runCampaign(chosen, fakeServices, {
  workers: 2,
  onEvent: () => {},
  stop: never,
  leave: never,
});
process.stdout.write(JSON.stringify({ folder: chosen, exitCode: end.exitCode, points: failpointsPassed() }));
process.exit(0);
