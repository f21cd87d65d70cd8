// The API server of the cluster that a Pod runs in, asked as the Pod's service account. Small on purpose: this is what
// runs on every node that replaced CoreDNS, and client-node would take 78 MB of the 170 that such a Pod has.
import type { Files } from '../../runtime/files.ts'
import type { ApiConnection, ApiCredentials } from '../kube-api/connection.ts'
import { ConnectionError, readSmallFile, ReplaceableFile, tokenOf } from './connection-error.ts'

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The environment of a Pod, and the files that kubelet mounts into it. */
export interface PodRuntime {
  readonly files: Files
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Throws ConnectionError with CoreDNS's text outside of a Pod, or in one without a token. */
export function inClusterConnection(runtime: PodRuntime): ApiConnection {
  const { files, environment } = runtime
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? ''
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? ''
  if (host === '' || port === '') {
    throw new ConnectionError(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
      'outside of a Pod, say where the state of the cluster comes from: `--kubeconfig FILE`, `--manifests FOLDER` or `--apps FOLDER`, or `kubeconfig FILE`, `endpoint URL`, `manifests FOLDER` or `apps FOLDER` in this block'
    )
  }
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const text = `https://${address}`
  if (!URL.canParse(text)) {
    throw new ConnectionError(
      `KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address: ${text}`,
      'kubelet sets them to the address and port of the Service default/kubernetes'
    )
  }
  const token = new ReplaceableFile(files, `${FOLDER}/token`)
  const ca = new ReplaceableFile(files, `${FOLDER}/ca.crt`)
  const read = (): ApiCredentials => ({
    headers: { authorization: `Bearer ${tokenOf(token.read(NO_TOKEN), token.path)}` },
    tls: { ca: ca.read(NO_TOKEN) }
  })
  readSmallFile(files, token.path, NO_TOKEN)
  // Read for each request: kubelet replaces the token every hour or so, and the CA when the cluster's changes.
  return {
    base: new URL(text),
    host: address,
    name: `${text} (service account)`,
    origin: `the service account in ${FOLDER}`,
    credentials: () => settled(read)
  }
}

const NO_TOKEN =
  'kubelet mounts it: the Pod needs a service account, and automountServiceAccountToken must not be false'

/** A promise of what `read` gives, rejected with what it throws. */
export function settled<T>(read: () => T): Promise<T> {
  return new Promise(resolve => resolve(read()))
}
