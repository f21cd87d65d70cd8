// The kinds of objects that are read, and how each is cut down: for manifests that are taken as they are.
import type { ClusterKind } from '../objects.ts'
import { trims, type Trim } from '../trim.ts'
import { trimEndpoints } from './endpoints.ts'
import type { Held } from './reading.ts'

export interface KnownKind {
  /** The versions that it is written in; the first one is advised. */
  readonly apiVersions: readonly string[]
  /** Versions that Kubernetes once had. */
  readonly oldVersions?: readonly string[]
  readonly trim: Trim<Held>
}

/** How objects of one kind of input are read. */
export interface Kinds {
  /** The option that names such files. */
  readonly option: 'manifests' | 'apps'
  readonly known: Readonly<Record<string, KnownKind>>
  /** The namespace of known objects that name none; '' where that is a mistake. */
  readonly defaultNamespace: string
  /** Whether what Pods and workloads say of DNS, and NetworkPolicies of egress, is kept too. */
  readonly podDns?: boolean
  /** Whether Services keep their selectors. */
  readonly selectors?: boolean
  /** What is kept of an object of another kind; undefined: nothing. */
  readonly keep: (
    kind: string,
    apiVersion: string,
    value: Readonly<Record<string, unknown>>
  ) => Held | undefined
}

export const MANIFEST_KINDS = {
  option: 'manifests',
  known: {
    Namespace: { apiVersions: ['v1'], trim: trims.Namespace },
    Service: { apiVersions: ['v1'], trim: trims.Service },
    Pod: { apiVersions: ['v1'], trim: trims.Pod },
    Endpoints: { apiVersions: ['v1'], trim: trimEndpoints },
    EndpointSlice: { apiVersions: ['discovery.k8s.io/v1'], trim: trims.EndpointSlice },
    ServiceImport: {
      apiVersions: ['multicluster.x-k8s.io/v1alpha1', 'multicluster.x-k8s.io/v1beta1'],
      trim: trims.ServiceImport
    }
  } satisfies Record<ClusterKind | 'Endpoints', KnownKind>,
  defaultNamespace: '',
  keep: () => undefined
} as const satisfies Kinds
