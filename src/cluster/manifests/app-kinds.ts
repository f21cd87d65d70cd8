// The kinds of objects that are read from manifests of applications. Loaded only where there are such.
import type { WorkloadKind } from '../apps/app-objects.ts'
import { trimAppService } from '../apps/trim-app-service.ts'
import { DEFAULT_NAMESPACE } from '../apps/trim-fields.ts'
import { trimNetworkPolicy } from '../apps/trim-network-policy.ts'
import { trimAppPod } from '../apps/trim-pod.ts'
import { trimWorkload } from '../apps/trim-workload.ts'
import { isMap } from '../fields.ts'
import type { Trim } from '../trim.ts'
import { MANIFEST_KINDS, type Kinds, type KnownKind } from './kinds.ts'
import type { Held } from './reading.ts'

const workload = (kind: WorkloadKind, apiVersion: string, ...oldVersions: string[]): KnownKind => ({
  apiVersions: [apiVersion],
  oldVersions,
  trim: trimWorkload(kind)
})

const { Namespace, Endpoints, EndpointSlice, ServiceImport } = MANIFEST_KINDS.known

export const APP_KINDS: Kinds = {
  option: 'apps',
  known: {
    Namespace,
    Service: { apiVersions: ['v1'], trim: trimAppService },
    Pod: { apiVersions: ['v1'], trim: trimAppPod },
    Deployment: workload('Deployment', 'apps/v1', 'extensions/v1beta1', 'apps/v1beta1', 'apps/v1beta2'),
    ReplicaSet: workload('ReplicaSet', 'apps/v1', 'extensions/v1beta1', 'apps/v1beta2'),
    StatefulSet: workload('StatefulSet', 'apps/v1', 'apps/v1beta1', 'apps/v1beta2'),
    DaemonSet: workload('DaemonSet', 'apps/v1', 'extensions/v1beta1', 'apps/v1beta2'),
    ReplicationController: workload('ReplicationController', 'v1'),
    Job: workload('Job', 'batch/v1', 'extensions/v1beta1'),
    CronJob: workload('CronJob', 'batch/v1', 'batch/v1beta1', 'batch/v2alpha1'),
    Endpoints: defaulted(Endpoints),
    EndpointSlice: defaulted({ ...EndpointSlice, oldVersions: ['discovery.k8s.io/v1beta1'] }),
    ServiceImport: defaulted(ServiceImport),
    NetworkPolicy: {
      apiVersions: ['networking.k8s.io/v1'],
      oldVersions: ['extensions/v1beta1'],
      trim: trimNetworkPolicy
    }
  },
  defaultNamespace: DEFAULT_NAMESPACE,
  keep: (kind, apiVersion, value) =>
    kind === 'ConfigMap' && apiVersion === 'v1' ? corefileIn(value) : undefined
}

/** Objects that are taken as they are, but for what an API server fills in: the namespace, and the protocol of ports. */
function defaulted(known: KnownKind): KnownKind {
  const trim: Trim<Held> = (raw, flaws) => {
    const held = known.trim(inDefault(raw), flaws)
    if (held?.kind === 'Endpoints') {
      return { ...held, subsets: held.subsets.map(subset => ({ ...subset, ports: withTcp(subset.ports) })) }
    }
    if (held?.kind === 'EndpointSlice') return { ...held, ports: withTcp(held.ports) }
    if (held?.kind === 'ServiceImport') return { ...held, ports: withTcp(held.ports) }
    return held
  }
  return { ...known, trim }
}

function inDefault(raw: unknown): unknown {
  if (!isMap(raw) || !isMap(raw['metadata']) || (raw['metadata']['namespace'] ?? '') !== '') return raw
  return { ...raw, metadata: { ...raw['metadata'], namespace: DEFAULT_NAMESPACE } }
}

function withTcp<P extends { readonly protocol: string }>(ports: readonly P[]): readonly P[] {
  return ports.map(port => (port.protocol === '' ? { ...port, protocol: 'TCP' } : port))
}

/** The ConfigMap with a cluster's Corefile. */
function corefileIn(value: Readonly<Record<string, unknown>>): Held | undefined {
  const { metadata, data } = value
  if (!isMap(metadata) || metadata['namespace'] !== 'kube-system' || metadata['name'] !== 'coredns')
    return undefined
  if (!isMap(data) || typeof data['Corefile'] !== 'string') return undefined
  return { kind: 'ConfigMap', namespace: 'kube-system', name: 'coredns' }
}
