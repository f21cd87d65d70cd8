// A cluster that never changes between runs: Services with one EndpointSlice each, as objects for an index and as the
// JSON that `--manifests` reads. The same options give the same objects, one at a time, so that a hundred thousand of
// them need no memory of their own.
import { writeFileSync, appendFileSync } from 'node:fs'
import {
  SERVICE_NAME_LABEL,
  type ClusterObject,
  type EndpointSlice,
  type Namespace,
  type Service,
  type ServicePort
} from '../src/cluster/objects.ts'

export interface ClusterSize {
  readonly services: number
  readonly namespaces: number
}

/** The cluster of the committed query file. */
export const QUERIED_CLUSTER: ClusterSize = { services: 10_000, namespaces: 20 }
/** The cluster that the memory bounds speak of. */
export const LARGE_CLUSTER: ClusterSize = { services: 100_000, namespaces: 100 }

/** Endpoints of each slice. */
const ENDPOINTS = 3

const FIRST_WORDS = [
  ...[
    'account',
    'billing',
    'cart',
    'catalog',
    'checkout',
    'currency',
    'delivery',
    'email',
    'fraud',
    'gateway'
  ],
  ...[
    'identity',
    'inventory',
    'ledger',
    'mail',
    'notification',
    'order',
    'payment',
    'pricing',
    'product',
    'profile'
  ],
  ...['recommendation', 'search', 'shipping', 'web']
]
const SECOND_WORDS = [
  ...['api', 'backend', 'cache', 'consumer', 'db', 'frontend', 'grpc', 'proxy', 'scheduler', 'service'],
  ...['store', 'worker']
]
const PORTS: readonly (readonly ServicePort[])[] = [
  [{ name: 'http', port: 80, protocol: 'TCP' }],
  [
    { name: 'http', port: 8080, protocol: 'TCP' },
    { name: 'metrics', port: 9090, protocol: 'TCP' }
  ],
  [{ name: 'grpc', port: 9000, protocol: 'TCP' }],
  [
    { name: 'https', port: 443, protocol: 'TCP' },
    { name: 'dns', port: 53, protocol: 'UDP' }
  ]
]

/** `team-07`, or what the first few namespaces are called everywhere. */
export function namespaceName(number: number): string {
  return ['default', 'kube-system', 'monitoring', 'shop'][number] ?? `team-${String(number).padStart(2, '0')}`
}

/** What is known of the Service with a number, without making it. */
export class ServiceFacts {
  readonly number: number
  readonly namespace: string
  readonly name: string
  readonly isHeadless: boolean
  readonly isDualStack: boolean
  readonly ports: readonly ServicePort[]

  constructor(number: number, size: ClusterSize) {
    const inNamespace = Math.floor(number / size.namespaces)
    const words = FIRST_WORDS.length * SECOND_WORDS.length
    const first = FIRST_WORDS[inNamespace % FIRST_WORDS.length] as string
    const second = SECOND_WORDS[Math.floor(inNamespace / FIRST_WORDS.length) % SECOND_WORDS.length] as string
    const again = Math.floor(inNamespace / words)
    this.number = number
    this.namespace = namespaceName(number % size.namespaces)
    this.name = again === 0 ? `${first}-${second}` : `${first}-${second}-${again}`
    this.isHeadless = inNamespace % 20 === 7
    this.isDualStack = inNamespace % 10 === 3
    this.ports = PORTS[inNamespace % PORTS.length] as readonly ServicePort[]
  }

  get clusterIPs(): readonly string[] {
    if (this.isHeadless) return ['None']
    const at = this.number + 512
    const ipv4 = `10.${96 + (at >> 16)}.${(at >> 8) & 0xff}.${at & 0xff}`
    return this.isDualStack
      ? [ipv4, `fd00:10:96::${(at >> 16).toString(16)}:${(at & 0xffff).toString(16)}`]
      : [ipv4]
  }

  /** The address of one of its Pods; `generation` gives it another one, as after a restart. */
  podIP(endpoint: number, generation = 0): string {
    const at = (this.number * ENDPOINTS + endpoint) & 0x1f_ffff
    return `10.${128 + (at >> 16) + generation * 32}.${(at >> 8) & 0xff}.${at & 0xff}`
  }

  /** Its Pods' names: a StatefulSet's below a headless Service, otherwise a Deployment's. */
  podName(endpoint: number): string {
    if (this.isHeadless) return `${this.name}-${endpoint}`
    const hash = (Math.imul(this.number + 1, 2_654_435_761) >>> 0).toString(36).padStart(10, 'b').slice(0, 10)
    return `${this.name}-${hash}-x${endpoint}k${(this.number % 1296).toString(36).padStart(2, '2')}`
  }

  get service(): Service {
    return {
      kind: 'Service',
      namespace: this.namespace,
      name: this.name,
      labels: { 'app.kubernetes.io/name': this.name, 'app.kubernetes.io/part-of': this.namespace },
      type: 'ClusterIP',
      clusterIPs: this.clusterIPs,
      externalName: '',
      ports: this.ports,
      externalIPs: []
    }
  }

  /** Its slice. `generation` moves its first Pod to another address: what a change looks like. */
  slice(generation = 0): EndpointSlice {
    return {
      kind: 'EndpointSlice',
      namespace: this.namespace,
      name: `${this.name}-${(this.number % 60_466_176).toString(36).padStart(5, 'k')}`,
      labels: {
        [SERVICE_NAME_LABEL]: this.name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller'
      },
      addressType: 'IPv4',
      ports: this.ports,
      endpoints: Array.from({ length: ENDPOINTS }, (_, endpoint) => ({
        addresses: [this.podIP(endpoint, endpoint === 0 ? generation : 0)],
        ready: true,
        hostname: this.isHeadless ? this.podName(endpoint) : '',
        nodeName: `node-${(this.number * 7 + endpoint) % 500}`,
        targetName: this.podName(endpoint),
        zone: `zone-${'abc'[endpoint % 3] as string}`
      })),
      lastChange: ''
    }
  }
}

/** The cluster's objects, made one by one: Namespaces, then each Service and its slice. */
export function* clusterObjects(size: ClusterSize): Generator<ClusterObject> {
  for (let number = 0; number < size.namespaces; number++) yield namespaceObject(namespaceName(number))
  for (let number = 0; number < size.services; number++) {
    const facts = new ServiceFacts(number, size)
    yield facts.service
    yield facts.slice()
  }
}

function namespaceObject(name: string): Namespace {
  return { kind: 'Namespace', name, labels: { 'kubernetes.io/metadata.name': name } }
}

/** An object as the API gives it. */
export function manifestOf(object: ClusterObject): object {
  switch (object.kind) {
    case 'Namespace':
      return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: object.name, labels: object.labels } }
    case 'Service':
      return {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: object.name, namespace: object.namespace, labels: object.labels },
        spec: {
          type: object.type,
          clusterIP: object.clusterIPs[0],
          clusterIPs: object.clusterIPs,
          ports: object.ports,
          selector: object.labels
        }
      }
    case 'EndpointSlice':
      return {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: object.name, namespace: object.namespace, labels: object.labels },
        addressType: object.addressType,
        ports: object.ports,
        endpoints: object.endpoints.map(endpoint => ({
          addresses: endpoint.addresses,
          conditions: { ready: endpoint.ready, serving: endpoint.ready, terminating: false },
          ...(endpoint.hostname === '' ? {} : { hostname: endpoint.hostname }),
          nodeName: endpoint.nodeName,
          targetRef: { kind: 'Pod', namespace: object.namespace, name: endpoint.targetName },
          zone: endpoint.zone
        }))
      }
    default:
      throw new Error(`the bench cluster has no ${object.kind}`)
  }
}

/** Writes the cluster as one `kind: List` in JSON, as `kubectl get -o json` prints it. */
export function writeManifests(path: string, size: ClusterSize): void {
  writeFileSync(path, '{"apiVersion":"v1","kind":"List","items":[\n')
  let lines: string[] = []
  let separator = ''
  for (const object of clusterObjects(size)) {
    lines.push(separator + JSON.stringify(manifestOf(object)))
    separator = ',\n'
    if (lines.length < 1000) continue
    appendFileSync(path, lines.join(''))
    lines = []
  }
  appendFileSync(path, `${lines.join('')}\n]}\n`)
}
