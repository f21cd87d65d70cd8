// What a name outside the cluster stands for: external addresses of Services, or endpoints of headless ones
// (kubernetes-records.md §17).
import { endpointLabel } from '../../cluster/index/endpoint-name.ts'
import type { ExternalService, ExternalTarget } from '../../cluster/index/external-table.ts'
import { sameLabel, sameOctets } from '../../cluster/index/namespaces.ts'
import { ServiceType, ServiceView } from '../../cluster/index/service-record.ts'
import { SliceView } from '../../cluster/index/slice-record.ts'
import { joinLabels, readName } from '../../wire/name.ts'
import type { ClusterView } from '../cluster-view.ts'

/** One target with one port; a target stands once for each port that fits. */
export interface Candidate {
  readonly target: ExternalTarget
  /** -1: the Service or slice has no ports. */
  readonly port: number
  /** The name that SRV records give the target: the Service's, or the endpoint's. */
  readonly name: Uint8Array
}

export interface Found {
  readonly exists: boolean
  readonly candidates: readonly Candidate[]
}

const NOTHING: Found = { exists: false, candidates: [] }
const EMPTY: Found = { exists: true, candidates: [] }

/** Labels left of the namespace and Service that mean something: an endpoint, or port and protocol. */
const LABELS_MAX = 4
const UNDERSCORE = 0x5f

interface Wanted {
  readonly endpoint: Uint8Array
  readonly port: Uint8Array
  readonly protocol: Uint8Array
}

const NONE = new Uint8Array(0)

/** The name between `start` and the zone at `zoneAt`; `zone` is what targets' names end in. */
export function findExternal(
  view: ClusterView,
  octets: Uint8Array,
  start: number,
  zoneAt: number,
  zone: Uint8Array,
  headless: boolean
): Found {
  const labels: Uint8Array[] = []
  for (let at = start; at < zoneAt; at += (octets[at] as number) + 1) {
    labels.push(octets.subarray(at + 1, at + 1 + (octets[at] as number)))
  }
  const namespace = labels.at(-1)
  if (namespace === undefined) return NOTHING
  const { namespaces, services, external } = view.index
  const number = namespaces.find(namespace, 0, namespace.length)
  if (number < 0 || !namespaces.isDeclared(number) || !view.isListed(number)) return NOTHING
  const service = labels.at(-2)
  if (service === undefined) return EMPTY
  if (labels.length > LABELS_MAX) return NOTHING
  const entry = services.find(number, service, 0, service.length)
  if (entry < 0 || !services.hasService(entry)) return NOTHING
  const wanted: Wanted = {
    endpoint: labels.length === 3 ? bare(labels[0] as Uint8Array) : NONE,
    port: labels.length === 4 ? bare(labels[0] as Uint8Array) : NONE,
    protocol: labels.length === 4 ? bare(labels[1] as Uint8Array) : NONE
  }
  const known = external.find(namespace, service)
  const name = joinLabels([services.nameOf(entry), namespaces.label(number)], zone)
  if (name === undefined) return NOTHING
  const candidates =
    known !== undefined
      ? serviceCandidates(view, entry, known, wanted, name)
      : headless
        ? endpointCandidates(view, entry, wanted, name)
        : []
  return candidates.length === 0 ? NOTHING : { exists: true, candidates }
}

/** A label without its leading underscore. */
const bare = (label: Uint8Array): Uint8Array => (label[0] === UNDERSCORE ? label.subarray(1) : label)

function serviceCandidates(
  view: ClusterView,
  entry: number,
  known: ExternalService,
  wanted: Wanted,
  name: Uint8Array
): Candidate[] {
  const service = view.index.services.loadService(entry, new ServiceView())
  const ports = matchingPorts(service, wanted)
  return known.targets.flatMap(target => ports.map(port => ({ target, port, name })))
}

function endpointCandidates(view: ClusterView, entry: number, wanted: Wanted, name: Uint8Array): Candidate[] {
  const { services } = view.index
  const type = services.loadService(entry, new ServiceView()).type
  if (type !== ServiceType.HEADLESS && wanted.endpoint.length === 0) return []
  const candidates: Candidate[] = []
  const slice = new SliceView()
  for (let id = services.firstSlice(entry); id >= 0; id = services.nextSlice(id)) {
    services.loadSlice(id, slice)
    const ports = matchingPorts(slice, wanted)
    if (ports.length === 0) continue
    slice.rewindEndpoints()
    while (slice.nextEndpoint()) {
      const label = endpointLabelOf(slice)
      if (label === undefined) continue
      if (wanted.endpoint.length > 0 && !sameLabel(label, wanted.endpoint, 0, wanted.endpoint.length))
        continue
      const owner = joinLabels([label], name)
      const target = targetOf(slice)
      if (owner === undefined || target === undefined) continue
      for (const port of ports) candidates.push({ target, port, name: owner })
    }
  }
  return candidates
}

/** An endpoint that is a domain name has a label only where it has a hostname. */
function endpointLabelOf(slice: SliceView): Buffer | undefined {
  return slice.family === 0 && slice.labelLength === 0 ? undefined : endpointLabel(slice)
}

function targetOf(slice: SliceView): ExternalTarget | undefined {
  const { octets, addressAt, family } = slice
  if (family !== 0) return { address: octets.slice(addressAt, addressAt + family) }
  const name = readName(octets, addressAt)
  return name === undefined ? undefined : { name }
}

/** Numbers of the ports that fit; where there are no ports at all, one without a number stands in. */
function matchingPorts(ports: ServiceView | SliceView, wanted: Wanted): number[] {
  if (ports.portCount === 0) return wanted.port.length === 0 && wanted.protocol.length === 0 ? [-1] : []
  const found: number[] = []
  const fits = (at: number, length: number, label: Uint8Array) =>
    label.length === 0 || sameOctets(ports.octets, at, length, label, 0, label.length)
  ports.rewindPorts()
  while (ports.nextPort()) {
    if (
      fits(ports.nameAt, ports.nameLength, wanted.port) &&
      fits(ports.protocolAt, ports.protocolLength, wanted.protocol)
    ) {
      found.push(ports.port)
    }
  }
  return found
}
