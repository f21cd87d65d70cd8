// What somebody may have meant by a name that isn't there: Services elsewhere, names spelled nearly so, Pods, workloads.
// Only what the stanza serves is told of. Every search is bounded, so a hint may be missing; none is made up.
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import type { Surroundings } from '../../cluster/index/surroundings.ts'
import { isOver, type Endpoint } from '../../cluster/objects.ts'
import { endpointName } from '../../cluster/index/slice-record.ts'
import { nearestWord } from '../../corefile/nearest.ts'
import type { EndpointsFact, Hints, PodFact, WorkloadFact } from '../../dns/facts.ts'
import { formatName } from '../../wire/name.ts'
import type { KubernetesOptions, Zone } from './options.ts'

/** Namespaces, Services of one and Pods of one that are looked at. */
const LOOKED_AT_MAX = 1000
/** Pods of a namespace that are looked at for a Service; of larger ones nothing is said. */
const PODS_MAX = 5000
/** Of those, names that are told. */
const POD_NAMES_MAX = 4
/** Names that are told. */
const NAMES_MAX = 3

/** Of a ReplicaSet that a Deployment made. */
const HASH_LABEL = 'pod-template-hash'
/** Labels that tell Pods of one workload from each other, and revisions: no Service is to select by them. */
const OWN_LABELS = new Set([
  HASH_LABEL,
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-completion-index',
  'batch.kubernetes.io/job-name',
  'job-name',
  'controller-uid'
])
/** Labels that name what a Pod belongs to. */
const NAME_LABELS = ['app.kubernetes.io/name', 'app', 'k8s-app', 'app.kubernetes.io/instance', 'name']

/** Hints that are remembered, until anything changes. */
const REMEMBERED_MAX = 1000
/** Searches in a second: each may take a millisecond, and whoever asks for thousands of names that aren't there reads none. */
const SEARCHES_MAX = 50
const SECOND_MS = 1000
const NONE: readonly string[] = []

/** Remembers what searches found, and leaves them out when there are too many. */
class Searches {
  readonly #index: ClusterIndex
  readonly #found = new Map<string, unknown>()
  #state = ''
  #secondAt = 0
  #count = 0
  leftOut = 0

  constructor(index: ClusterIndex) {
    this.#index = index
  }

  /** What `search` finds for the question `key`, or `otherwise`. */
  find<T>(key: string, otherwise: T, search: () => T): T {
    const { generation, surroundings, nowMs } = this.#index
    const state = `${generation} ${surroundings?.changes ?? 0}`
    if (state !== this.#state || this.#found.size >= REMEMBERED_MAX) this.#found.clear()
    this.#state = state
    const known = this.#found.get(key)
    if (known !== undefined) return known as T
    if (nowMs - this.#secondAt >= SECOND_MS) {
      this.#secondAt = nowMs
      this.#count = 0
    }
    if (++this.#count > SEARCHES_MAX) {
      this.leftOut++
      return otherwise
    }
    const found = search()
    this.#found.set(key, found)
    return found
  }
}

export class HintFinder {
  readonly #index: ClusterIndex
  readonly #options: KubernetesOptions
  /** Whether the option `namespaces` lets a namespace be seen. */
  readonly #isListed: (namespace: number) => boolean
  readonly #searches: Searches

  constructor(index: ClusterIndex, options: KubernetesOptions, isListed: (namespace: number) => boolean) {
    this.#index = index
    this.#options = options
    this.#isListed = isListed
    this.#searches = new Searches(index)
  }

  /** How often nothing was searched for, since there were too many searches. */
  get leftOut(): number {
    return this.#searches.leftOut
  }

  /** For a Service that isn't in a namespace that is; `endpoint` is the label below it, where one was asked for. */
  noService(namespace: string, service: string, endpoint: string, zone: Zone): Hints {
    return this.#searches.find(`s ${namespace} ${service} ${endpoint} ${zoneText(zone)}`, {}, () =>
      this.#noService(namespace, service, endpoint, zone)
    )
  }

  #noService(namespace: string, service: string, endpoint: string, zone: Zone): Hints {
    const elsewhere = this.#servicesNamed(service, zone, namespace)
    const near = zone.isMulticluster ? undefined : nearestWord(service, this.#servicesIn(namespace))
    const pod = endpoint === '' ? undefined : this.#pod(namespace, endpoint, zone)
    const workload = this.#workload(namespace, service)
    return {
      ...(elsewhere.length === 0 ? {} : { elsewhere }),
      ...(near === undefined ? {} : { didYouMean: serviceName(near, namespace, zone) }),
      ...(pod === undefined ? {} : { pod }),
      ...(workload === undefined ? {} : { workload })
    }
  }

  /** For a namespace that isn't there; `service` is empty where only a namespace was asked for. */
  noNamespace(namespace: string, service: string, zone: Zone): Hints {
    return this.#searches.find(`n ${namespace} ${service} ${zoneText(zone)}`, {}, () =>
      this.#noNamespace(namespace, service, zone)
    )
  }

  #noNamespace(namespace: string, service: string, zone: Zone): Hints {
    // `shop.web` for `web.shop`, or the second element of a search path: `web.svc.cluster.local`.
    const elsewhere =
      service === '' ? this.#servicesNamed(namespace, zone) : this.#exact(namespace, service, zone)
    const near = nearestWord(namespace, this.#namespaces())
    const name = near === undefined || service === '' ? undefined : this.#exact(service, near, zone)[0]
    return {
      ...(elsewhere.length === 0 ? {} : { elsewhere }),
      ...(name === undefined ? {} : { didYouMean: name })
    }
  }

  /** For a Pod's label below `pod`. */
  noPod(namespace: string, label: string, zone: Zone): Hints {
    return this.#searches.find(`p ${namespace} ${label} ${zoneText(zone)}`, {}, () => {
      const pod = this.#pod(namespace, label, zone)
      return pod === undefined ? {} : { pod }
    })
  }

  /** For a label below a Service that is no endpoint's name. */
  noEndpoint(namespace: string, service: string, label: string, isHeadless: boolean, zone: Zone): Hints {
    return this.#searches.find(`e ${namespace} ${service} ${label} ${zoneText(zone)}`, {}, () =>
      this.#noEndpoint(namespace, service, label, isHeadless, zone)
    )
  }

  #noEndpoint(namespace: string, service: string, label: string, isHeadless: boolean, zone: Zone): Hints {
    const surroundings = this.#index.surroundings
    if (surroundings === undefined || zone.isMulticluster) return {}
    const names: string[] = []
    for (const { endpoints } of surroundings.slicesOf(namespace, service)) {
      for (const endpoint of endpoints) {
        const [address] = endpoint.addresses
        if (address === undefined) continue
        const own = this.#labelOf(endpoint, address)
        if (endpoint.ready) names.push(own)
        if (endpoint.targetName !== label && own !== label) continue
        const name = `${own}.${serviceName(service, namespace, zone)}`
        return {
          pod: {
            ...{ namespace, name: endpoint.targetName === '' ? label : endpoint.targetName, address },
            names: endpoint.ready ? [name] : [],
            lacks: !endpoint.ready ? 'readiness' : isHeadless ? 'hostname' : 'headless'
          }
        }
      }
    }
    const pod = this.#pod(namespace, label, zone)
    if (pod !== undefined) return { pod: { ...pod, lacks: pod.lacks ?? 'selector' } }
    const near = nearestWord(label, names.slice(0, LOOKED_AT_MAX))
    return near === undefined ? {} : { didYouMean: `${near}.${serviceName(service, namespace, zone)}` }
  }

  /** Pods that a Service selects; empty where Pods are not told, an option hides some, or there is no selector. */
  podsSelected(namespace: string, service: string): Pick<EndpointsFact, 'matching' | 'matchingNames'> {
    return this.#searches.find(`w ${namespace} ${service}`, {}, () => this.#podsSelected(namespace, service))
  }

  #podsSelected(namespace: string, service: string): Pick<EndpointsFact, 'matching' | 'matchingNames'> {
    const surroundings = this.#index.surroundings
    if (surroundings?.hasPods !== true || this.#index.options.labels !== undefined) return {}
    const selector = Object.entries(surroundings.services.get(namespace, service)?.selector ?? {})
    if (selector.length === 0) return {}
    let left = PODS_MAX
    let matching = 0
    const matchingNames: string[] = []
    for (const pod of surroundings.pods.in(namespace)) {
      if (left-- === 0) return {}
      if (isOver(pod) || !selector.every(([key, value]) => pod.labels[key] === value)) continue
      matching++
      if (matchingNames.length < POD_NAMES_MAX) matchingNames.push(pod.name)
    }
    return { matching, matchingNames }
  }

  /** Full names of Services with a name, those of one namespace left out. */
  #servicesNamed(service: string, zone: Zone, but = ''): string[] {
    const found: string[] = []
    for (const namespace of this.#namespaces()) {
      if (namespace === but) continue
      found.push(...this.#exact(service, namespace, zone))
      if (found.length === NAMES_MAX) break
    }
    return found
  }

  /** Full names of Services that somebody may have meant who wrote these labels, outside of any zone of ours. */
  meant(labels: readonly string[], zone: Zone): readonly string[] {
    return this.#searches.find(`m ${labels.join('.')} ${zoneText(zone)}`, NONE, () =>
      this.#meant(labels, zone)
    )
  }

  #meant(labels: readonly string[], zone: Zone): readonly string[] {
    const kind = labels.indexOf('svc')
    const [first = '', second = ''] = labels
    if (kind >= 2) return this.#exact(labels[kind - 2] ?? '', labels[kind - 1] ?? '', zone)
    if (labels.length === 1) return this.#servicesNamed(first, zone)
    return labels.length === 2 ? this.#exact(first, second, zone) : []
  }

  /** The full name of a Service in a namespace, if it is there and may be seen. */
  #exact(service: string, namespace: string, zone: Zone): string[] {
    const { namespaces, services, imports } = this.#index
    const table = zone.isMulticluster ? imports : services
    const space = Buffer.from(namespace, 'utf8')
    const known = namespaces.find(space, 0, space.length)
    if (known < 0 || !namespaces.isDeclared(known) || !this.#isListed(known)) return []
    const label = Buffer.from(service, 'utf8')
    const entry = table.find(known, label, 0, label.length)
    return entry >= 0 && table.hasService(entry) ? [serviceName(service, namespace, zone)] : []
  }

  /** Namespaces that may be seen; `default` first, since it is what people forget to name. */
  *#namespaces(): Generator<string, void> {
    const { namespaces } = this.#index
    const all: string[] = []
    for (const known of namespaces.declared()) {
      if (this.#isListed(known)) all.push(namespaces.label(known).toString('utf8'))
      if (all.length === LOOKED_AT_MAX) break
    }
    yield* all.filter(name => name === 'default')
    yield* all.filter(name => name !== 'default')
  }

  *#servicesIn(namespace: string): Generator<string, void> {
    let left = LOOKED_AT_MAX
    for (const { name } of this.#index.surroundings?.services.in(namespace) ?? []) {
      if (left-- === 0) return
      yield name
    }
  }

  /** A Pod with this name, and what it is called in DNS. */
  #pod(namespace: string, name: string, zone: Zone): PodFact | undefined {
    const surroundings = this.#index.surroundings
    if (surroundings === undefined || zone.isMulticluster) return undefined
    const known = surroundings.pods.get(namespace, name)
    // What has ended keeps its address in its status, and others may have it by now.
    if (known?.phase === 'Succeeded' || known?.phase === 'Failed')
      return { namespace, name, address: '', names: [], lacks: 'life' }
    const names: string[] = []
    let address = known?.podIP ?? ''
    for (const [service, endpoint] of surroundings.endpointsOf(namespace, name, LOOKED_AT_MAX)) {
      const [own] = endpoint.addresses
      if (own === undefined) continue
      if (address === '') address = own
      if (endpoint.ready && names.length < NAMES_MAX)
        names.push(`${this.#labelOf(endpoint, own)}.${serviceName(service, namespace, zone)}`)
    }
    if (address === '')
      return known === undefined ? undefined : { namespace, name, address, names, lacks: 'address' }
    const dashed = `${address.replaceAll(/[.:]/g, '-')}.${namespace}.pod.${zoneText(zone)}`
    return { namespace, name, address, names: this.#options.pods === 'disabled' ? names : [dashed, ...names] }
  }

  #labelOf(endpoint: Endpoint, address: string): string {
    const { endpointPodNames, zonal } = this.#index.options
    return endpointName(endpoint, address, { podNames: endpointPodNames, zones: zonal })
  }

  /** Pods that belong to something of this name, where no Service selects them. */
  #workload(namespace: string, name: string): WorkloadFact | undefined {
    const surroundings = this.#index.surroundings
    if (surroundings?.isComplete !== true) return undefined
    let left = LOOKED_AT_MAX
    let pods = 0
    let labels: Readonly<Record<string, string>> | undefined
    for (const pod of surroundings.pods.in(namespace)) {
      if (left-- === 0) break
      if (isOver(pod) || !belongsTo(pod, name)) continue
      pods++
      labels ??= pod.labels
    }
    if (labels === undefined || this.#isSelected(surroundings, namespace, labels)) return undefined
    const own = Object.entries(labels).filter(([key]) => !OWN_LABELS.has(key))
    return own.length === 0 ? undefined : { namespace, name, pods, labels: Object.fromEntries(own) }
  }

  #isSelected(
    surroundings: Surroundings,
    namespace: string,
    labels: Readonly<Record<string, string>>
  ): boolean {
    for (const { selector } of surroundings.services.in(namespace)) {
      if (selector !== undefined && Object.entries(selector).every(([key, value]) => labels[key] === value))
        return true
    }
    return false
  }
}

export const zoneText = (zone: Zone): string => formatName(zone.name)

export const serviceName = (service: string, namespace: string, zone: Zone): string =>
  `${service}.${namespace}.svc.${zoneText(zone)}`

/** By its labels, or by its name as controllers make names: `orders-0`, `orders-x7k2p`, `orders-5d5f7c9c4b-x7k2p`. */
function belongsTo(
  pod: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  workload: string
): boolean {
  if (NAME_LABELS.some(key => Object.hasOwn(pod.labels, key) && pod.labels[key] === workload)) return true
  if (!pod.name.startsWith(`${workload}-`)) return false
  const made = pod.name.slice(workload.length + 1)
  const hash = Object.hasOwn(pod.labels, HASH_LABEL) ? pod.labels[HASH_LABEL] : undefined
  if (hash !== undefined && made.startsWith(`${hash}-`))
    return /^[a-z0-9]{5}$/.test(made.slice(hash.length + 1))
  // `orders-28391040-x7k2p` of a CronJob; `orders-db-x7k2p` is of a DaemonSet orders-db, not of orders.
  return /^(?:\d+|[a-z0-9]{5}|\d{6,10}-[a-z0-9]{5})$/.test(made)
}
