/**
 * Puts one typed manifest under Pulumi's care, as the resource class of its kind.
 * Owns: that mapping. Does not own: the manifests (infra/manifests), options such as provider and parent.
 */
import { Deployment } from '@pulumi/kubernetes/apps/v1/deployment.js';
import { StatefulSet } from '@pulumi/kubernetes/apps/v1/statefulSet.js';
import { Job } from '@pulumi/kubernetes/batch/v1/job.js';
import { ConfigMap } from '@pulumi/kubernetes/core/v1/configMap.js';
import { LimitRange } from '@pulumi/kubernetes/core/v1/limitRange.js';
import { Namespace } from '@pulumi/kubernetes/core/v1/namespace.js';
import { ResourceQuota } from '@pulumi/kubernetes/core/v1/resourceQuota.js';
import { Service } from '@pulumi/kubernetes/core/v1/service.js';
import { ServiceAccount } from '@pulumi/kubernetes/core/v1/serviceAccount.js';
import { NetworkPolicy } from '@pulumi/kubernetes/networking/v1/networkPolicy.js';
import { PodDisruptionBudget } from '@pulumi/kubernetes/policy/v1/podDisruptionBudget.js';
import { Role } from '@pulumi/kubernetes/rbac/v1/role.js';
import { RoleBinding } from '@pulumi/kubernetes/rbac/v1/roleBinding.js';
import { PriorityClass } from '@pulumi/kubernetes/scheduling/v1/priorityClass.js';
import type * as pulumi from '@pulumi/pulumi';
import type { Manifest } from '#infra/manifests/manifest.ts';
import type { KubernetesGround } from '#infra/platforms/ground.ts';

/** Options of everything in the cluster: it goes with the cluster, and never stands in the way of deleting it. */
export function clusterOptions(
  { provider, cluster }: KubernetesGround,
  parent: pulumi.Resource,
): pulumi.CustomResourceOptions {
  return { parent, provider, ...(cluster === null ? {} : { deletedWith: cluster }) };
}

/** Name of the resource: kind, and namespace and name of the object. */
function resourceName({ kind, metadata: { namespace, name } }: Manifest): string {
  return [kind.toLowerCase(), ...(namespace === undefined ? [] : [namespace]), name].join('-');
}

export function applyManifest(manifest: Manifest, options: pulumi.CustomResourceOptions): pulumi.Resource {
  const name = resourceName(manifest);
  switch (manifest.kind) {
    case 'Namespace':
      return new Namespace(name, manifest, options);
    case 'ConfigMap':
      return new ConfigMap(name, manifest, options);
    case 'Service':
      return new Service(name, manifest, options);
    case 'ServiceAccount':
      return new ServiceAccount(name, manifest, options);
    case 'ResourceQuota':
      return new ResourceQuota(name, manifest, options);
    case 'LimitRange':
      return new LimitRange(name, manifest, options);
    case 'StatefulSet':
      return new StatefulSet(name, manifest, options);
    case 'Deployment':
      return new Deployment(name, manifest, options);
    case 'Job':
      return new Job(name, manifest, options);
    case 'Role':
      return new Role(name, manifest, options);
    case 'RoleBinding':
      return new RoleBinding(name, manifest, options);
    case 'NetworkPolicy':
      return new NetworkPolicy(name, manifest, options);
    case 'PriorityClass':
      return new PriorityClass(name, manifest, options);
    case 'PodDisruptionBudget':
      return new PodDisruptionBudget(name, manifest, options);
  }
}

/**
 * One after the other by kind of dependence: namespaces first, then what pods need to be admitted, then pods. Without `cluster` the
 * objects are deleted one by one; with it they go with the cluster.
 */
export function applyManifests(
  manifests: readonly Manifest[],
  options: pulumi.CustomResourceOptions,
  before: readonly pulumi.Resource[],
): readonly pulumi.Resource[] {
  const isFirst = ({ kind }: Manifest): boolean => kind === 'Namespace' || kind === 'PriorityClass';
  const isLast = ({ kind }: Manifest): boolean => /^(StatefulSet|Deployment|Job)$/.test(kind);
  let dependsOn = [...before];
  const all: pulumi.Resource[] = [];
  for (const stage of [
    manifests.filter(isFirst),
    manifests.filter((manifest) => !isFirst(manifest) && !isLast(manifest)),
    manifests.filter(isLast),
  ]) {
    const made = stage.map((manifest) => applyManifest(manifest, { ...options, dependsOn }));
    all.push(...made);
    if (made.length > 0) dependsOn = made;
  }
  return all;
}
