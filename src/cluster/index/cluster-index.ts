// The state of a cluster as one `kubernetes` stanza sees it: what its options leave out was never put in.
//
// Everything between two turns of the event loop is a transaction: `put` and `remove` never wait, so a query sees the
// state before or after a change, never in between; and there is nothing derived from the objects that could be stale.
import type { Clock } from '../../runtime/clock.ts'
import type { Random } from '../../runtime/random.ts'
import {
  MULTICLUSTER_SERVICE_LABEL,
  SERVICE_NAME_LABEL,
  SOURCE_CLUSTER_LABEL,
  type ClusterKind,
  type ClusterObject,
  type EndpointSlice,
  type Service,
  type ServiceImport
} from '../objects.ts'
import type { LabelSelector } from '../selector.ts'
import type { ClusterSink } from '../source.ts'
import { Hasher } from './hash.ts'
import { ExternalTable } from './external-table.ts'
import { Namespaces } from './namespaces.ts'
import { PodTable } from './pod-table.ts'
import { ServiceType } from './service-record.ts'
import { ServiceTable, type Change } from './service-table.ts'
import { Slab } from './slab.ts'
import { Surroundings } from './surroundings.ts'

/** Octets of a label (RFC 1035 §2.3.4). */
const LABEL_MAX = 63

/** What of the cluster is kept (kubernetes-records.md §13, §14). */
export interface IndexOptions {
  /** `labels`: of Services, slices and Pods. */
  readonly labels: LabelSelector | undefined
  /** `namespace_labels`: of Namespaces, and of ServiceImports. */
  readonly namespaceLabels: LabelSelector | undefined
  /** False with `noendpoints`. */
  readonly endpoints: boolean
  /** `pods verified`. */
  readonly pods: boolean
  readonly multicluster: boolean
  readonly endpointPodNames: boolean
  readonly zonal: boolean
  /** Addresses outside the cluster, for *k8s_external*. */
  readonly external: boolean
  /** Keeps what reasons need besides (`Surroundings`). */
  readonly explain?: boolean
}

/** Options of a plain stanza. */
export const PLAIN_INDEX: IndexOptions = {
  labels: undefined,
  namespaceLabels: undefined,
  endpoints: true,
  pods: false,
  multicluster: false,
  endpointPodNames: false,
  zonal: false,
  external: false
}

export class ClusterIndex implements ClusterSink {
  readonly options: IndexOptions
  readonly namespaces: Namespaces
  readonly services: ServiceTable
  readonly imports: ServiceTable
  readonly pods: PodTable
  /** Undefined where nobody explains. */
  readonly surroundings: Surroundings | undefined
  readonly external = new ExternalTable()
  /** Unix seconds of the last change that moves a zone's serial; 0 before the first (kubernetes-records.md §14). */
  serial = 0
  multiclusterSerial = 0
  externalSerial = 0
  /** Counts changes that may alter an answer. */
  generation = 0
  /** Whether everything that was there at the start has arrived. */
  isSynced = false
  readonly #slab = new Slab()
  readonly #hasher: Hasher
  readonly #clock: Clock

  constructor(options: IndexOptions, runtime: { readonly clock: Clock; readonly random: Random }) {
    this.options = options
    this.#clock = runtime.clock
    const hasher = new Hasher(runtime.random)
    this.#hasher = hasher
    const slices = { podNames: options.endpointPodNames, zones: options.zonal }
    this.namespaces = new Namespaces(hasher)
    this.services = new ServiceTable(this.#slab, hasher, this.namespaces, slices)
    this.imports = new ServiceTable(this.#slab, hasher, this.namespaces, slices)
    this.pods = new PodTable(this.#slab, hasher, this.namespaces)
    this.surroundings = options.explain === true ? new Surroundings() : undefined
  }

  put(object: ClusterObject): void {
    if (this.surroundings !== undefined && (object.kind === 'Namespace' || !this.#isLeftOut(object)))
      this.surroundings.put(object)
    switch (object.kind) {
      case 'Namespace':
        this.namespaces.declare(object.name, this.options.namespaceLabels?.matches(object.labels) ?? true)
        this.generation++
        return
      case 'Service':
        if (this.#isLeftOut(object)) this.remove('Service', object.namespace, object.name)
        else this.#putService(object)
        return
      case 'EndpointSlice':
        this.#putSlice(object)
        return
      case 'Pod':
        if (!this.options.pods) return
        if (this.#isLeftOut(object)) this.remove('Pod', object.namespace, object.name)
        else this.#note(this.pods.put(object))
        return
      case 'ServiceImport': {
        if (!this.options.multicluster) return
        if (this.options.namespaceLabels?.matches(object.labels) === false) {
          this.remove('ServiceImport', object.namespace, object.name)
          return
        }
        const change = this.#putImport(object)
        // Addresses count too, which CoreDNS passes over: a serial may always move forward.
        if (change === 'answers' || change === 'other') this.multiclusterSerial = this.#now()
        this.#note(change === 'answers' ? 'other' : change)
      }
    }
  }

  remove(kind: ClusterKind, namespace: string, name: string): void {
    this.surroundings?.remove(kind, namespace, name)
    switch (kind) {
      case 'Namespace':
        this.namespaces.declare(name, false)
        this.generation++
        return
      case 'Service':
        if (this.external.remove(namespace, name)) this.generation++
        this.#note(this.services.removeService(namespace, name))
        return
      case 'EndpointSlice':
        this.#note(this.services.removeSlice(namespace, name))
        if (this.options.multicluster) this.#note(this.imports.removeSlice(namespace, name))
        return
      case 'Pod':
        this.#note(this.pods.remove(namespace, name))
        return
      case 'ServiceImport':
        this.#note(this.imports.removeService(namespace, name))
    }
  }

  /**
   * Takes an object back that `storedObjects` gave, of an index with the same options: no selector is asked, and a slice
   * stands once for each thing that it belongs to.
   */
  restore(object: ClusterObject): void {
    switch (object.kind) {
      case 'Namespace':
        this.namespaces.declare(object.name, true)
        break
      case 'Service':
        this.#putService(object)
        break
      case 'EndpointSlice': {
        const service = ownLabel(object, SERVICE_NAME_LABEL)
        const imported = ownLabel(object, MULTICLUSTER_SERVICE_LABEL)
        if (service !== undefined) this.services.putSlice(object, service, '')
        else if (imported !== undefined)
          this.imports.putSlice(object, imported, ownLabel(object, SOURCE_CLUSTER_LABEL) ?? '')
        break
      }
      case 'Pod':
        this.pods.put(object)
        break
      case 'ServiceImport':
        this.#putImport(object)
    }
    this.serial = this.#now()
    this.generation++
  }

  /** Milliseconds of the runtime's clock. */
  get nowMs(): number {
    return this.#clock.now()
  }

  synced(): void {
    this.isSynced = true
    this.generation++
  }

  /** The hash of an endpoint name, as `SliceView.nameHash` holds it. */
  endpointHash(octets: Uint8Array, start: number, end: number): number {
    return this.#hasher.hash(octets, start, end, 0)
  }

  /** Octets of the index: records, tables, arrays. */
  get octets(): number {
    return this.#slab.octetsReserved + this.services.octets + this.imports.octets
  }

  /** How many objects of each kind it holds. */
  objectCounts(): Readonly<Record<ClusterKind, number>> {
    return {
      Namespace: this.namespaces.declaredCount,
      Service: this.services.serviceCount,
      EndpointSlice: this.services.sliceCount + this.imports.sliceCount,
      Pod: this.pods.podCount,
      ServiceImport: this.imports.serviceCount
    }
  }

  #putService(service: Service): void {
    const change = this.services.putService(service.namespace, service.name, serviceFields(service))
    this.#note(change)
    if (!this.options.external) return
    const moved = this.external.put(service)
    if (moved) this.generation++
    // A new Service doesn't count, as in CoreDNS; the serial of a zone without changes is 0.
    if (change !== 'added' && (moved || change === 'answers')) this.externalSerial = this.#now()
  }

  #putImport(object: ServiceImport): Change {
    const type = object.type === 'Headless' ? ServiceType.HEADLESS : ServiceType.ADDRESS
    const fields = { type, addresses: object.ips, ports: object.ports, externalName: '' }
    return this.imports.putService(object.namespace, object.name, fields)
  }

  #putSlice(slice: EndpointSlice): void {
    const { namespace, name } = slice
    if (this.#isLeftOut(slice)) {
      this.remove('EndpointSlice', namespace, name)
      return
    }
    const service = this.options.endpoints ? ownLabel(slice, SERVICE_NAME_LABEL) : undefined
    // A slice that belongs to no Service answers nothing (kubernetes-records.md §20).
    if (service === undefined) this.#note(this.services.removeSlice(namespace, name))
    else this.#note(this.services.putSlice(slice, service, ''))
    if (!this.options.multicluster) return
    const imported = ownLabel(slice, MULTICLUSTER_SERVICE_LABEL)
    if (imported === undefined) {
      this.#note(this.imports.removeSlice(namespace, name))
      return
    }
    const change = this.imports.putSlice(slice, imported, ownLabel(slice, SOURCE_CLUSTER_LABEL) ?? '')
    if (change === 'answers') this.multiclusterSerial = this.#now()
    this.#note(change === 'answers' ? 'other' : change)
  }

  #isLeftOut(object: { readonly labels: Readonly<Record<string, string>> }): boolean {
    return this.options.labels?.matches(object.labels) === false
  }

  /** `other` changes answers but no serial: a Service's cluster IPs and type do not count. */
  #note(change: Change): void {
    if (change === 'none') return
    this.generation++
    if (change !== 'other') this.serial = this.#now()
  }

  #now(): number {
    return Math.floor(this.#clock.wallMs() / 1000)
  }
}

/** A label's value that can stand in a domain name; a longer one would be no label there (the API allows 63 octets). */
function ownLabel(
  object: { readonly labels: Readonly<Record<string, string>> },
  key: string
): string | undefined {
  const value = Object.hasOwn(object.labels, key) ? object.labels[key] : undefined
  return value === undefined || value === '' || Buffer.byteLength(value) > LABEL_MAX ? undefined : value
}

function serviceFields(service: Service) {
  const isHeadless = service.clusterIPs[0] === 'None'
  const type =
    service.type === 'ExternalName'
      ? ServiceType.EXTERNAL_NAME
      : isHeadless
        ? ServiceType.HEADLESS
        : ServiceType.ADDRESS
  return {
    type,
    addresses: type === ServiceType.ADDRESS ? service.clusterIPs : [],
    ports: type === ServiceType.EXTERNAL_NAME ? [] : service.ports,
    externalName: service.externalName
  }
}
