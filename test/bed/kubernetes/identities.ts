/**
 * Keys, tokens and kubeconfig files of a control plane that lives for one test.
 * Owns: making them in a folder. Does not own: what they are used for (control-plane.ts). Needs the openssl program.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Identities {
  readonly certificate: string;
  readonly key: string;
  readonly tokens: string;
  /** Of the administrator. */
  readonly kubeconfig: string;
  readonly token: string;
  readonly controllerManager: string;
  readonly scheduler: string;
}

const subjects = 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc';

/** `server`: like https://127.0.0.1:12345. */
export function makeIdentities(folder: string, server: string): Identities {
  const file = (name: string): string => path.join(folder, name);
  const certificate = file('server.crt');
  const key = file('server.key');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=test-bed'];
  execFileSync('openssl', [...request, '-addext', subjects, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  });
  const write = (name: string, text: string): string => {
    writeFileSync(file(name), text, { mode: 0o600 });
    return file(name);
  };
  const draw = (): string => randomBytes(24).toString('hex');
  const drawn = { admin: draw(), 'kube-controller-manager': draw(), 'kube-scheduler': draw() };
  const config = (who: keyof typeof drawn): string =>
    write(`${who}.kubeconfig`, kubeconfigText({ server, certificate, user: who, token: drawn[who] }));
  const rows = Object.entries(drawn).map(([who, token]) =>
    who === 'admin' ? `${token},admin,admin,system:masters` : `${token},system:${who},system:${who}`,
  );
  return {
    certificate,
    key,
    tokens: write('tokens.csv', `${rows.join('\n')}\n`),
    kubeconfig: config('admin'),
    token: drawn.admin,
    controllerManager: config('kube-controller-manager'),
    scheduler: config('kube-scheduler'),
  };
}

interface Access {
  readonly server: string;
  readonly certificate: string;
  readonly user: string;
  readonly token: string;
}

/** JSON is YAML: no quoting to get wrong. */
export function kubeconfigText({ server, certificate, user, token }: Access): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bed', cluster: { server, 'certificate-authority': certificate } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'bed', context: { cluster: 'bed', user } }],
    'current-context': 'bed',
  });
}
