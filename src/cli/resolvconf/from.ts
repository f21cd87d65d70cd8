// What `--from` names: a Pod, a workload whose first Pod is meant, or a namespace.

/** A mistake in what was typed or asked for, in words for a person. */
export class PodDnsMistake extends Error {}

export type PodKind =
  | 'Pod'
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'ReplicaSet'
  | 'ReplicationController'
  | 'Job'
  | 'CronJob'

export type From =
  | { readonly kind: 'Namespace'; readonly namespace: string }
  | { readonly kind: PodKind; readonly namespace: string; readonly name: string }

/** kubectl's words; the first one is how labdns writes it. */
const WORDS: Readonly<Record<PodKind | 'Namespace', readonly string[]>> = {
  Pod: ['pod', 'po', 'pods'],
  Deployment: ['deploy', 'deployment', 'deployments', 'deployment.apps'],
  StatefulSet: ['sts', 'statefulset', 'statefulsets', 'statefulset.apps'],
  DaemonSet: ['ds', 'daemonset', 'daemonsets', 'daemonset.apps'],
  ReplicaSet: ['rs', 'replicaset', 'replicasets', 'replicaset.apps'],
  ReplicationController: ['rc', 'replicationcontroller', 'replicationcontrollers'],
  Job: ['job', 'jobs', 'job.batch'],
  CronJob: ['cronjob', 'cj', 'cronjobs', 'cronjob.batch'],
  Namespace: ['ns', 'namespace', 'namespaces']
}

const KINDS = new Map(
  Object.entries(WORDS).flatMap(([kind, words]) => words.map(word => [word, kind as PodKind | 'Namespace']))
)

export const POD_KINDS = Object.keys(WORDS).filter((kind): kind is PodKind => kind !== 'Namespace')

/** `pod/shop/web-0`; without a namespace that of `namespace`. Throws PodDnsMistake. */
export function readFrom(text: string, namespace = 'default'): From {
  const [word = '', ...parts] = text.split('/')
  const kind = KINDS.get(word.toLowerCase())
  if (kind === undefined) {
    throw new PodDnsMistake(
      `--from ${shown(text)}: ${JSON.stringify(clipped(word))} is no kind of Pods; ${EXPECTED}`
    )
  }
  const isWhole = parts.every(part => part !== '')
  const [first, second] = parts
  if (kind === 'Namespace') {
    if (parts.length === 1 && isWhole && first !== undefined) return { kind, namespace: first }
  } else if (isWhole && parts.length === 2 && first !== undefined && second !== undefined) {
    return { kind, namespace: first, name: second }
  } else if (isWhole && parts.length === 1 && first !== undefined) return { kind, namespace, name: first }
  throw new PodDnsMistake(`--from ${shown(text)}: ${EXPECTED}`)
}

const EXPECTED =
  'expected pod/NAMESPACE/NAME, deploy/NAMESPACE/NAME (or sts, ds, rs, job, cronjob), or ns/NAMESPACE'

/** `deploy/shop/web`: as `--from` takes it. */
export function fromText(from: From): string {
  const word = WORDS[from.kind][0] ?? ''
  return from.kind === 'Namespace' ? `${word}/${from.namespace}` : `${word}/${from.namespace}/${from.name}`
}

const CLIPPED_CHARACTERS = 100

/** A text as a message shows it: cut when it is long, on one line. */
export const clipped = (text: string): string =>
  text.length <= CLIPPED_CHARACTERS ? text : `${text.slice(0, CLIPPED_CHARACTERS)}…`

function shown(text: string): string {
  const cut = clipped(text)
  return /^[\w./-]+$/.test(cut) ? cut : JSON.stringify(cut)
}
