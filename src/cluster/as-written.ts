// A cluster object as a manifest writes it: the inverse of `trim.ts`. Reading what is written here gives the same object,
// for every object that can be read at all.
import type {
  ClusterKind,
  ClusterObject,
  Endpoint,
  EndpointSlice,
  Pod,
  Service,
  ServiceImport,
  ServicePort,
  SlicePort
} from './objects.ts'
import { addressFamily } from './values.ts'

/** A value as YAML and JSON have it; fields in the order that people write them. */
export type Written = string | number | boolean | readonly Written[] | { readonly [key: string]: Written }
export type WrittenMap = { readonly [key: string]: Written }

const API_VERSIONS: Readonly<Record<ClusterKind, string>> = {
  Namespace: 'v1',
  Service: 'v1',
  Pod: 'v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  ServiceImport: 'multicluster.x-k8s.io/v1alpha1'
}

/** The annotation that `EndpointSlice.lastChange` is read from. */
const LAST_CHANGE = 'endpoints.kubernetes.io/last-change-trigger-time'
/** When a Pod is said to go: only that it goes is known. */
const LONG_AGO = '1970-01-01T00:00:00Z'

/** The manifest of an object. */
export function asWritten(object: ClusterObject): WrittenMap {
  const head = { apiVersion: API_VERSIONS[object.kind], kind: object.kind, metadata: metadata(object) }
  switch (object.kind) {
    case 'Namespace':
      return head
    case 'Service':
      return { ...head, ...service(object) }
    case 'EndpointSlice':
      return { ...head, ...slice(object) }
    case 'Pod':
      return { ...head, ...pod(object) }
    case 'ServiceImport':
      return { ...head, spec: importSpec(object) }
  }
}

function metadata(object: ClusterObject): WrittenMap {
  return {
    name: object.name,
    // An empty namespace is not the same as none, which no object may have.
    ...(object.kind === 'Namespace' ? {} : { namespace: object.namespace }),
    ...(Object.keys(object.labels).length > 0 ? { labels: object.labels } : {}),
    ...(object.kind === 'EndpointSlice' && object.lastChange !== ''
      ? { annotations: { [LAST_CHANGE]: object.lastChange } }
      : {}),
    ...(object.kind === 'Pod' && object.deleting ? { deletionTimestamp: LONG_AGO } : {})
  }
}

function service(object: Service): WrittenMap {
  const { type, clusterIPs, externalName, externalIPs, ports, selector } = object
  // Addresses of a load balancer follow those that the spec states, so what stands behind a name is the balancer's.
  const isIngress = (at: number) =>
    type === 'LoadBalancer' || externalIPs.slice(0, at + 1).some(one => !isAddress(one))
  const stated = externalIPs.filter((_, at) => !isIngress(at))
  const ingress = externalIPs.filter((_, at) => isIngress(at))
  return {
    spec: {
      ...text('type', type),
      ...(clusterIPs[0] === undefined ? {} : { clusterIP: clusterIPs[0], clusterIPs }),
      ...text('externalName', externalName),
      ...list('externalIPs', stated),
      ...list('ports', ports.map(servicePort)),
      ...(selector === undefined ? {} : { selector })
    },
    ...(ingress.length === 0
      ? {}
      : {
          status: {
            loadBalancer: { ingress: ingress.map(one => (isAddress(one) ? { ip: one } : { hostname: one })) }
          }
        })
  }
}

function slice(object: EndpointSlice): WrittenMap {
  return {
    addressType: object.addressType,
    ...list('ports', object.ports.map(slicePort)),
    endpoints: object.endpoints.map(one => endpoint(one, object.namespace))
  }
}

function endpoint(one: Endpoint, namespace: string): WrittenMap {
  return {
    addresses: one.addresses,
    conditions: { ready: one.ready },
    ...text('hostname', one.hostname),
    ...text('nodeName', one.nodeName),
    ...(one.targetName === '' ? {} : { targetRef: { kind: 'Pod', name: one.targetName, namespace } }),
    ...text('zone', one.zone)
  }
}

function pod(object: Pod): WrittenMap {
  const status = { ...text('phase', object.phase), ...text('podIP', object.podIP) }
  return Object.keys(status).length === 0 ? {} : { status }
}

function importSpec(object: ServiceImport): WrittenMap {
  return {
    ...text('type', object.type),
    ...list('ips', object.ips),
    ...list('ports', object.ports.map(servicePort))
  }
}

function servicePort(port: ServicePort): WrittenMap {
  return { ...text('name', port.name), port: port.port, ...text('protocol', port.protocol) }
}

function slicePort(port: SlicePort): WrittenMap {
  return {
    ...text('name', port.name),
    ...(port.port < 0 ? {} : { port: port.port }),
    ...text('protocol', port.protocol)
  }
}

const isAddress = (value: string): boolean => addressFamily(value) !== undefined

/** A field that is left out when it is empty. */
const text = (key: string, value: string): WrittenMap => (value === '' ? {} : { [key]: value })
const list = (key: string, values: readonly Written[]): WrittenMap =>
  values.length === 0 ? {} : { [key]: values }
