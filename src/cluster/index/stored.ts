// What an index holds, as objects that make an equal index: for keeping it on disk. Fields that no answer shows are lost,
// and so is what the stanza's selectors left out; `restore` takes the objects back without asking those again.
import { formatAddress } from '../../wire/address.ts'
import { formatName, readName } from '../../wire/name.ts'
import {
  MULTICLUSTER_SERVICE_LABEL,
  SERVICE_NAME_LABEL,
  SOURCE_CLUSTER_LABEL,
  type ClusterObject,
  type Endpoint,
  type ServicePort
} from '../objects.ts'
import type { ClusterIndex } from './cluster-index.ts'
import { ServiceType, ServiceView } from './service-record.ts'
import type { ServiceTable } from './service-table.ts'
import { SliceView } from './slice-record.ts'

/**
 * The index may change between two of them: each is then as it was at some moment since the first, and one that came
 * meanwhile may be missing.
 */
export function* storedObjects(index: ClusterIndex): Generator<ClusterObject, void> {
  const { namespaces } = index
  const nameOf = (namespace: number) => namespaces.label(namespace).toString('utf8')
  for (const id of namespaces.declared()) yield { kind: 'Namespace', name: nameOf(id), labels: {} }
  for (const table of [index.services, index.imports]) {
    for (const entry of table.entries()) {
      const at = { namespace: nameOf(table.namespaceOf(entry)), name: utf8(table.nameOf(entry)) }
      // Taken in one go: a number is valid until the next change.
      yield* [...entryObjects(index, table, entry, at)]
    }
  }
  for (const { namespace, name, address } of index.pods.all()) {
    yield { kind: 'Pod', namespace, name, labels: {}, podIP: address, phase: 'Running', deleting: false }
  }
}

/** The labels that join a slice to what it belongs to. */
function slicesLabels(isImport: boolean, service: string, cluster: string): Readonly<Record<string, string>> {
  if (!isImport) return { [SERVICE_NAME_LABEL]: service }
  return {
    [MULTICLUSTER_SERVICE_LABEL]: service,
    ...(cluster === '' ? {} : { [SOURCE_CLUSTER_LABEL]: cluster })
  }
}

function* entryObjects(
  index: ClusterIndex,
  table: ServiceTable,
  entry: number,
  at: { readonly namespace: string; readonly name: string }
): Generator<ClusterObject, void> {
  const isImport = table === index.imports
  if (table.hasService(entry)) {
    const view = table.loadService(entry, new ServiceView())
    const ports = portsOf(view)
    const addresses = serviceAddresses(view)
    if (isImport) {
      const type = view.type === ServiceType.HEADLESS ? 'Headless' : 'ClusterSetIP'
      yield { kind: 'ServiceImport', ...at, labels: {}, type, ips: addresses, ports }
    } else {
      yield {
        kind: 'Service',
        ...at,
        labels: {},
        type:
          view.type === ServiceType.EXTERNAL_NAME || view.type === ServiceType.NONEXISTENT
            ? 'ExternalName'
            : 'ClusterIP',
        clusterIPs: view.type === ServiceType.HEADLESS ? ['None'] : addresses,
        externalName: externalName(view),
        ports,
        externalIPs: externalTargets(index, at)
      }
    }
  }
  for (let id = table.firstSlice(entry); id >= 0; id = table.nextSlice(id)) {
    const view = table.loadSlice(id, new SliceView())
    const cluster = text(view.octets, view.clusterAt, view.clusterLength)
    yield {
      kind: 'EndpointSlice',
      namespace: at.namespace,
      name: text(view.octets, view.objectNameAt, view.octets[view.objectNameAt - 1] as number),
      labels: slicesLabels(isImport, at.name, cluster),
      addressType: '',
      ports: portsOf(view),
      endpoints: endpointsOf(view),
      lastChange: ''
    }
  }
}

function portsOf(view: ServiceView | SliceView): ServicePort[] {
  const ports: ServicePort[] = []
  view.rewindPorts()
  while (view.nextPort()) {
    const { octets, port } = view
    ports.push({
      port,
      name: text(octets, view.nameAt, view.nameLength),
      protocol: text(octets, view.protocolAt, view.protocolLength)
    })
  }
  return ports
}

/** The different addresses, and the first one again as often as the object repeated any. */
function serviceAddresses(view: ServiceView): string[] {
  const addresses: string[] = []
  for (let i = 0; i < view.ipv4Count; i++) addresses.push(formatAddress(view.octets, view.ipv4At + i * 4, 4))
  for (let i = 0; i < view.ipv6Count; i++)
    addresses.push(formatAddress(view.octets, view.ipv6At + i * 16, 16))
  const [first] = addresses
  while (first !== undefined && addresses.length < view.listedCount) addresses.push(first)
  return addresses
}

function externalName(view: ServiceView): string {
  // An address, which stands for all names that are none.
  if (view.type === ServiceType.NONEXISTENT) return '0.0.0.0'
  if (view.type !== ServiceType.EXTERNAL_NAME) return ''
  const name = readName(view.octets, view.externalNameAt)
  return name === undefined ? '0.0.0.0' : formatName(name)
}

function externalTargets(
  index: ClusterIndex,
  at: { readonly namespace: string; readonly name: string }
): string[] {
  const found = index.external.find(Buffer.from(at.namespace), Buffer.from(at.name))
  return (found?.targets ?? []).map(target =>
    'address' in target
      ? formatAddress(target.address, 0, target.address.length as 4 | 16)
      : formatName(target.name)
  )
}

function endpointsOf(view: SliceView): Endpoint[] {
  const endpoints: Endpoint[] = []
  view.rewindEndpoints()
  while (view.nextEndpoint()) {
    endpoints.push({
      addresses: [endpointAddress(view)],
      ready: true,
      // The name it has, whatever that came from.
      hostname: text(view.octets, view.labelAt, view.labelLength),
      nodeName: '',
      targetName: '',
      zone: text(view.octets, view.zoneAt, view.zoneLength)
    })
  }
  return endpoints
}

function endpointAddress(view: SliceView): string {
  const { octets, addressAt, family } = view
  if (family === 0) {
    const name = readName(octets, addressAt)
    return name === undefined ? '.' : formatName(name)
  }
  const address = formatAddress(octets, addressAt, family)
  if (view.isCanonical) return address
  // Spelled in a way that reverse lookups don't find, as the object did.
  if (family === 4) return `::ffff:${address}`
  const groups = Array.from({ length: 8 }, (_, i) =>
    Buffer.from(octets.subarray(addressAt + i * 2, addressAt + i * 2 + 2)).toString('hex')
  )
  return groups.join(':').toUpperCase()
}

const utf8 = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')
const text = (octets: Uint8Array, at: number, length: number): string =>
  utf8(octets.subarray(at, at + length))
