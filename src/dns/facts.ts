// Why a query was answered as it was, as data: what plugins note while they answer, and what words are made of
// (`src/explain/words.ts`). Nothing here is a sentence.

/** What a plugin decided, and what it knew then. `rule` is a short stable word. */
export type Fact = ClusterFact | KeptFact | SearchFact | ForwardFact | InClusterFact | AnsweredFact

/** A Service or ServiceImport, as far as the answer or its reason had to do with it. */
export interface ServiceFact {
  readonly kind: 'Service' | 'ServiceImport'
  readonly namespace: string
  readonly name: string
  /** Undefined: there is none, or its type has no part in this. */
  readonly type?: 'ClusterIP' | 'headless' | 'ExternalName'
  /** Cluster IPs, or where an ExternalName leads. */
  readonly addresses?: readonly string[]
  readonly target?: string
  /** `app=web,tier=front`; empty: it has none; undefined: nobody knows. */
  readonly selector?: string
  /** `http 80/TCP`, `80/TCP` without a name. */
  readonly ports?: readonly string[]
  readonly endpoints?: EndpointsFact
}

export interface EndpointsFact {
  readonly ready: number
  /** Those that are not ready; undefined: nobody knows. */
  readonly notReady?: number
  /** Pods (else addresses) of the first of these. */
  readonly notReadyNames?: readonly string[]
  /** Where there are no endpoints at all: Pods that the Service's selector matches; undefined: nobody knows. */
  readonly matching?: number
  /** The first of these. */
  readonly matchingNames?: readonly string[]
}

/** A Pod that the name asked for seems to mean. */
export interface PodFact {
  readonly namespace: string
  readonly name: string
  /** Empty: it has none, or none any more. */
  readonly address: string
  /** Names that it has in DNS, zone included. */
  readonly names: readonly string[]
  /** Why it has no such name below the Service: what is not so. */
  readonly lacks?: 'hostname' | 'headless' | 'readiness' | 'selector' | 'address' | 'life'
}

/** Pods that belong together and that no Service selects. */
export interface WorkloadFact {
  readonly namespace: string
  readonly name: string
  readonly pods: number
  /** Labels that a Service could select them by. */
  readonly labels: Readonly<Record<string, string>>
}

/** What might have been meant. Each list is bounded, and no claim to be all there is. */
export interface Hints {
  /** Names that exist, zone included: the same Service elsewhere. */
  readonly elsewhere?: readonly string[]
  /** A name that exists and is spelled nearly so. */
  readonly didYouMean?: string
  readonly pod?: PodFact
  readonly workload?: WorkloadFact
}

export type ClusterRule =
  | 'apex'
  | 'not-synced'
  | 'no-such-type'
  | 'no-text'
  | 'ptr'
  | 'no-such-address'
  | 'name-server'
  | 'version'
  | 'class-refused'
  | 'transfer-refused'
  | 'no-data'
  | 'empty-name'
  | 'service'
  | 'endpoints'
  | 'external-name'
  | 'pod'
  | 'no-endpoint-in-zone'
  | 'invalid-name'
  | 'no-such-namespace'
  | 'namespace-not-exposed'
  | 'no-such-service'
  | 'no-ready-endpoint'
  | 'no-such-endpoint'
  | 'no-such-port'
  | 'below-external-name'
  | 'external-name-is-address'
  | 'no-cluster-ip'
  | 'pods-disabled'
  | 'no-such-pod'
  | 'empty-service-ignored'
  | 'not-headless'

/** *kubernetes* on a name in one of its zones. */
export interface ClusterFact extends Hints {
  readonly plugin: 'kubernetes'
  readonly rule: ClusterRule
  /** As asked, with the last dot. */
  readonly name: string
  readonly qtype: string
  readonly zone: string
  readonly namespace?: string
  readonly service?: ServiceFact
  /** Endpoint or Pod label, port and protocol as asked; empty: any. */
  readonly endpoint?: string
  readonly cluster?: string
  readonly port?: string
  readonly protocol?: string
  /** The topology zone of a zonal name that is pinned to it. */
  readonly topologyZone?: string
  /** The option of the stanza that keeps things out of sight. */
  readonly option?: 'labels' | 'namespace_labels' | 'namespaces' | 'noendpoints' | 'zonal'
  /** With `no-such-pod`: whether Pods are watched. */
  readonly verified?: boolean
  /** With `no-data`: the families that it does have. */
  readonly families?: readonly ('IPv4' | 'IPv6')[]
  /** Of an ExternalName: every target on the way, and how it ended. */
  readonly chain?: readonly string[]
  readonly chainEnd?: ChainEnd
  /** `fallthrough`: the next plugin was asked. */
  readonly passedOn?: boolean
}

/** How a chain of ExternalNames ended. `below`: at a name at or below itself. */
export type ChainEnd = 'records' | 'outside' | 'below' | 'loop' | 'too-long' | 'nothing'

/** *cache* gave what it had. */
export interface KeptFact {
  readonly plugin: 'cache'
  readonly rule: 'kept'
  /** Both undefined where nobody noted them. */
  readonly ageSeconds?: number
  /** Negative: how long ago its time was over. */
  readonly leftSeconds?: number
}

/** *autopath* on the search path of a client. */
export interface SearchFact {
  readonly plugin: 'autopath'
  readonly rule: 'taken' | 'not-taken'
  /** With `not-taken`. */
  readonly because?:
    | 'other-zone'
    | 'unknown-client'
    | 'outside-path'
    /** By name: the namespace in it is not there. */
    | 'unknown-namespace'
    /** By name: a name of the cluster may have this shape. */
    | 'may-be-meant'
    | 'bare-path'
    | 'first-name-exists'
    | 'nothing-found'
    /** The lookup of `found` failed, and that ends the walk. */
    | 'failed'
  /** The first element of the client's search path. */
  readonly path?: string
  /** The name that was answered with. */
  readonly found?: string
  /** How many names were looked up. */
  readonly tried: number
}

/** *forward* asked another server. */
export interface ForwardFact {
  readonly plugin: 'forward'
  readonly rule: 'forwarded' | 'forward-failed'
  /** The line's base zone. */
  readonly zone: string
  /** The server that answered or failed last; undefined: none was asked. */
  readonly upstream?: string
  readonly rcode?: string
  /** From the first attempt on. */
  readonly milliseconds: number
  /** Why it failed. */
  readonly cause?: string
}

/** A name that was asked outside of the cluster's zones, and is one of the cluster's in another spelling. */
export interface InClusterFact {
  readonly plugin: 'explain'
  readonly rule: 'in-cluster'
  readonly name: string
  /** Names that exist. */
  readonly names: readonly string[]
  /** What is wrong with the name: it lacks the rest, something stands behind it, or another zone does. */
  readonly because: 'unqualified' | 'suffixed' | 'other-zone'
}

/** A plugin that says no more than that it answered. */
export interface AnsweredFact {
  readonly plugin: string
  readonly rule: 'answered'
}
