// What a cluster zone answers, said the plain way: objects in a list, names as arrays of labels, one pass over everything for
// each question (kubernetes-records.md §2–§12). Written from the reference page, apart from the plugin, to be compared with it.
import { isIP, isIPv4 } from 'node:net'
import {
  MULTICLUSTER_SERVICE_LABEL,
  SERVICE_NAME_LABEL,
  SOURCE_CLUSTER_LABEL,
  type ClusterObject,
  type Endpoint,
  type EndpointSlice,
  type Pod,
  type Service,
  type ServiceImport
} from '../../../src/cluster/objects.ts'

export interface ModelOptions {
  /** Lower-cased, without final dot; the first is the primary zone. */
  readonly zones: readonly string[]
  readonly multicluster: readonly string[]
  readonly pods: 'disabled' | 'insecure' | 'verified'
  readonly namespaces: readonly string[]
  readonly ignoreEmptyService: boolean
  readonly zonal: boolean
  readonly podNames: boolean
  readonly noEndpoints: boolean
}

/** `TYPE DATA` of each record, lower-cased and sorted; `additional` with owners. */
export interface Expected {
  readonly rcode: 'NOERROR' | 'NXDOMAIN'
  readonly answer: readonly string[]
  readonly additional: readonly string[]
  /** Of the records in `answer`, one is expected. */
  readonly isChoice: boolean
}

type Labels = readonly string[]

/** What a name stands for: an address with the name and port it goes by. */
interface Candidate {
  readonly address: string
  /** -1: it has none. */
  readonly port: number
  readonly target: Labels
}

type Found =
  | { readonly kind: 'error' | 'empty' | 'zonal' }
  | { readonly kind: 'records'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'external'; readonly target: string }

const noData: Expected = { rcode: 'NOERROR', answer: [], additional: [], isChoice: false }
const nameError: Expected = { ...noData, rcode: 'NXDOMAIN' }
const positive = (answer: readonly string[], additional: readonly string[] = []): Expected => ({
  rcode: 'NOERROR',
  answer: [...new Set(answer)].sort(),
  additional: [...new Set(additional)].sort(),
  isChoice: false
})

const lower = (text: string) => text.replace(/[A-Z]/g, letter => letter.toLowerCase())
export const nameText = (labels: Labels): string =>
  `${labels.map(label => label.replaceAll('.', '\\.')).join('.')}.`
const split = (zone: string): Labels => zone.split('.')

/** 4 for IPv4 and IPv4-mapped text. */
const family = (address: string): 4 | 6 => (isIPv4(address.replace(/^::ffff:/, '')) ? 4 : 6)
/** RFC 5952 by way of the URL parser. */
const canonical = (address: string): string =>
  family(address) === 4
    ? address.replace(/^::ffff:/, '')
    : new URL(`http://[${address}]`).hostname.slice(1, -1)
const addressRecord = (address: string) => `${family(address) === 4 ? 'a' : 'aaaa'} ${canonical(address)}`

export class Model {
  readonly #objects: readonly ClusterObject[]
  readonly #options: ModelOptions

  constructor(objects: Iterable<ClusterObject>, options: ModelOptions) {
    this.#objects = [...objects]
    this.#options = options
  }

  /** The name is in one of the zones. */
  ask(name: Labels, type: string): Expected {
    const labels = name.map(lower)
    const [zone, left] = this.#zoneOf(labels)
    const isApex = left.length === 0
    const isNameServer = left.join(' ') === 'ns dns' && name.slice(2).join('.') === zone
    if (type === 'SOA') return isApex ? positive(['soa']) : noData
    if (type === 'NS' && isApex) return noData // a server without addresses
    if (type === 'PTR') {
      const address = reverseAddress(labels)
      if (address !== undefined) return this.#pointers(address)
    }
    if (type === 'TXT' && left.join(' ') === 'dns-version') return positive(['txt "1.1.0"'])
    const found = this.#find(left, zone)
    switch (found.kind) {
      case 'error':
        return isNameServer && type !== 'TXT' && type !== 'PTR' ? noData : nameError
      case 'empty':
        return type === 'TXT' ? nameError : noData
      case 'zonal':
        return noData
      case 'external':
        return type === 'CNAME'
          ? positive([`cname ${lower(found.target).replace(/\.?$/, '.')}`])
          : type === 'A' || type === 'AAAA'
            ? this.#chain(labels, found.target, zone, type)
            : noData
      case 'records':
        if (type === 'A' || type === 'AAAA') return positive(addresses(found.candidates, type))
        return type === 'SRV' ? services(found.candidates) : noData
    }
  }

  #zoneOf(labels: Labels): [string, Labels] {
    const zones = this.#options.zones.filter(zone => endsWith(labels, split(zone)))
    const [zone] = zones.sort((a, b) => b.length - a.length)
    if (zone === undefined) throw new Error(`not in a zone: ${labels.join(' ')}`)
    return [zone, labels.slice(0, labels.length - split(zone).length)]
  }

  /** §2, §3. */
  #find(left: Labels, zone: string): Found {
    const options = this.#options
    const kind = left.at(-1)
    if (kind === undefined) return { kind: 'empty' }
    if (kind !== 'svc' && kind !== 'pod') return { kind: 'error' }
    if (left.length === 1) return { kind: 'empty' }
    if (zone.endsWith('.arpa')) return { kind: 'error' }
    const isImport = options.multicluster.some(one => endsWith(split(zone), split(one)))
    const isZonal =
      kind === 'svc' &&
      left.length >= 6 &&
      left.at(-4) === '_zone' &&
      (left.at(-5) === 'pin' || left.at(-5) === 'prefer')
    if (left.length > 5 && (!isZonal || !options.zonal || isImport)) return { kind: 'error' }
    if (kind === 'pod' && options.pods === 'disabled') return { kind: 'error' }
    const namespace = left.at(-2)!
    if (!this.#isExposed(namespace)) return { kind: 'error' }
    if (left.length === 2) return { kind: 'empty' }
    if (kind === 'pod') return this.#pod(left.at(-3)!, namespace, zone)
    const name = left.at(-3)!
    const base = [name, namespace, 'svc', ...split(zone)]
    const rest = left.slice(0, -3)
    if (isImport) {
      const found = this.#one('ServiceImport', namespace, name)
      return found === undefined ? { kind: 'error' } : this.#import(found, rest, base)
    }
    const service = this.#one('Service', namespace, name)
    return service === undefined ? { kind: 'error' } : this.#service(service, rest, base)
  }

  #service(service: Service, rest: Labels, base: Labels): Found {
    const isHeadless = service.type !== 'ExternalName' && service.clusterIPs[0] === 'None'
    const slices = this.#options.noEndpoints ? [] : this.#slices(service, SERVICE_NAME_LABEL)
    if (rest.length > 2) return isHeadless ? this.#zonal(slices, rest, base) : { kind: 'error' }
    if (service.type === 'ExternalName') {
      const isUsable = isIP(service.externalName) === 0
      return isUsable && rest.length === 0
        ? { kind: 'external', target: service.externalName }
        : { kind: 'error' }
    }
    if (this.#options.ignoreEmptyService && !isHeadless && slices.every(slice => ready(slice).length === 0)) {
      return { kind: 'error' }
    }
    if (isHeadless || rest.length === 1) return this.#endpoints(slices, rest, base, '')
    const ports = service.ports.length === 0 ? [{ name: '', port: -1, protocol: '' }] : service.ports
    return addressed(service.clusterIPs, ports, rest, base)
  }

  #import(found: ServiceImport, rest: Labels, base: Labels): Found {
    const slices = this.#slices(found, MULTICLUSTER_SERVICE_LABEL)
    const isEndpoint = rest.length === 2 && !rest.some(label => label.startsWith('_'))
    const isHeadless = found.type === 'Headless'
    if (this.#options.ignoreEmptyService && !isHeadless && slices.every(slice => ready(slice).length === 0)) {
      return { kind: 'error' }
    }
    if (isEndpoint) return this.#endpoints(slices, rest.slice(0, 1), base, rest[1]!)
    if (isHeadless || rest.length === 1) return this.#endpoints(slices, rest, base, '')
    return addressed(found.ips, found.ports, rest, base)
  }

  /** §5, §8, §11. `rest` is nothing, an endpoint's name, or a port and a protocol. */
  #endpoints(slices: readonly EndpointSlice[], rest: Labels, base: Labels, cluster: string): Found {
    const candidates: Candidate[] = []
    for (const slice of slices) {
      const source = this.#clusterOf(slice)
      if (rest.length === 1 && source !== cluster) continue
      const ports = slice.ports.length === 0 ? [{ name: '', port: -1, protocol: '' }] : slice.ports
      for (const [endpoint, address] of ready(slice)) {
        const name = this.#endpointName(endpoint, address)
        if (rest.length === 1 && lower(name) !== rest[0]) continue
        for (const port of ports) {
          if (rest.length === 2 && !portMatches(port, rest)) continue
          candidates.push({
            address,
            port: port.port,
            target: [name, ...(source === '' ? [] : [source]), ...base]
          })
        }
      }
    }
    return candidates.length === 0 ? { kind: 'error' } : { kind: 'records', candidates }
  }

  /** §12. */
  #zonal(slices: readonly EndpointSlice[], rest: Labels, base: Labels): Found {
    const wanted = rest.slice(0, -2).join('.')
    const inZone = slices.map(slice => ({
      ...slice,
      endpoints: slice.endpoints.filter(endpoint => lower(endpoint.zone) === wanted)
    }))
    const found = this.#endpoints(inZone, [], base, '')
    if (found.kind === 'records') return found
    const all = rest.at(-2) === 'prefer' ? this.#endpoints(slices, [], base, '') : found
    return all.kind === 'records' ? all : { kind: 'zonal' }
  }

  /** §9. */
  #pod(label: string, namespace: string, zone: string): Found {
    const isIPv4Form = label.split('-').length === 4 && !label.includes('--')
    const address = label.replaceAll('-', isIPv4Form ? '.' : ':')
    if (isIP(address) === 0) return { kind: 'error' }
    if (this.#options.pods === 'verified') {
      const isThere = this.#objects.some(
        (one): one is Pod => one.kind === 'Pod' && one.namespace === namespace && one.podIP === address
      )
      if (!isThere) return { kind: 'error' }
    }
    const target = [label, namespace, 'pod', ...split(zone)]
    return { kind: 'records', candidates: [{ address, port: 0, target }] }
  }

  /** §7; lookups outside the zone find nothing. */
  #chain(name: Labels, first: string, zone: string, type: string): Expected {
    const chain: string[] = []
    let current = name
    let target = first
    for (;;) {
      const labels = lower(target).replace(/\.$/, '').split('.')
      if (endsWith(labels, current) || chain.length >= 11 || chain.includes(labels.join('.'))) return noData
      chain.push(labels.join('.'))
      const cnames = chain.map(one => `cname ${one}.`)
      if (!endsWith(labels, split(zone))) return positive(cnames)
      const found = this.#find(labels.slice(0, labels.length - split(zone).length), zone)
      if (found.kind === 'external') {
        target = found.target
        current = labels
        continue
      }
      const records = found.kind === 'records' ? addresses(found.candidates, type) : []
      return records.length === 0 ? noData : positive([...cnames, ...records])
    }
  }

  /** §10. */
  #pointers(address: string): Expected {
    const isListed = (namespace: string) =>
      this.#options.namespaces.length === 0 || this.#options.namespaces.includes(namespace)
    const suffix = split(this.#options.zones[0]!)
    const named = this.#objects.filter(
      (one): one is Service =>
        one.kind === 'Service' &&
        one.type !== 'ExternalName' &&
        one.clusterIPs[0] !== 'None' &&
        one.clusterIPs.includes(address) &&
        isListed(one.namespace)
    )
    const pointer = (labels: Labels) => lower(`ptr ${nameText([...labels, 'svc', ...suffix])}`)
    if (named.length > 0) {
      return { ...positive(named.map(({ name, namespace }) => pointer([name, namespace]))), isChoice: true }
    }
    const names: string[] = []
    for (const slice of this.#options.noEndpoints ? [] : this.#objects) {
      if (slice.kind !== 'EndpointSlice' || !isListed(slice.namespace)) continue
      const service = slice.labels[SERVICE_NAME_LABEL] ?? ''
      if (service === '') continue
      for (const [endpoint, one] of ready(slice)) {
        if (one === address)
          names.push(pointer([this.#endpointName(endpoint, one), service, slice.namespace]))
      }
    }
    return names.length === 0 ? nameError : positive(names)
  }

  #isExposed(namespace: string): boolean {
    const { namespaces } = this.#options
    return (
      (namespaces.length === 0 || namespaces.includes(namespace)) &&
      this.#objects.some(one => one.kind === 'Namespace' && one.name === namespace)
    )
  }

  #one<K extends 'Service' | 'ServiceImport'>(kind: K, namespace: string, name: string) {
    return this.#objects.find(
      (one): one is Extract<ClusterObject, { kind: K }> =>
        one.kind === kind && one.namespace === namespace && one.name === name
    )
  }

  #slices(owner: Service | ServiceImport, label: string): EndpointSlice[] {
    return this.#objects.filter(
      (one): one is EndpointSlice =>
        one.kind === 'EndpointSlice' && one.namespace === owner.namespace && one.labels[label] === owner.name
    )
  }

  #clusterOf(slice: EndpointSlice): string {
    const isImported = slice.labels[MULTICLUSTER_SERVICE_LABEL] !== undefined
    return isImported ? (slice.labels[SOURCE_CLUSTER_LABEL] ?? '') : ''
  }

  #endpointName(endpoint: Endpoint, address: string): string {
    if (endpoint.hostname !== '') return endpoint.hostname
    if (this.#options.podNames && endpoint.targetName !== '' && endpoint.targetName.length < 64) {
      return endpoint.targetName
    }
    if (address.includes('.')) return address.replaceAll('.', '-')
    return address.replaceAll(':', '-').replace(/-$/, '-0')
  }
}

const endsWith = (labels: Labels, end: Labels) =>
  labels.length >= end.length && end.every((label, i) => labels[labels.length - end.length + i] === label)

const ready = (slice: EndpointSlice): [Endpoint, string][] =>
  slice.endpoints
    .filter(endpoint => endpoint.ready)
    .flatMap(endpoint => endpoint.addresses.map((address): [Endpoint, string] => [endpoint, address]))

function portMatches(port: { name: string; protocol: string }, [name, protocol]: Labels): boolean {
  const wanted = (label: string) => label.replace(/^_/, '')
  return (
    (wanted(name!) === '' || lower(port.name) === wanted(name!)) &&
    (wanted(protocol!) === '' || lower(port.protocol) === wanted(protocol!))
  )
}

function addressed(
  ips: readonly string[],
  ports: readonly { name: string; port: number; protocol: string }[],
  rest: Labels,
  base: Labels
): Found {
  const candidates = ports
    .filter(port => rest.length === 0 || portMatches(port, rest))
    .flatMap(({ port }) => ips.map((address): Candidate => ({ address, port, target: base })))
  return candidates.length === 0 ? { kind: 'error' } : { kind: 'records', candidates }
}

function addresses(candidates: readonly Candidate[], type: string): string[] {
  const wanted = type === 'A' ? 4 : 6
  return candidates
    .filter(({ address }) => family(address) === wanted)
    .map(({ address }) => addressRecord(address))
}

/** §8. */
function services(candidates: readonly Candidate[]): Expected {
  const weight = Math.max(1, Math.floor((100 / (100 * candidates.length)) * 100))
  const served = candidates.filter(({ port }) => port >= 0)
  return positive(
    served.map(({ port, target }) => lower(`srv 0 ${weight} ${port} ${nameText(target)}`)),
    served.map(({ address, target }) => lower(`${nameText(target)} ${addressRecord(address)}`))
  )
}

/** The address that a reverse name spells, as canonical text. */
function reverseAddress(labels: Labels): string | undefined {
  const tree = labels.slice(-2).join('.')
  const parts = labels.slice(0, -2).reverse()
  if (tree === 'in-addr.arpa') {
    const address = parts.join('.')
    return isIPv4(address) ? address : undefined
  }
  if (tree !== 'ip6.arpa' || parts.length !== 32 || !parts.every(part => /^[0-9a-f]$/.test(part)))
    return undefined
  return canonical(parts.join('').replace(/(.{4})(?!$)/g, '$1:'))
}
