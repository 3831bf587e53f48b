/**
 * The secrets of a run, drawn next to where they are used and written as immutable Secrets of a cluster: once, whoever starts again.
 * Owns: drawing, writing, keeping what is already there. Does not own: who may read them (infra/manifests), the program (secrets-main.ts).
 *
 * Nothing is printed: no value of them leaves the cluster.
 */
import { randomBytes } from 'node:crypto';

export interface SecretsRequest {
  /** Address of the API server, like https://kubernetes.default.svc. */
  readonly api: string;
  /** Token of the service account. */
  readonly token: string;
  readonly network: string;
  readonly metrics: string;
}

export const runSecretName = 'run-secrets';
export const metricsSecretName = 'metrics-token';
/** Every value is 32 bytes of chance as hexadecimal text. */
export const secretKeys = ['conductor-token', 'admin-token', 'metrics-token', 'identity-seed'] as const;

type Data = Readonly<Record<string, string>>;

async function ask(
  { api, token }: SecretsRequest,
  method: string,
  route: string,
  body?: object,
): Promise<{ readonly status: number; readonly answer: unknown }> {
  const response = await fetch(`${api}/api/v1/namespaces/${route}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, answer: await response.json() };
}

function reasonOf(answer: unknown): string {
  const message: unknown =
    typeof answer === 'object' && answer !== null && 'message' in answer ? answer.message : '';
  return String(message).slice(0, 300);
}

/** True: written. False: there is one of that name already. Throws with what the API server said otherwise. */
async function create(
  request: SecretsRequest,
  namespace: string,
  name: string,
  data: Data,
): Promise<boolean> {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/part-of': 'bft-scale' } },
    type: 'Opaque',
    immutable: true,
    stringData: data,
  };
  const { status, answer } = await ask(request, 'POST', `${namespace}/secrets`, secret);
  if (status === 201) return true;
  if (status === 409) return false;
  throw new Error(`the secret ${name} cannot be written to ${namespace} (${status}): ${reasonOf(answer)}`);
}

async function metricsTokenOf(request: SecretsRequest): Promise<string> {
  const { network } = request;
  const { status, answer } = await ask(request, 'GET', `${network}/secrets/${runSecretName}`);
  const data = (answer as { data?: Data }).data?.['metrics-token'];
  if (status !== 200 || data === undefined)
    throw new Error(
      `the secret ${runSecretName} of ${network} cannot be read (${status}): ${reasonOf(answer)}`,
    );
  return Buffer.from(data, 'base64').toString('utf8');
}

/** Both secrets exist when it resolves; what existed before is kept. Resolves with what it did, in words without values. */
export async function drawRunSecrets(request: SecretsRequest): Promise<string> {
  const { network, metrics } = request;
  const drawn = Object.fromEntries(secretKeys.map((key) => [key, randomBytes(32).toString('hex')]));
  const isNew = await create(request, network, runSecretName, drawn);
  const token = isNew ? drawn['metrics-token']! : await metricsTokenOf(request);
  await create(request, metrics, metricsSecretName, { 'metrics-token': token });
  return isNew ? 'secrets were drawn' : 'secrets were there already';
}
