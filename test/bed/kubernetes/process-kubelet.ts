/**
 * A kubelet that runs pods as processes of this machine: the real programs of the image, with the environment, files and addresses
 * that the pod asks for. A test double of the kubelet, not the kubelet: no containers, no limits, no user of its own.
 * Owns: one node and the pods that the real scheduler bound to it. Does not own: how a process is started (pod-process.ts).
 *
 * Each pod gets a loopback address of its own (127.77.x.y), which stands for its network; names of services are resolved when a
 * process starts, which stands for DNS. Network policies are not enforced.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { Children } from '#campaigns/targets/processes/children.ts';
import { until } from '#test/bed/patience.ts';
import { isProbed, PodProcess, type ServiceLookup } from './pod-process.ts';
import { PortDoor } from './port-door.ts';

const roundMs = 200;

/** Images of others, metrics and dashboards, have no program here: their pods stay as they are. */
function isOfThisProduct(pod: V1Pod): boolean {
  return pod.spec?.containers[0]?.image?.includes('bft-scale@') === true;
}

export class ProcessKubelet {
  readonly name: string;
  readonly core: CoreV1Api;
  /** By uid. */
  readonly #pods = new Map<string, PodProcess>();
  readonly #children = new Children();
  readonly #server: string;
  readonly #door: PortDoor;
  #addresses = 0;
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();
  readonly #labels: Readonly<Record<string, string>>;
  /** What went wrong outside of pods; a test that waits in vain shows it. */
  readonly complaints: string[] = [];

  constructor(kubeconfig: string, name: string, labels: Readonly<Record<string, string>>) {
    this.name = name;
    this.#labels = labels;
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#server = config.getCurrentCluster()?.server ?? '';
    this.core = config.makeApiClient(CoreV1Api);
    const folder = path.dirname(kubeconfig);
    this.#door = new PortDoor(
      path.join(folder, 'server.crt'),
      path.join(folder, 'server.key'),
      (namespace, pod) => this.#addressOf(namespace, pod),
    );
  }

  /** Registers the node, Ready, and begins to look for pods. */
  async start(size: Readonly<Record<string, string>>): Promise<void> {
    const labels = { 'kubernetes.io/hostname': this.name, 'kubernetes.io/os': 'linux', ...this.#labels };
    await this.core.createNode({
      body: { apiVersion: 'v1', kind: 'Node', metadata: { name: this.name, labels } },
    });
    const node = await this.core.readNode({ name: this.name });
    // Controllers write to the node, too: whatever version they made, this is its status.
    delete node.metadata?.resourceVersion;
    node.status = {
      daemonEndpoints: { kubeletEndpoint: { Port: await this.#door.listen() } },
      capacity: { ...size },
      allocatable: { ...size },
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      conditions: [{ type: 'Ready', status: 'True', reason: 'TestBed', message: 'plays processes' }],
    };
    await this.core.replaceNodeStatus({ name: this.name, body: node });
    this.#loop = this.#run();
  }

  /** Ends every process. The API server may be gone already. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    await this.#door.close();
    for (const pod of this.#pods.values()) pod.forget();
    await this.#children.destroy();
  }

  get processes(): number {
    return [...this.#pods.values()].filter(({ isRunning }) => isRunning).length;
  }

  /** The end of what each pod said, for the message of a failing test. */
  logs(): string {
    return [...this.#pods.values()].map(({ name, log }) => `--- ${name}\n${log()}`).join('\n');
  }

  /** Ends the process of a pod as if its program had crashed. */
  async crash(pod: string): Promise<void> {
    const found = [...this.#pods.values()].find(({ name }) => name === pod);
    if (found === undefined) throw new Error(`there is no pod ${pod}`);
    await found.crash();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#round();
      } catch (error) {
        if (this.complaints.length < 50)
          this.complaints.push(error instanceof Error ? error.message.slice(0, 400) : String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, roundMs));
    }
  }

  async #round(): Promise<void> {
    const { items } = await this.core.listPodForAllNamespaces({
      fieldSelector: `spec.nodeName=${this.name}`,
    });
    await Promise.all(items.map((pod) => this.#care(pod)));
  }

  async #care(pod: V1Pod): Promise<void> {
    const uid = pod.metadata?.uid ?? '';
    let own = this.#pods.get(uid);
    if (own === undefined) {
      if (pod.metadata?.deletionTimestamp !== undefined) return await this.#remove(pod);
      if (!isOfThisProduct(pod)) return;
      own = this.#adopt(pod, uid);
      this.#pods.set(uid, own);
    }
    if (pod.metadata?.deletionTimestamp !== undefined) {
      if (await own.end()) await this.#remove(pod);
      return;
    }
    await own.step();
    await this.#report(pod, own);
  }

  #addressOf(namespace: string, name: string): string | null {
    const found = [...this.#pods.values()].find((pod) => pod.name === name && pod.namespace === namespace);
    return found?.isRunning === true ? found.address : null;
  }

  #adopt(pod: V1Pod, uid: string): PodProcess {
    this.#addresses += 1;
    const address = `127.77.${this.#addresses >> 8}.${this.#addresses & 255}`;
    const folder = path.join(this.#children.folder, uid);
    mkdirSync(folder, { recursive: true });
    return new PodProcess({
      pod,
      address,
      folder,
      children: this.#children,
      core: this.core,
      server: this.#server,
      lookup: this.#lookup,
    });
  }

  /** The address of a pod behind `service.namespace.svc.cluster.local`; null while there is none. */
  readonly #lookup: ServiceLookup = async (service, namespace) => {
    const found = await this.core.readNamespacedService({ name: service, namespace });
    const labelSelector = Object.entries(found.spec?.selector ?? {})
      .map((pair) => pair.join('='))
      .join(',');
    const { items } = await this.core.listNamespacedPod({ namespace, labelSelector });
    return items.find(({ status }) => status?.phase === 'Running')?.status?.podIP ?? null;
  };

  async #remove(pod: V1Pod): Promise<void> {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    try {
      await this.core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
    } catch (error) {
      if (!String(error).includes('404')) throw error;
    }
    this.#pods.delete(uid);
  }

  async #report(pod: V1Pod, own: PodProcess): Promise<void> {
    const wanted = own.status();
    const text = JSON.stringify(wanted);
    if (own.reported === text) return;
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const current = await this.core.readNamespacedPod({ name, namespace });
    if (current.metadata?.uid !== pod.metadata?.uid) return;
    delete current.metadata?.resourceVersion;
    current.status = { ...current.status, ...wanted };
    await this.core.replaceNamespacedPodStatus({ name, namespace, body: current });
    own.reported = text;
  }
}

/** Waits until every pod of a namespace is Ready; the message of a failure has the logs. */
export async function podsReady(
  kubelet: ProcessKubelet,
  namespace: string,
  pods: number,
  withinMs: number,
): Promise<void> {
  const ask = async (): Promise<true | null> => {
    const { items } = await kubelet.core.listNamespacedPod({ namespace });
    const ready = items.filter(
      (pod) =>
        isProbed(pod) &&
        pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
    return ready.length >= pods ? true : null;
  };
  try {
    await until(ask, { what: `${pods} pods Ready`, withinMs, everyMs: 500 });
  } catch (error) {
    throw new Error(`${String(error)}\n${kubelet.complaints.join('\n')}\n${kubelet.logs().slice(0, 6_000)}`);
  }
}
