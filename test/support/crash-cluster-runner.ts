/**
 * As crash-runner.ts, for a campaign that deploys two networks into a cloud of files beside its folder.
 * Owns: nothing else.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { failpointsPassed } from '#campaigns/failpoint.ts';
import { createCampaign, runCampaign } from '#campaigns/operator.ts';
import { fakePlan, fakeRow, fakeServices } from '#test/support/fake-campaign.ts';
import { folderCloud, folderCloudName } from '#test/support/folder-cloud.ts';

const runs = process.argv[2] ?? '';
const rows = [fakeRow('FAKE-1/nodes=100', 2), fakeRow('FAKE-1/nodes=200', 1, { nodes: 200 })];
const isBegun = (name: string): boolean => existsSync(path.join(runs, name, 'plan.json'));
const begun = ['c1', 'c2'].find(isBegun);
const folder =
  begun === undefined
    ? createCampaign(runs, existsSync(path.join(runs, 'c1')) ? 'c2' : 'c1', () =>
        fakePlan('c1', rows, { target: 'kubernetes' }),
      )
    : path.join(runs, begun);
const never = new AbortController().signal;
const services = { ...fakeServices, cluster: folderCloud(path.join(runs, folderCloudName)) };
const end = await runCampaign(folder, services, { workers: 2, onEvent: () => {}, stop: never, leave: never });
process.stdout.write(JSON.stringify({ folder, exitCode: end.exitCode, points: failpointsPassed() }));
process.exit(0);
