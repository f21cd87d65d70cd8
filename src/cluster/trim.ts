// Kubernetes objects as they are written (YAML) or sent (JSON), checked and cut down to what answers need
// (kubernetes-records.md §14). Nothing is defaulted, derived or corrected. What is wrong is said in flaws, with the path
// of the field; nothing throws, whatever the value.
import { Fields, type Flaw } from './fields.ts'
import { addressFamily, badAddress, badHostName, badName, oddName } from './values.ts'
import type {
  ClusterKind,
  ClusterObject,
  Endpoint,
  EndpointSlice,
  Namespace,
  Pod,
  Service,
  ServiceImport,
  ServicePort,
  SlicePort
} from './objects.ts'

/** Cuts a raw object down; `undefined` when it has a flaw that makes it unusable. Adds to `flaws`. */
export type Trim<T> = (raw: unknown, flaws: Flaw[]) => T | undefined

export const trims: { readonly [K in ClusterKind]: Trim<Extract<ClusterObject, { kind: K }>> } = {
  Service: trimService,
  EndpointSlice: trimEndpointSlice,
  Namespace: trimNamespace,
  Pod: trimPod,
  ServiceImport: trimServiceImport
}

/** The most characters of one label of a domain name (RFC 1035 §2.3.4). */
const LABEL_MAX = 63
/** The most characters of an object's name. */
const NAME_MAX = 253

function trimService(raw: unknown, flaws: Flaw[]): Service | undefined {
  return trimmed(raw, flaws, root => {
    const spec = root.map('spec')
    const type = spec.choice('type', ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'])
    const external = type === 'ExternalName'
    return {
      kind: 'Service',
      ...namespaced(root, LABEL_MAX),
      type,
      clusterIPs: clusterIPs(spec),
      externalName: external ? externalName(spec) : '',
      ports: servicePorts(spec),
      externalIPs: externalIPs(root, spec),
      ...selectorIn(spec)
    }
  })
}

/** Nothing depends on it, so nothing is said of one that can't be read. */
function selectorIn(spec: Fields): Pick<Service, 'selector'> {
  const selector = spec.textsOf('selector')
  return Object.keys(selector).length === 0 ? {} : { selector }
}

function trimEndpointSlice(raw: unknown, flaws: Flaw[]): EndpointSlice | undefined {
  return trimmed(raw, flaws, root => {
    const kinds = ['IPv4', 'IPv6', 'FQDN']
    if (!root.has('addressType')) root.error(['addressType'], 'is missing; expected IPv4, IPv6 or FQDN')
    const addressType = root.choice('addressType', kinds)
    return {
      kind: 'EndpointSlice',
      ...namespaced(root, NAME_MAX),
      addressType,
      ports: slicePorts(root),
      endpoints: root.maps('endpoints').map(endpoint => sliceEndpoint(endpoint, addressType)),
      lastChange: root
        .map('metadata')
        .map('annotations')
        .text('endpoints.kubernetes.io/last-change-trigger-time')
    }
  })
}

function trimNamespace(raw: unknown, flaws: Flaw[]): Namespace | undefined {
  return trimmed(raw, flaws, root => {
    const metadata = root.map('metadata')
    return { kind: 'Namespace', name: ownName(metadata, LABEL_MAX), labels: metadata.textMap('labels') }
  })
}

function trimPod(raw: unknown, flaws: Flaw[]): Pod | undefined {
  return trimmed(raw, flaws, root => {
    const status = root.map('status')
    const podIP = status.text('podIP')
    if (podIP !== '') checkAddress(status, 'podIP', podIP, ADDRESS)
    return {
      kind: 'Pod',
      ...namespaced(root, NAME_MAX),
      podIP,
      phase: status.choice('phase', ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']),
      deleting: root.map('metadata').has('deletionTimestamp')
    }
  })
}

function trimServiceImport(raw: unknown, flaws: Flaw[]): ServiceImport | undefined {
  return trimmed(raw, flaws, root => {
    const spec = root.map('spec')
    const ips = spec.texts('ips')
    ips.forEach((ip, index) => checkAddress(spec, ['ips', index], ip, ADDRESS))
    return {
      kind: 'ServiceImport',
      ...namespaced(root, LABEL_MAX),
      type: spec.choice('type', ['ClusterSetIP', 'Headless']),
      ips,
      ports: servicePorts(spec)
    }
  })
}

/** Runs `read` on a map; `undefined` when it found an error. */
export function trimmed<T>(raw: unknown, flaws: Flaw[], read: (root: Fields) => T): T | undefined {
  const from = flaws.length
  const root = Fields.root(raw, flaws)
  if (root === undefined) return undefined
  const object = read(root)
  for (let at = from; at < flaws.length; at++) if (flaws[at]?.level === 'error') return undefined
  return object
}

/** Namespace, name and labels of an object that lives in a namespace. */
export function namespaced(
  root: Fields,
  nameMax: number
): { namespace: string; name: string; labels: Record<string, string> } {
  const metadata = root.map('metadata')
  const name = ownName(metadata, nameMax)
  if (!metadata.has('namespace')) {
    metadata.error(
      ['namespace'],
      'is missing; expected the namespace it lives in, for example namespace: default'
    )
  }
  const namespace = metadata.text('namespace')
  if (namespace !== '') checkName(metadata, 'namespace', namespace, LABEL_MAX)
  return { namespace, name, labels: metadata.textMap('labels') }
}

/** One endpoint of a slice; `addressType` is `IPv4`, `IPv6`, `FQDN`, or anything when it is not to be checked. */
function sliceEndpoint(endpoint: Fields, addressType: string): Endpoint {
  const addresses = endpoint.texts('addresses')
  if (addresses.length === 0) endpoint.error(['addresses'], 'is empty; expected at least one address')
  addresses.forEach((address, index) => checkSliceAddress(endpoint, index, address, addressType))
  return {
    addresses,
    ready: endpoint.map('conditions').boolean('ready') ?? true,
    hostname: optionalName(endpoint, 'hostname', LABEL_MAX),
    nodeName: endpoint.text('nodeName'),
    targetName: endpoint.map('targetRef').text('name'),
    zone: endpoint.text('zone')
  }
}

/** `ports` of a slice or of an Endpoints subset. */
export function slicePorts(parent: Fields): SlicePort[] {
  return parent.maps('ports').map(port => ({
    name: optionalName(port, 'name', LABEL_MAX),
    port: port.number('port', 1, 65535) ?? -1,
    protocol: protocol(port)
  }))
}

/** The name under `key`, or '' when absent. */
export function optionalName(parent: Fields, key: string, max: number): string {
  const name = parent.text(key)
  const bad = name === '' ? undefined : badName(name, max)
  if (bad !== undefined) parent.error([key], bad)
  return name
}

/** Says what is wrong with an address, if anything is. */
export function checkAddress(
  parent: Fields,
  key: string | readonly (string | number)[],
  text: string,
  expected: string
) {
  const bad = badAddress(text)
  if (bad !== undefined) parent.error(typeof key === 'string' ? [key] : key, `${bad}; expected ${expected}`)
}

export const ADDRESS = 'an IPv4 or IPv6 address'

function servicePorts(spec: Fields): ServicePort[] {
  return spec.maps('ports').map(port => {
    if (!port.has('port')) port.error(['port'], 'is missing; expected a number from 1 to 65535')
    return {
      name: optionalName(port, 'name', LABEL_MAX),
      port: port.number('port', 1, 65535) ?? 0,
      protocol: protocol(port)
    }
  })
}

function protocol(port: Fields): string {
  return port.choice('protocol', ['TCP', 'UDP', 'SCTP'])
}

function clusterIPs(spec: Fields): string[] {
  const expected = `${ADDRESS}, or None`
  const one = spec.text('clusterIP')
  if (one !== '' && one !== 'None') checkAddress(spec, 'clusterIP', one, expected)
  const several = spec.texts('clusterIPs')
  several.forEach((ip, index) => {
    if (ip !== 'None') checkAddress(spec, ['clusterIPs', index], ip, expected)
  })
  if (several.length > 0) return several
  return one === '' ? [] : [one]
}

function externalName(spec: Fields): string {
  if (!spec.has('externalName')) {
    spec.error(['externalName'], 'is missing; expected the name that this Service stands for')
    return ''
  }
  const name = spec.text('externalName')
  const bad = badHostName(name)
  if (bad !== undefined) spec.error(['externalName'], `${bad}; expected a domain name`)
  return name
}

function externalIPs(root: Fields, spec: Fields): string[] {
  const found = spec.texts('externalIPs')
  found.forEach((ip, index) => checkAddress(spec, ['externalIPs', index], ip, ADDRESS))
  for (const ingress of root.map('status').map('loadBalancer').maps('ingress')) {
    const ip = ingress.text('ip')
    const hostname = ingress.text('hostname')
    if (ip !== '') checkAddress(ingress, 'ip', ip, ADDRESS)
    else if (hostname !== '') {
      const bad = badHostName(hostname)
      if (bad !== undefined) ingress.error(['hostname'], `${bad}; expected a domain name`)
    } else continue
    found.push(ip === '' ? hostname : ip)
  }
  return found
}

function checkSliceAddress(endpoint: Fields, index: number, address: string, addressType: string): void {
  const steps = ['addresses', index]
  if (addressType === 'FQDN') {
    const bad = badHostName(address)
    if (bad !== undefined) endpoint.error(steps, `${bad}; expected a domain name, since addressType is FQDN`)
    return
  }
  const expected = addressType === 'IPv4' || addressType === 'IPv6' ? addressType : ''
  if (expected === '') return
  const bad = badAddress(address)
  if (bad !== undefined) endpoint.error(steps, `${bad}; expected an ${expected} address`)
  else if (addressFamily(address) !== expected) {
    const found = expected === 'IPv4' ? 'IPv6' : 'IPv4'
    endpoint.error(
      steps,
      `"${address}" is an ${found} address; expected ${expected}, since addressType is ${expected}`
    )
  }
}

function ownName(metadata: Fields, max: number): string {
  if (!metadata.has('name')) {
    metadata.error(['name'], 'is missing; expected the name of the object')
    return ''
  }
  const name = metadata.text('name')
  if (metadata.holdsText('name')) checkName(metadata, 'name', name, max)
  return name
}

function checkName(metadata: Fields, key: string, name: string, max: number): void {
  const bad = badName(name, max)
  if (bad !== undefined) metadata.error([key], bad)
  else if (oddName(name)) {
    metadata.warning(
      [key],
      `"${name}" is a name that no API server takes (lower-case letters, digits and "-" only); it is served as it is`
    )
  }
}
