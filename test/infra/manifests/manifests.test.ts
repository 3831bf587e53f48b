/**
 * The manifests of a network: sizes add up, every argument is one that the programs read, and the rules of security hold for every
 * object, whatever the plan. No cluster is needed; what an API server says stands in network.bed.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { conductorVariables } from '#campaigns/conductor/conductor-config.ts';
import { metricsSecretName, runSecretName, secretKeys } from '#campaigns/run-secrets.ts';
import { appLabel, type Manifest, namesOf } from '#infra/manifests/manifest.ts';
import { metricsManifests } from '#infra/manifests/metrics-manifests.ts';
import { networkManifests } from '#infra/manifests/network-manifests.ts';
import { podsOf } from '#infra/manifests/node-manifests.ts';
import { metricsSecret, runSecret } from '#infra/manifests/secret-manifests.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import { settings } from '#node/config.ts';
import { ConfigError } from '#node/config-problem.ts';
import { cloudGround, networkPlan, shownMoney, testImage } from '#test/infra/manifests/network-plan.ts';

interface Mount {
  readonly name: string;
}
interface ContainerShape {
  readonly image: string;
  readonly args?: string[];
  readonly env?: { name: string }[];
  readonly resources: { requests: Record<string, string>; limits: Record<string, string> };
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts?: Mount[];
}
interface PodShape {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly hostNetwork?: boolean;
  readonly nodeSelector: Record<string, string>;
  readonly tolerations: { key: string }[];
  readonly containers: ContainerShape[];
  readonly volumes: (Mount & Record<string, unknown>)[];
  readonly securityContext: Record<string, unknown>;
}
interface Workload {
  readonly kind: string;
  readonly metadata: { name: string; namespace: string; annotations: Record<string, string> };
  readonly spec: {
    readonly replicas: number;
    readonly podManagementPolicy?: string;
    readonly serviceName?: string;
    readonly volumeClaimTemplates?: unknown;
    readonly template: { metadata: { labels: Record<string, string> }; spec: PodShape };
  };
}

function all(plan: StackPlan): readonly Manifest[] {
  return [...networkManifests(plan, cloudGround, shownMoney), ...metricsManifests(plan, cloudGround)];
}

const plain = <T>(value: unknown): T => JSON.parse(JSON.stringify(value)) as T;
const workloads = (manifests: readonly Manifest[]): Workload[] =>
  plain<Workload[]>(manifests.filter(({ kind }) => /^(StatefulSet|Deployment|Job)$/.test(kind)));
const nodesIn = (manifests: readonly Manifest[]): Workload[] =>
  workloads(manifests).filter(({ kind }) => kind === 'StatefulSet');

test('any size becomes shards of at most 100 pods that hold every node once', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.constantFrom(1, 2, 10, 20));
  fc.assert(
    fc.property(sizes, ([pods, each]) => {
      const plan = networkPlan({ nodes: pods * each, nodesPerProcess: each });
      const sets = nodesIn(networkManifests(plan, cloudGround, null));
      assert.equal(
        sets.reduce((sum, { spec }) => sum + spec.replicas, 0),
        pods,
      );
      assert.ok(sets.every(({ spec }) => spec.replicas >= 1 && spec.replicas <= 100));
      assert.equal(new Set(sets.map(({ metadata }) => metadata.name)).size, sets.length);
      assert.equal(podsOf(plan), pods);
    }),
    { numRuns: 40, seed: 3 },
  );
});

test('a network of 10,000 is 100 sets of 100, one in ten scraped, and stays far below the limits of the engine', () => {
  const manifests = all(networkPlan({ nodes: 10_000 }));
  const sets = nodesIn(manifests);
  assert.equal(sets.length, 100);
  const sampled = sets.filter(({ spec }) => spec.template.metadata.labels['bft/sampled'] === 'true');
  assert.equal(sampled.length, 10);
  assert.ok(manifests.length < 160, `${manifests.length} objects`);
  for (const { metadata, spec } of sets) {
    assert.equal(metadata.annotations['pulumi.com/skipAwait'], 'true');
    assert.equal(spec.podManagementPolicy, 'Parallel');
    assert.equal(spec.volumeClaimTemplates, undefined);
    // A name only: no Service of 100 endpoints stands behind it.
    assert.ok(
      !manifests.some((other) => other.kind === 'Service' && other.metadata.name === spec.serviceName),
    );
  }
});

test('whatever lies in a namespace comes after it, and pods come after what admits them', () => {
  const manifests = all(networkPlan({ nodes: 200 }));
  const seen = new Set<string>();
  for (const { kind, metadata } of manifests) {
    if (kind === 'Namespace') seen.add(metadata.name);
    else if (metadata.namespace !== undefined)
      assert.ok(seen.has(metadata.namespace), `${kind} ${metadata.name}`);
  }
  const at = (kind: string): number => manifests.findIndex((manifest) => manifest.kind === kind);
  assert.ok(
    at('PriorityClass') < at('Job') && at('NetworkPolicy') < at('Job') && at('ResourceQuota') < at('Job'),
  );
});

test('nodes go to the measured pool and bear its taint; conductor and metrics go elsewhere', () => {
  for (const { metadata, spec } of workloads(all(networkPlan({ nodes: 200 })))) {
    const pod = spec.template.spec;
    const app = spec.template.metadata.labels[appLabel];
    const pool = app === 'bft-node' ? 'nodes' : metadata.namespace === 'bft-r1' ? 'system' : 'metrics';
    assert.equal(pod.nodeSelector['bft/pool'], pool, metadata.name);
    assert.equal(pod.tolerations.length, pool === 'system' ? 0 : 1, metadata.name);
  }
});

test('every argument and variable is one that the program of the image reads', () => {
  const manifests = all(networkPlan({ nodes: 20, nodesPerProcess: 10 }));
  const known = new Set([...settings.map(({ env }) => env), ...conductorVariables]);
  const names = JSON.stringify(manifests).matchAll(/"(BFT_(?:NODE|CONDUCTOR)_[A-Z_]+)"/g);
  const used = new Set([...names].map(([, name]) => name!));
  assert.deepEqual(
    [...used].filter((name) => !known.has(name)),
    [],
  );
  for (const name of ['BFT_NODE_DATA', 'BFT_NODE_CONDUCTOR_URL', 'BFT_CONDUCTOR_AGENTS', 'BFT_CONDUCTOR_OUT'])
    assert.ok(used.has(name), name);
  const roles = workloads(manifests).flatMap(({ spec }) =>
    spec.template.spec.containers.flatMap(({ image, args }) => (image === testImage ? (args ?? []) : [])),
  );
  assert.deepEqual([...new Set(roles)].sort(), ['conductor', 'node', 'secrets']);
});

test('the secrets that are drawn are the secrets that are mounted, and no object carries a value', () => {
  assert.deepEqual(Object.values(runSecret.keys).sort(), [...secretKeys].sort());
  assert.deepEqual([runSecret.name, metricsSecret.name], [runSecretName, metricsSecretName]);
  const manifests = all(networkPlan({ nodes: 100 }));
  assert.ok(!manifests.some((manifest) => (manifest.kind as string) === 'Secret'));
  const mounted = workloads(manifests).flatMap(({ spec }) =>
    spec.template.spec.volumes.flatMap((volume) => {
      const secret = volume['secret'] as { secretName: string; defaultMode: number } | undefined;
      return secret === undefined ? [] : [secret];
    }),
  );
  assert.ok(mounted.length >= 3);
  for (const { secretName, defaultMode } of mounted) {
    assert.ok([runSecret.name, metricsSecret.name].includes(secretName as never), secretName);
    assert.equal(defaultMode, 0o440);
  }
});

test('every pod is locked down: own user, read-only root, no rights, no token unless it speaks with the API', () => {
  for (const { metadata, spec } of workloads(all(networkPlan({ nodes: 100 })))) {
    const pod = spec.template.spec;
    assert.equal(pod.automountServiceAccountToken, false, metadata.name);
    assert.equal(pod.enableServiceLinks, false, metadata.name);
    assert.equal(pod.hostNetwork, undefined);
    assert.equal(pod.securityContext['runAsNonRoot'], true);
    assert.ok((pod.securityContext['runAsUser'] as number) > 0);
    const speaksWithApi = pod.volumes.some(({ name }) => name === 'api');
    assert.equal(speaksWithApi, /^(draw-secrets|bft-metrics-agent)$/.test(metadata.name), metadata.name);
    for (const { securityContext, resources } of pod.containers) {
      assert.equal(securityContext['allowPrivilegeEscalation'], false);
      assert.equal(securityContext['readOnlyRootFilesystem'], true);
      assert.deepEqual(securityContext['capabilities'], { drop: ['ALL'] });
      assert.deepEqual(securityContext['seccompProfile'], { type: 'RuntimeDefault' });
      for (const side of ['requests', 'limits'] as const)
        for (const what of ['cpu', 'memory'])
          assert.ok(resources[side][what], `${metadata.name} ${side} ${what}`);
    }
    for (const volume of pod.volumes) {
      const kinds = Object.keys(volume).filter((key) => key !== 'name');
      assert.ok(
        ['emptyDir', 'secret', 'configMap', 'projected'].includes(kinds[0]!),
        `${metadata.name} ${kinds}`,
      );
      if (kinds[0] === 'emptyDir')
        assert.ok((volume['emptyDir'] as { sizeLimit?: string }).sizeLimit, metadata.name);
    }
  }
});

test('nothing can bill on: no claims, no load balancers, and quotas that refuse them', () => {
  const plan = networkPlan({ nodes: 1_000 });
  const manifests = all(plan);
  for (const manifest of manifests)
    if (manifest.kind === 'Service')
      assert.equal(plain<{ spec: { type: string } }>(manifest).spec.type, 'ClusterIP');
  const quotas = plain<{ kind: string; spec: { hard: Record<string, string> } }[]>(
    manifests.filter(({ kind }) => kind === 'ResourceQuota'),
  );
  assert.equal(quotas.length, 2);
  for (const { spec } of quotas)
    for (const what of ['services.loadbalancers', 'services.nodeports', 'persistentvolumeclaims'])
      assert.equal(spec.hard[what], '0');
});

test('rights are four verbs: draw two secrets, look at pods; nodes and conductor have none', () => {
  const manifests = all(networkPlan({ nodes: 100 }));
  const roles = plain<
    { kind: string; metadata: { name: string }; rules: { resources: string[]; verbs: string[] }[] }[]
  >(manifests.filter(({ kind }) => kind === 'Role'));
  const rights = roles.flatMap(({ metadata, rules }) =>
    rules.flatMap(({ resources, verbs }) =>
      verbs.map((verb) => `${metadata.name} ${verb} ${resources.join()}`),
    ),
  );
  assert.deepEqual([...new Set(rights)].sort(), [
    'metrics-agent get pods',
    'metrics-agent list pods',
    'metrics-agent watch pods',
    'secret-drawer create secrets',
    'secret-drawer get secrets',
  ]);
  const bound = plain<{ subjects: { name: string }[] }[]>(
    manifests.filter(({ kind }) => kind === 'RoleBinding'),
  );
  const subjects = new Set(bound.flatMap(({ subjects: who }) => who.map(({ name }) => name)));
  assert.deepEqual([...subjects].sort(), ['metrics-agent', 'secret-drawer']);
});

test('both namespaces deny everything, enforce restricted pods, and every pod has its own opening', () => {
  const plan = networkPlan({ nodes: 20, nodesPerProcess: 10 });
  const { network, metrics } = namesOf(plan);
  const manifests = all(plan);
  const policies = plain<
    {
      metadata: { name: string; namespace: string };
      spec: { podSelector: object; ingress?: unknown; egress?: unknown };
    }[]
  >(manifests.filter(({ kind }) => kind === 'NetworkPolicy'));
  for (const namespace of [network, metrics]) {
    const denial = policies.find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === 'nobody',
    );
    assert.deepEqual(
      [denial?.spec.podSelector, denial?.spec.ingress, denial?.spec.egress],
      [{}, undefined, undefined],
    );
  }
  for (const { metadata, spec } of workloads(manifests)) {
    const app = spec.template.metadata.labels[appLabel];
    const own = policies.filter(
      ({ metadata: { name, namespace } }) => name === app && namespace === metadata.namespace,
    );
    assert.equal(own.length, 1, metadata.name);
  }
  const nodePolicy = JSON.stringify(policies.find(({ metadata }) => metadata.name === 'bft-node'));
  assert.match(nodePolicy, /"port":7000,"endPort":7009/);
  assert.match(nodePolicy, /100\.65\.0\.0\/16/);
  for (const manifest of manifests)
    if (manifest.kind === 'Namespace')
      assert.equal(manifest.metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted');
});

test('changed settings are another immutable object, the same settings the same one', () => {
  const nameOf = (plan: StackPlan): string =>
    all(plan).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('node-'))!
      .metadata.name;
  assert.equal(nameOf(networkPlan({ nodes: 20 })), nameOf(networkPlan({ nodes: 20 })));
  assert.notEqual(nameOf(networkPlan({ nodes: 20 })), nameOf(networkPlan({ nodes: 20, nodesPerProcess: 2 })));
  for (const manifest of all(networkPlan({ nodes: 20 })))
    if (manifest.kind === 'ConfigMap') assert.equal(manifest.immutable, true, manifest.metadata.name);
});

test('the agent asks the API server for sampled pods only, and the limits of the size stand in the alerts', () => {
  const manifests = metricsManifests(networkPlan({ nodes: 10_000 }), cloudGround);
  const dataOf = (prefix: string): Record<string, string> =>
    plain<{ data: Record<string, string> }>(
      manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(prefix)),
    ).data;
  const scrape = parse(dataOf('scrape')['scrape.yaml']!) as {
    scrape_configs: { kubernetes_sd_configs?: { selectors: { label: string }[] }[] }[];
  };
  assert.equal(
    scrape.scrape_configs[1]!.kubernetes_sd_configs![0]!.selectors[0]!.label,
    'app.kubernetes.io/name=bft-node,bft/sampled=true',
  );
  assert.match(dataOf('alerts')['alerts.yaml']!, /fleet_consensus_latency_seconds_bucket\[2m\]\)\)\) > 0\.5/);
  const dashboards = dataOf('dashboards');
  assert.equal(Object.keys(dashboards).length, 6);
  assert.ok(JSON.stringify(dashboards).length < 900_000, 'an object of the API server holds a mebibyte');
});

test('a plan without an image, or with nodes that do not fill their processes, is refused with the key', () => {
  const plan = networkPlan({ nodes: 100 });
  const refused = (broken: StackPlan): string => {
    try {
      networkManifests(broken, cloudGround, null);
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return error.message;
    }
    return assert.fail('was accepted');
  };
  assert.match(refused({ ...plan, image: null }), /bft-scale:image: is missing/);
  assert.match(
    refused(networkPlan({ nodes: 15, nodesPerProcess: 10 })),
    /nodesPerProcess: 15 nodes do not fill/,
  );
});
