/**
 * The configuration of one deployment: what the user wrote for the stack, with the size and the tags of this deployment.
 * Owns: these keys, the file that the engine reads, what is wrong with it before anything is deployed. Does not own: what keys mean
 * (infra/config.ts), or the engine.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { BudgetError } from '#budgets/budget-error.ts';
import { deploymentsOf, type PlannedDeployment } from '#campaigns/deployment-plan.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import { PROJECT, parseStackConfig, type StackConfig, stackFile } from '#infra/config.ts';
import { planStack, type StackPlan } from '#infra/plan/stack-plan.ts';
import { ConfigError } from '#node/config-problem.ts';

/** Folder of Pulumi.yaml. */
export const repository = path.resolve(import.meta.dirname, '../../..');

const settingsFile = z.looseObject({ config: z.record(z.string(), z.unknown()).default({}) });

/** Values of tags are lower case; together with the stack it is the key by which everything is found again. */
export function campaignTag(campaign: string): string {
  const tag = campaign
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 46);
  return tag.replace(/^-+|-+$/g, '') || 'campaign';
}

export interface SettingsRequest {
  readonly project: string;
  readonly campaign: string;
  readonly stack: string;
  readonly deployment: Pick<PlannedDeployment, 'name' | 'nodes' | 'nodesPerProcess'>;
}

/** As the file of the stack has it, with this deployment's own keys. */
function configOf({ project, campaign, stack, deployment }: SettingsRequest): {
  readonly whole: Record<string, unknown>;
  readonly config: Record<string, unknown>;
} {
  const file = path.join(project, stackFile(stack));
  const whole = existsSync(file)
    ? settingsFile.parse(parse(readFileSync(file, 'utf8')) ?? {})
    : { config: {} };
  const tag = campaignTag(campaign);
  const own = {
    [`${PROJECT}:nodes`]: deployment.nodes,
    [`${PROJECT}:nodesPerProcess`]: deployment.nodesPerProcess,
    [`${PROJECT}:campaign`]: tag,
    [`${PROJECT}:run`]: `${tag}-${deployment.name}`,
  };
  return { whole, config: { ...whole.config, ...own } };
}

/** Numbers, lists and records as JSON: the form in which the engine hands them to the program. */
function asTexts(config: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

export interface Settings {
  readonly config: StackConfig;
  readonly plan: StackPlan;
}

/** Throws ConfigError or BudgetError. */
export function readSettings(request: SettingsRequest, now: Date): Settings {
  const { config: written } = configOf(request);
  const config = parseStackConfig(request.stack, asTexts(written));
  const at = `${now.toISOString().slice(0, 19)}Z`;
  return { config, plan: planStack(config, { stack: request.stack, now: at }) };
}

/** Writes the file that the engine reads in place of the stack's own, which stays as it is. */
export function writeSettings(request: SettingsRequest, file: string): void {
  const { whole, config } = configOf(request);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, stringify({ ...whole, config }));
}

function hasPulumi(): boolean {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .some((folder) => folder !== '' && existsSync(path.join(folder, 'pulumi')));
}

/** What stands between a plan and its deployments on this machine, in words; empty when nothing does. */
export function deploymentObstacles(plan: Plan, now: Date = new Date()): string[] {
  const found = new Set<string>();
  if (!hasPulumi()) found.add('the program pulumi is not on PATH: https://www.pulumi.com/docs/install/');
  for (const deployment of deploymentsOf(plan)) {
    const { campaign, stack } = plan;
    try {
      const { config } = readSettings({ project: repository, campaign, stack, deployment }, now);
      if (config.platform === 'gcp')
        found.add('on GCP nothing proves that a teardown left nothing: use platform aws, or a kubeContext');
    } catch (error) {
      if (error instanceof ConfigError)
        for (const { path: key, message, remedy } of error.problems)
          found.add(`${key} ${message}; ${remedy}`);
      else if (error instanceof BudgetError) found.add(error.message.split('\n')[0] ?? '');
      else throw error;
    }
  }
  return [...found];
}
