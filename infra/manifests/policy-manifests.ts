/**
 * Who may speak with whom in the two namespaces of a run: nobody, but for what is listed here.
 * Owns: the network policies. Does not own: that the cluster enforces them (platforms/), addresses of its pods.
 *
 * Nodes are named by the address range of pods, not by labels: a selector over 10,000 pods is expanded into 10,000 addresses.
 */
import type { types } from '@pulumi/kubernetes';
import {
  type App,
  appLabel,
  apps,
  labelsOf,
  type ManifestGround,
  type NetworkPolicy,
  namesOf,
  ports,
} from '#infra/manifests/manifest.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';

type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Port = types.input.networking.v1.NetworkPolicyPort;
interface Way {
  readonly peers: readonly Peer[];
  readonly ports: readonly Port[];
}

const tcp = (port: number, endPort?: number): Port => ({
  protocol: 'TCP',
  port,
  ...(endPort === undefined || endPort === port ? {} : { endPort }),
});
const podsCalled = (app: App): Peer => ({ podSelector: { matchLabels: { [appLabel]: app } } });
const podsIn = (namespace: string, app: App): Peer => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  ...podsCalled(app),
});

const dns: Way = {
  peers: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

interface Opening {
  readonly app: App;
  readonly namespace: string;
  readonly incoming: readonly Way[];
  readonly outgoing: readonly Way[];
}

function policy(plan: StackPlan, { app, namespace, incoming, outgoing }: Opening): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: app, namespace, labels: labelsOf(plan) },
    spec: {
      podSelector: { matchLabels: { [appLabel]: app } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: incoming.map(({ peers, ports: open }) => ({ from: [...peers], ports: [...open] })),
      egress: outgoing.map(({ peers, ports: open }) => ({ to: [...peers], ports: [...open] })),
    },
  };
}

function nobody(plan: StackPlan, namespace: string): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'nobody', namespace, labels: labelsOf(plan) },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  };
}

function openings(plan: StackPlan, { podCidrs }: ManifestGround): readonly Opening[] {
  const { network, metrics } = namesOf(plan);
  const pods = podCidrs.map((cidr): Peer => ({ ipBlock: { cidr } }));
  const peers: Way = { peers: pods, ports: [tcp(ports.peers, ports.peers + plan.nodesPerProcess - 1)] };
  // The API server is no pod; its address is the cluster's affair.
  const api: Way = { peers: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [tcp(443), tcp(6443)] };
  const to = (peer: Peer, port: number): Way => ({ peers: [peer], ports: [tcp(port)] });
  return [
    {
      app: apps.node,
      namespace: network,
      incoming: [peers, to(podsIn(metrics, apps.agent), ports.admin)],
      outgoing: [peers, to(podsCalled(apps.conductor), ports.conductor), dns],
    },
    {
      app: apps.conductor,
      namespace: network,
      incoming: [{ peers: [...pods, podsIn(metrics, apps.agent)], ports: [tcp(ports.conductor)] }],
      outgoing: [],
    },
    { app: apps.drawer, namespace: network, incoming: [], outgoing: [api, dns] },
    {
      app: apps.agent,
      namespace: metrics,
      incoming: [],
      outgoing: [
        api,
        dns,
        { peers: pods, ports: [tcp(ports.admin)] },
        to(podsIn(network, apps.conductor), ports.conductor),
        to(podsCalled(apps.database), ports.database),
      ],
    },
    {
      app: apps.database,
      namespace: metrics,
      incoming: [
        {
          peers: [podsCalled(apps.agent), podsCalled(apps.alerts), podsCalled(apps.grafana)],
          ports: [tcp(ports.database)],
        },
      ],
      outgoing: [],
    },
    {
      app: apps.alerts,
      namespace: metrics,
      incoming: [],
      outgoing: [dns, to(podsCalled(apps.database), ports.database)],
    },
    {
      app: apps.grafana,
      namespace: metrics,
      incoming: [],
      outgoing: [dns, to(podsCalled(apps.database), ports.database)],
    },
  ];
}

export function policyManifests(plan: StackPlan, ground: ManifestGround): readonly NetworkPolicy[] {
  const { network, metrics } = namesOf(plan);
  return [
    nobody(plan, network),
    nobody(plan, metrics),
    ...openings(plan, ground).map((opening) => policy(plan, opening)),
  ];
}
