// What Pods and workloads that stand in manifests say of DNS. No answer needs it: it is read for commands that ask.
import type { PodDnsSpec } from '../../pod-dns/pod-dns.ts'
import { podDns } from '../apps/trim-pod-dns.ts'
import { Fields, isMap, shownPath, type Flaw } from '../fields.ts'

export interface WrittenPodDns {
  /** Of the Pod, or of the template of the workload. */
  readonly spec: PodDnsSpec
  /** Empty when absent. */
  readonly uid: string
  /** What controls it: a Pod's ReplicaSet, a ReplicaSet's Deployment. */
  readonly owner: { readonly kind: string; readonly name: string } | undefined
  /** What an API server would refuse of it: `spec.dnsConfig.searches[0]: Invalid value: …`. */
  readonly flaws: readonly string[]
}

/** Where the spec of the Pods stands in each kind. */
const SPECS: Readonly<Record<string, { readonly group: string; readonly path: readonly string[] }>> = {
  Pod: { group: '', path: ['spec'] },
  ReplicationController: { group: '', path: ['spec', 'template', 'spec'] },
  Deployment: { group: 'apps', path: ['spec', 'template', 'spec'] },
  ReplicaSet: { group: 'apps', path: ['spec', 'template', 'spec'] },
  StatefulSet: { group: 'apps', path: ['spec', 'template', 'spec'] },
  DaemonSet: { group: 'apps', path: ['spec', 'template', 'spec'] },
  Job: { group: 'batch', path: ['spec', 'template', 'spec'] },
  CronJob: { group: 'batch', path: ['spec', 'jobTemplate', 'spec', 'template', 'spec'] }
}

/** Undefined for kinds that make no Pods. Never throws, whatever the value. */
export function podDnsIn(
  kind: string,
  apiVersion: string,
  value: Readonly<Record<string, unknown>>
): WrittenPodDns | undefined {
  const known = Object.hasOwn(SPECS, kind) ? SPECS[kind] : undefined
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
  if (known === undefined || known.group !== group) return undefined
  const flaws: Flaw[] = []
  let spec = new Fields(value, flaws)
  for (const step of known.path) spec = spec.map(step)
  const dns = podDns(spec)
  const metadata = isMap(value['metadata']) ? value['metadata'] : {}
  const { uid } = metadata
  return {
    spec: dns,
    uid: typeof uid === 'string' ? uid : '',
    owner: controllerIn(metadata),
    flaws: flaws.map(({ path, text }) => `${shownPath(path)}: ${text}`)
  }
}

function controllerIn(metadata: Readonly<Record<string, unknown>>): WrittenPodDns['owner'] {
  const references = metadata['ownerReferences']
  if (!Array.isArray(references)) return undefined
  const controller = (references as unknown[]).filter(isMap).find(each => each['controller'] === true)
  const { kind, name } = controller ?? {}
  return typeof kind === 'string' && typeof name === 'string' ? { kind, name } : undefined
}
