// Which questions may have an answer because an object is there: the names that the specification gives it, in every zone
// of a stanza. Whether they do is for the plugin to say; what is listed here too much is answered with a name error.
import { endpointName, type SliceOptions } from '../../cluster/index/slice-record.ts'
import {
  MULTICLUSTER_SERVICE_LABEL,
  SERVICE_NAME_LABEL,
  SOURCE_CLUSTER_LABEL,
  type ClusterObject,
  type EndpointSlice,
  type Service,
  type ServiceImport
} from '../../cluster/objects.ts'
import { parseAddress, parsedAddress } from '../../wire/address.ts'
import { encodeName, isSubdomain, joinLabels, type Name } from '../../wire/name.ts'
import { Rtype } from '../../wire/numbers.ts'
import type { KubernetesOptions, Zone } from './options.ts'

/** A name, and the types to ask it for. */
export interface Candidate {
  readonly name: Name
  readonly qtypes: readonly number[]
  /** Where its zone stands among those of the stanza. */
  readonly zone: number
}

const APEX_TYPES = [Rtype.SOA, Rtype.NS]
const ADDRESS_TYPES = [Rtype.A, Rtype.AAAA]
const SERVICE_TYPES = [Rtype.A, Rtype.AAAA, Rtype.SRV]
const ALIAS_TYPES = [Rtype.CNAME]
const PORT_TYPES = [Rtype.SRV]
const POINTER_TYPES = [Rtype.PTR]
const TEXT_TYPES = [Rtype.TXT]

const IN_ADDR_ARPA = encodeName('in-addr.arpa')
const IP6_ARPA = encodeName('ip6.arpa')

/** What a stanza has without any object: each zone's apex, its name server and the specification's version. */
export function* zoneCandidates({ zones }: KubernetesOptions): Generator<Candidate, void> {
  for (const [zone, { name }] of zones.entries()) {
    yield { name, qtypes: APEX_TYPES, zone }
    yield* named(['ns', 'dns'], name, ADDRESS_TYPES, zone)
    yield* named(['dns-version'], name, TEXT_TYPES, zone)
  }
}

/** What a stanza may have because of an object. */
export function* objectCandidates(
  object: ClusterObject,
  options: KubernetesOptions,
  sliceOptions: SliceOptions
): Generator<Candidate, void> {
  for (const [at, zone] of options.zones.entries()) {
    if (zone.isReverse) continue
    if (object.kind === 'Service' && !zone.isMulticluster) yield* serviceNames(object, zone, at)
    if (object.kind === 'ServiceImport' && zone.isMulticluster) yield* serviceNames(object, zone, at)
    if (object.kind === 'EndpointSlice') yield* sliceNames(object, zone, at, sliceOptions)
    if (object.kind === 'Pod' && object.podIP !== '') {
      const dashes = object.podIP.replaceAll(/[.:]/g, '-')
      yield* named([dashes, object.namespace, 'pod'], zone.name, ADDRESS_TYPES, at)
    }
  }
  if (object.kind === 'Service') for (const address of object.clusterIPs) yield* pointer(address, options)
  if (object.kind === 'EndpointSlice') {
    for (const { addresses } of object.endpoints) {
      for (const address of addresses) yield* pointer(address, options)
    }
  }
}

function* serviceNames(object: Service | ServiceImport, zone: Zone, at: number): Generator<Candidate, void> {
  const below = [object.name, object.namespace, 'svc']
  if (object.kind === 'Service' && object.type === 'ExternalName') {
    yield* named(below, zone.name, ALIAS_TYPES, at)
    return
  }
  yield* named(below, zone.name, SERVICE_TYPES, at)
  yield* portNames(object.ports, below, zone, at)
}

function* portNames(
  ports: readonly { readonly name: string; readonly protocol: string }[],
  below: readonly string[],
  zone: Zone,
  at: number
): Generator<Candidate, void> {
  for (const { name, protocol } of ports) {
    if (name === '') continue
    yield* named([`_${name}`, `_${protocol.toLowerCase()}`, ...below], zone.name, PORT_TYPES, at)
  }
}

function* sliceNames(
  slice: EndpointSlice,
  zone: Zone,
  at: number,
  options: SliceOptions
): Generator<Candidate, void> {
  const service = labelOf(slice, zone.isMulticluster ? MULTICLUSTER_SERVICE_LABEL : SERVICE_NAME_LABEL)
  if (service === '') return
  const below = [service, slice.namespace, 'svc']
  yield* portNames(slice.ports, below, zone, at)
  const cluster = zone.isMulticluster ? labelOf(slice, SOURCE_CLUSTER_LABEL) : ''
  const clusterLabels = cluster === '' ? [] : [cluster]
  const topologyZones = new Set<string>()
  for (const endpoint of slice.endpoints) {
    if (options.zones && endpoint.zone !== '') topologyZones.add(endpoint.zone)
    for (const address of endpoint.addresses) {
      const label = endpointName(endpoint, address, options)
      yield* named([label, ...clusterLabels, ...below], zone.name, SERVICE_TYPES, at)
    }
  }
  for (const topologyZone of topologyZones) {
    for (const directive of ['pin', 'prefer']) {
      const labels = [...topologyZone.split('.'), directive, '_zone', ...below]
      yield* named(labels, zone.name, SERVICE_TYPES, at)
    }
  }
}

/** The name that the address has in a reverse zone of the stanza, if there is one. */
function* pointer(address: string, { zones }: KubernetesOptions): Generator<Candidate, void> {
  const name = reverseName(address)
  if (name === undefined) return
  let longest = -1
  for (const [at, zone] of zones.entries()) {
    const isLonger = longest < 0 || zone.name.length > (zones[longest] as Zone).name.length
    if (isLonger && isSubdomain(name, zone.name)) longest = at
  }
  if (longest >= 0) yield { name, qtypes: POINTER_TYPES, zone: longest }
}

/** `1.0.96.10.in-addr.arpa`, or 32 nibbles below `ip6.arpa` (RFC 1035 §3.5, RFC 3596 §2.5). */
function reverseName(address: string): Name | undefined {
  const family = parseAddress(address)
  if (family === 0) return undefined
  const octets = [...parsedAddress.subarray(0, family)].reverse()
  const labels =
    family === 4
      ? octets.map(String)
      : octets.flatMap(octet => [(octet & 0xf).toString(16), (octet >> 4).toString(16)])
  return joined(labels, family === 4 ? IN_ADDR_ARPA : IP6_ARPA)
}

function* named(
  labels: readonly string[],
  zone: Name,
  qtypes: readonly number[],
  at: number
): Generator<Candidate, void> {
  const name = joined(labels, zone)
  if (name !== undefined) yield { name, qtypes, zone: at }
}

/** A label is a label, whatever stands in it: a dot in one doesn't make two. */
function joined(labels: readonly string[], zone: Name): Name | undefined {
  return joinLabels(
    labels.map(label => Buffer.from(label, 'utf8')),
    zone
  ) as Name | undefined
}

function labelOf(slice: EndpointSlice, key: string): string {
  return Object.hasOwn(slice.labels, key) ? (slice.labels[key] ?? '') : ''
}
