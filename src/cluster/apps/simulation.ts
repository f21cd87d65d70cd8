// The control plane, as far as DNS sees it: joins Pods, cluster IPs and endpoints, and tells what follows from a change.
//
// A change goes: `put` notes what is to be looked at → `settle` makes Pods (pods.ts), gives addresses to Services
// (service-addresses.ts), then makes the slices of the Services that either affects (endpoints.ts) → the ledger says what
// is other than before.
import { isDeepStrictEqual } from 'node:util'
import { SERVICE_NAME_LABEL, type ClusterKind, type ClusterObject, type EndpointSlice } from '../objects.ts'
import { API_SERVICE, apiSlice, DNS_SELECTOR, DNS_SERVICE, DNS_WORKLOAD, NAMESPACES } from './always-there.ts'
import type { AppObject } from './app-objects.ts'
import { slicesOf } from './endpoints.ts'
import { LabelIndex, SelectorIndex, selects } from './label-index.ts'
import { Ledger } from './ledger.ts'
import { keyOf } from '../object-key.ts'
import { inOrder, nameOf, pathOf } from './keys.ts'
import type { Nodes } from './nodes.ts'
import { noteOf, summaryOfPods, summaryOfService, type Summary } from './notes.ts'
import type { PodEntry } from './pod-entry.ts'
import { Pods } from './pods.ts'
import { poolsOf } from './pools.ts'
import { podProblems, serviceProblems } from './problems.ts'
import { ServiceAddresses } from './service-addresses.ts'
import { serviceOf, type ServiceEntry } from './service-entry.ts'
import type {
  ControlPlane,
  ObjectName,
  Settled,
  SimulatedNote,
  SimulatedPod,
  SimulatedProblem,
  SimulatedService,
  SimulationOptions
} from './simulated.ts'

export class Simulation implements ControlPlane {
  readonly #written = new Map<string, AppObject>()
  readonly #given = new Map<string, ClusterObject>()
  readonly #ledger = new Ledger()
  readonly #nodes: Nodes
  readonly #pods: Pods
  readonly #services: ServiceAddresses
  readonly #podIndex = new LabelIndex<PodEntry>()
  readonly #podsByPath = new Map<string, PodEntry>()
  readonly #selectors = new SelectorIndex()
  /** Slices made for a Service, by its path, and the other way round. */
  readonly #slices = new Map<string, readonly EndpointSlice[]>()
  readonly #sliceOwners = new Map<string, string>()
  /** How many slices were given for a Service. */
  readonly #givenSlices = new Map<string, number>()
  /** How many objects live in a namespace. */
  readonly #namespaces = new Map<string, number>(NAMESPACES.map(name => [name, 1]))
  /** StatefulSets by the path of the Service that they name. */
  readonly #governed = new Map<string, Set<string>>()
  /** What was brought that the Service kube-dns would select. */
  readonly #dnsPods = new Set<string>()
  readonly #problems = new Map<string, readonly SimulatedProblem[]>()
  readonly #summaries = new Map<string, Summary>()
  /** What changed since the last `settle`: written objects (as they were, when gone), and what is to be looked at. */
  readonly #touched = new Map<string, AppObject>()
  readonly #dirtyNamespaces = new Set<string>(NAMESPACES)
  readonly #dirtyEndpoints = new Set<string>()
  readonly #dirtyMakers = new Set<string>()
  #dnsWorkload = false

  /** Throws RangeError for a range that is none. */
  constructor(options: SimulationOptions) {
    const { services, pods, balancers, nodes } = poolsOf(options)
    this.#nodes = nodes
    this.#services = new ServiceAddresses(services, balancers)
    this.#pods = new Pods(pods, nodes, (before, after) => this.#podChanged(before, after))
  }

  put(object: AppObject): void {
    const key = keyOf(nameOf(object))
    const before = this.#written.get(key)
    if (before !== undefined && isDeepStrictEqual(before, object)) return
    if (before === undefined) this.#countNamespace(object.namespace, 1)
    this.#written.set(key, object)
    this.#touched.set(key, object)
    if (object.kind === 'AppService') {
      if (!this.#given.has(key)) this.#services.put(object, false)
      return
    }
    this.#pods.put(object)
    this.#noteDnsPod(key, object.namespace, object.template.labels)
    if (before?.kind === 'Workload') this.#govern(before.namespace, before.serviceName, key, false)
    if (object.kind === 'Workload') this.#govern(object.namespace, object.serviceName, key, true)
  }

  remove(kind: string, namespace: string, name: string): void {
    const key = keyOf({ kind, namespace, name })
    const before = this.#written.get(key)
    if (before === undefined) return
    this.#written.delete(key)
    this.#countNamespace(namespace, -1)
    this.#touched.set(key, before)
    if (before.kind === 'AppService') {
      if (!this.#given.has(key)) this.#services.remove(pathOf(before))
      return
    }
    this.#pods.remove(key)
    this.#dnsPods.delete(key)
    if (before.kind === 'Workload') this.#govern(namespace, before.serviceName, key, false)
  }

  given(object: ClusterObject): void {
    const key = keyOf(object)
    const before = this.#given.get(key)
    if (before !== undefined) this.#unuse(before, key)
    this.#given.set(key, object)
    this.#ledger.forget(key)
    if (object.kind === 'Namespace') {
      this.#dirtyNamespaces.add(object.name)
      return
    }
    const path = pathOf(object)
    this.#countNamespace(object.namespace, 1)
    if (object.kind === 'Service') {
      this.#services.remove(path)
      this.#checkGoverned(path)
      for (const address of object.clusterIPs)
        if (address !== 'None') this.#services.claimGiven(address, path)
    } else if (object.kind === 'Pod') {
      this.#noteDnsPod(key, object.namespace, object.labels)
      this.#pods.give(object)
    } else if (object.kind === 'EndpointSlice') {
      const owner = this.#sliceOwners.get(key)
      if (owner !== undefined) this.#dirtyEndpoints.add(owner)
      this.#countSlice(object, 1)
      for (const address of addressesOf(object)) this.#pods.claimOther(address, key)
    }
  }

  takenBack(kind: ClusterKind, namespace: string, name: string): void {
    const key = keyOf({ kind, namespace, name })
    const before = this.#given.get(key)
    if (before === undefined) return
    this.#given.delete(key)
    this.#unuse(before, key)
    const written = this.#written.get(key)
    if (written?.kind === 'AppService') this.#services.put(written, false)
    const pod = kind === 'Pod' ? this.#podsByPath.get(`${namespace}/${name}`) : undefined
    if (pod?.source !== undefined) this.#tellPod(pod)
  }

  settle(): Settled {
    this.#settleBuiltIns()
    for (const name of this.#dirtyNamespaces) this.#settleNamespace(name)
    this.#dirtyNamespaces.clear()
    for (const key of this.#pods.settle()) this.#dirtyMakers.add(key)
    const looked = this.#services.settle()
    for (const path of looked) this.#settleService(path)
    for (const path of this.#dirtyEndpoints) this.#settleEndpoints(path)
    this.#dirtyEndpoints.clear()
    for (const key of this.#dirtyMakers) this.#settleMaker(key)
    const notes = this.#collectNotes(looked)
    this.#dirtyMakers.clear()
    this.#touched.clear()
    return { changes: this.#ledger.collect(), notes }
  }

  objects(): Iterable<ClusterObject> {
    return this.#ledger.objects()
  }

  problems(): readonly SimulatedProblem[] {
    return [...this.#problems].sort((a, b) => inOrder(a[0], b[0])).flatMap(([, problems]) => problems)
  }

  madeFrom(object: ClusterObject): ObjectName | undefined {
    return this.#ledger.line(keyOf(object))?.from
  }

  *services(): Iterable<SimulatedService> {
    for (const { object } of this.#services.entries()) {
      const service = this.#ledger.line(keyOf({ ...object, kind: 'Service' }))?.object
      if (service?.kind === 'Service') yield { service, ports: object.ports, selector: object.selector }
    }
  }

  *pods(): Iterable<SimulatedPod> {
    for (const entry of this.#pods.all()) {
      const { object: pod, podIPs, ready, nodeName, hostname, subdomain, ports, source } = entry
      const owner = source?.kind === 'Pod' ? undefined : source
      yield { pod, podIPs, ready, nodeName, hostname, subdomain, ports, owner }
    }
  }

  /** What is always there, unless something of its kind was brought. */
  #settleBuiltIns(): void {
    for (const service of [API_SERVICE, DNS_SERVICE]) {
      const path = pathOf(service)
      const brought = this.#has('Service', path)
      const builtIn = this.#services.entry(path)?.builtIn === true
      if (!brought && !builtIn) this.#services.put(service, true)
      if (brought && builtIn) this.#services.remove(path)
    }
    const name = nameOf(DNS_WORKLOAD)
    const key = keyOf(name)
    const dns = pathOf(DNS_SERVICE)
    const wanted =
      this.#dnsPods.size === 0 &&
      !this.#written.has(key) &&
      !this.#given.has(`Service/${dns}`) &&
      !this.#givenSlices.has(dns)
    if (wanted && !this.#dnsWorkload) this.#pods.put(DNS_WORKLOAD)
    if (!wanted && this.#dnsWorkload && !this.#written.has(key)) this.#pods.remove(key)
    this.#dnsWorkload = wanted
  }

  /** Whether an object was written or given. */
  #has(kind: string, path: string): boolean {
    const key = `${kind}/${path}`
    return this.#written.has(key) || this.#given.has(key)
  }

  #podChanged(before: PodEntry | undefined, after: PodEntry | undefined): void {
    if (before !== undefined) {
      this.#podIndex.remove(before)
      this.#markSelecting(before)
      const path = pathOf(before)
      if (this.#podsByPath.get(path) === before) {
        this.#podsByPath.delete(path)
        if (before.source !== undefined) this.#ledger.delete(keyOf(before.object))
      }
    }
    if (after !== undefined) {
      this.#podIndex.add(after)
      this.#markSelecting(after)
      this.#podsByPath.set(pathOf(after), after)
      if (after.source !== undefined) this.#tellPod(after)
    }
  }

  #tellPod(entry: PodEntry): void {
    if (this.#given.has(keyOf(entry.object))) return
    const source = entry.source as ObjectName
    this.#ledger.set(entry.object, this.#written.has(keyOf(source)) ? source : undefined)
  }

  #markSelecting(pod: PodEntry): void {
    this.#selectors.matching(pod.namespace, pod.labels, path => void this.#dirtyEndpoints.add(path))
  }

  #settleService(path: string): void {
    const entry = this.#services.entry(path)
    this.#dirtyEndpoints.add(path)
    this.#checkGoverned(path)
    const served = entry !== undefined && entry.problem === undefined
    const [namespace = '', name = ''] = path.split('/')
    this.#selectors.set(path, namespace, served ? entry.object.selector : undefined)
    if (served) this.#ledger.set(serviceOf(entry), entry.builtIn ? undefined : nameOf(entry.object))
    else this.#ledger.delete(keyOf({ kind: 'Service', namespace, name }))
  }

  #settleEndpoints(path: string): void {
    const entry = this.#services.entry(path)
    const key = `Service/${path}`
    const pods = entry === undefined ? undefined : this.#selected(entry)
    const slices = entry === undefined ? [] : this.#slicesFor(entry, pods)
    const names = new Set(slices.map(slice => keyOf(slice)))
    for (const slice of this.#slices.get(path) ?? []) {
      const sliceKey = keyOf(slice)
      if (names.has(sliceKey)) continue
      if (this.#sliceOwners.get(sliceKey) === path) this.#sliceOwners.delete(sliceKey)
      this.#ledger.delete(sliceKey)
    }
    if (slices.length === 0) this.#slices.delete(path)
    else this.#slices.set(path, slices)
    const from = entry === undefined || entry.builtIn ? undefined : nameOf(entry.object)
    for (const slice of slices) {
      this.#sliceOwners.set(keyOf(slice), path)
      this.#ledger.set(slice, from)
    }
    this.#setProblems(key, entry === undefined ? [] : serviceProblems(entry, pods))
  }

  /** The Pods behind a Service; undefined when nothing is to be selected. */
  #selected({ object, path, problem }: ServiceEntry): readonly PodEntry[] | undefined {
    const { selector, type } = object
    if (problem !== undefined || type === 'ExternalName' || this.#givenSlices.has(path)) return undefined
    if (selector === undefined || Object.keys(selector).length === 0) return undefined
    return this.#podIndex.select(object.namespace, selector)
  }

  #slicesFor(entry: ServiceEntry, pods: readonly PodEntry[] | undefined): EndpointSlice[] {
    const isFree = (name: string): boolean => {
      const key = `EndpointSlice/${entry.object.namespace}/${name}`
      const owner = this.#sliceOwners.get(key)
      return !this.#given.has(key) && (owner === undefined || owner === entry.path)
    }
    if (pods !== undefined) return slicesOf(entry.object, entry.families, pods, isFree)
    const isApi = entry.path === pathOf(API_SERVICE) && entry.problem === undefined
    if (!isApi || this.#givenSlices.has(entry.path) || !isFree(API_SERVICE.name)) return []
    const family = entry.families[0]
    const address = family === undefined ? undefined : this.#nodes.address(0, family)
    return family === undefined || address === undefined ? [] : [apiSlice(address, family)]
  }

  #settleNamespace(name: string): void {
    const object = { kind: 'Namespace', name, labels: { 'kubernetes.io/metadata.name': name } } as const
    if (this.#namespaces.has(name) && !this.#given.has(keyOf(object))) this.#ledger.set(object, undefined)
    else this.#ledger.delete(keyOf(object))
  }

  #settleMaker(key: string): void {
    const object = this.#written.get(key)
    if (object === undefined || object.kind === 'AppService') {
      this.#problems.delete(key)
      return
    }
    const governing = object.kind === 'Workload' ? `${object.namespace}/${object.serviceName}` : ''
    this.#setProblems(
      key,
      podProblems(object, {
        without: this.#pods.withoutAddress(key),
        ranges: this.#pods.ranges,
        nodes: this.#nodes.count,
        governed: this.#has('Service', governing) || this.#services.entry(governing) !== undefined
      })
    )
  }

  #collectNotes(looked: ReadonlySet<string>): SimulatedNote[] {
    const notes: SimulatedNote[] = []
    const keys = new Set(this.#touched.keys())
    for (const path of looked) keys.add(`Service/${path}`)
    for (const key of this.#dirtyMakers) keys.add(key)
    for (const key of [...keys].sort(inOrder)) {
      const object = this.#written.get(key) ?? this.#touched.get(key)
      if (object === undefined) continue
      const before = this.#summaries.get(key)
      const after = this.#written.has(key) ? this.#summary(key, object) : undefined
      if (after === undefined) {
        this.#summaries.delete(key)
        this.#problems.delete(key)
      } else this.#summaries.set(key, after)
      const text = noteOf(object, before, after, this.#touched.has(key))
      if (text !== undefined) notes.push({ subject: nameOf(object), text })
    }
    return notes
  }

  #summary(key: string, object: AppObject): Summary | undefined {
    if (object.kind !== 'AppService') return summaryOfPods(object, this.#pods.of(key))
    const path = pathOf(object)
    const entry = this.#services.entry(path)
    if (entry === undefined) return undefined
    const endpoints = (this.#slices.get(path) ?? []).flatMap(slice =>
      slice.addressType === entry.families[0] ? slice.endpoints : []
    )
    return summaryOfService(entry, endpoints.filter(endpoint => endpoint.ready).length)
  }

  #setProblems(key: string, problems: readonly SimulatedProblem[]): void {
    if (problems.length === 0) this.#problems.delete(key)
    else this.#problems.set(key, problems)
  }

  /** Takes back what a given object put in use. */
  #unuse(object: ClusterObject, key: string): void {
    if (object.kind === 'Namespace') {
      this.#dirtyNamespaces.add(object.name)
      return
    }
    this.#countNamespace(object.namespace, -1)
    const path = pathOf(object)
    if (object.kind === 'Service') {
      for (const address of object.clusterIPs)
        if (address !== 'None') this.#services.releaseGiven(address, path)
      this.#checkGoverned(path)
    } else if (object.kind === 'Pod') {
      this.#dnsPods.delete(key)
      this.#pods.takeBack(object)
    } else if (object.kind === 'EndpointSlice') {
      this.#countSlice(object, -1)
      for (const address of addressesOf(object)) this.#pods.releaseOther(address, key)
    }
  }

  #countNamespace(name: string, by: 1 | -1): void {
    const count = (this.#namespaces.get(name) ?? 0) + by
    if (count === 0) this.#namespaces.delete(name)
    else this.#namespaces.set(name, count)
    if (count === 0 || (count === 1 && by === 1)) this.#dirtyNamespaces.add(name)
  }

  #countSlice(slice: EndpointSlice, by: 1 | -1): void {
    const service = slice.labels[SERVICE_NAME_LABEL]
    if (service === undefined || service === '') return
    const path = `${slice.namespace}/${service}`
    const count = (this.#givenSlices.get(path) ?? 0) + by
    if (count === 0) this.#givenSlices.delete(path)
    else this.#givenSlices.set(path, count)
    this.#dirtyEndpoints.add(path)
  }

  #noteDnsPod(key: string, namespace: string, labels: Readonly<Record<string, string>>): void {
    if (namespace === DNS_SERVICE.namespace && selects(DNS_SELECTOR, labels)) this.#dnsPods.add(key)
    else this.#dnsPods.delete(key)
  }

  /** A StatefulSet names the Service that its Pods' names are under. */
  #govern(namespace: string, service: string, key: string, governs: boolean): void {
    if (service === '') return
    const path = `${namespace}/${service}`
    const keys = this.#governed.get(path) ?? new Set()
    if (governs) keys.add(key)
    else keys.delete(key)
    if (keys.size === 0) this.#governed.delete(path)
    else this.#governed.set(path, keys)
  }

  #checkGoverned(path: string): void {
    for (const key of this.#governed.get(path) ?? []) this.#dirtyMakers.add(key)
  }
}

function addressesOf(slice: EndpointSlice): string[] {
  if (slice.addressType !== 'IPv4' && slice.addressType !== 'IPv6') return []
  return slice.endpoints.flatMap(endpoint => endpoint.addresses)
}
