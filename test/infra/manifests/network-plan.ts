/**
 * Plans of the four sizes for tests of manifests, made by the product's own planner.
 * Owns: these plans and a ground with the labels of a cloud. Does not own: expectations.
 */
import { parseStackConfig } from '#infra/config.ts';
import type { ManifestGround } from '#infra/manifests/manifest.ts';
import { planStack, type StackPlan } from '#infra/plan/stack-plan.ts';
import { placementOn } from '#infra/platforms/ground.ts';

export const testImage = `registry.test/bft-scale@sha256:${'0123456789abcdef'.repeat(4)}`;

export interface PlanChoice {
  readonly nodes: number;
  readonly nodesPerProcess?: number;
  readonly pod?: Readonly<Record<string, number>>;
  readonly run?: string;
  readonly image?: string;
}

export function networkPlan(choice: PlanChoice): StackPlan {
  const { nodes, nodesPerProcess = 1, pod, run = 'r1', image = testImage } = choice;
  const config = parseStackConfig('test', {
    'bft-scale:platform': 'local',
    'bft-scale:phase': 'phase2',
    'bft-scale:campaign': 'manifests',
    'bft-scale:run': run,
    'bft-scale:owner': 'tests',
    'bft-scale:nodes': String(nodes),
    'bft-scale:nodesPerProcess': String(nodesPerProcess),
    'bft-scale:image': image,
    ...(pod === undefined ? {} : { 'bft-scale:pod': JSON.stringify(pod) }),
  });
  return planStack(config, { stack: 'test', now: '2026-11-29T00:00:00Z' });
}

export const cloudGround: ManifestGround = {
  podCidrs: ['100.64.0.0/16', '100.65.0.0/16'],
  placement: { nodes: placementOn('nodes'), system: placementOn('system'), metrics: placementOn('metrics') },
};

/** No labels, no taints: any node will do. */
export const anyGround: ManifestGround = {
  podCidrs: ['127.0.0.0/8'],
  placement: {
    nodes: { nodeSelector: {}, tolerations: [] },
    system: { nodeSelector: {}, tolerations: [] },
    metrics: { nodeSelector: {}, tolerations: [] },
  },
};

export const shownMoney = {
  usdPerHour: '91.50',
  capUsd: '1000',
  since: '2026-11-29T00:00:00Z',
  deadline: '2026-11-29T03:00:00Z',
};
