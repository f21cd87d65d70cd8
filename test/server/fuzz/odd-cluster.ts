// A cluster of objects that no controller makes, and a few that it makes in large numbers.
import {
  MULTICLUSTER_SERVICE_LABEL,
  SOURCE_CLUSTER_LABEL,
  type ClusterObject
} from '../../../src/cluster/objects.ts'
import { endpoint, pod, service, slice } from '../../cluster/index/support.ts'
import { ZONES } from './messages.ts'

const SPACES = ['default', 'shop', '__proto__', 'a.b', 'n'.repeat(63), 'n'.repeat(255)]
const ports = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'http', port: 80, protocol: 'UDP' },
  { name: 'Metrics', port: 9153, protocol: 'TCP' },
  { name: '', port: 0, protocol: '' },
  { name: 'p'.repeat(70), port: 65_535, protocol: '_'.repeat(63) }
]
const manyPorts = Array.from({ length: 2000 }, (_, i) => ({ name: `p${i}`, port: i, protocol: 'TCP' }))
const external = { type: 'ExternalName', clusterIPs: [], ports: [] }

/** Many names of one endpoint each, and every kind of address and name that an endpoint may have. */
const manyEndpoints = Array.from({ length: 3000 }, (_, i) =>
  endpoint([`10.${i >> 8}.${i & 255}.1`, `fd00::${i.toString(16)}`], {
    hostname: i % 3 === 0 ? '' : `h${i % 5}`,
    zone: ['eu', 'EU.a', '', 'z'.repeat(300)][i % 4]!
  })
)
const oddEndpoints = [
  endpoint(['10.0.0.1', '10.0.0.1', '::ffff:10.0.0.1', '::1', 'fd00::', 'FD00:0::5', 'no address', '']),
  endpoint(['10.0.0.1'], { hostname: 'x.y', zone: 'eu' }),
  endpoint(['10.0.0.2'], { hostname: 'h'.repeat(255), targetName: 'p'.repeat(63) }),
  endpoint(['10.0.0.3'], { hostname: 'H0' }),
  endpoint(['10.0.0.4'], { ready: false })
]

/** Names that all lead to the same Service, whose endpoints they are. */
const backToItself = (space: string): string[] =>
  ['', '_._.', '_http._tcp.', 'http.tcp.', '_._tcp.', '_http._.', 'http._tcp.', '_http.tcp.'].flatMap(
    prefix => [`${prefix}domains.${space}.svc.cluster.local`, `${prefix}domains.${space}.svc.k8s`]
  )

export function oddCluster(): ClusterObject[] {
  const objects: ClusterObject[] = []
  for (const space of SPACES) {
    const imported = { [MULTICLUSTER_SERVICE_LABEL]: 'web' }
    objects.push(
      { kind: 'Namespace', name: space, labels: {} },
      service(space, 'web', { clusterIPs: ['10.96.0.1', 'fd00:96::1', '10.96.0.1', 'no address'], ports }),
      slice(space, 'web-1', 'web', oddEndpoints, { ports }),
      service(space, 'headless', { clusterIPs: ['None'], ports: [] }),
      slice(space, 'headless-1', 'headless', oddEndpoints, { ports }),
      slice(space, 'headless-2', 'headless', oddEndpoints, { ports: [] }),
      service(space, 'bare', { clusterIPs: ['10.96.0.2'], ports: [] }),
      service(space, 'x.y', { clusterIPs: ['None'] }),
      slice(space, 'x.y', 'x.y', oddEndpoints),
      service(space, 's'.repeat(255), { clusterIPs: ['10.96.0.1'] }),
      slice(space, 's'.repeat(255), 's'.repeat(63), oddEndpoints, { ports }),
      service(space, 'alias', { ...external, externalName: 'db.example' }),
      service(space, 'db', { ...external, externalName: `loop.${space}.svc.k8s.` }),
      service(space, 'loop', { ...external, externalName: `db.${space}.svc.cluster.local` }),
      service(space, 'svc', { ...external, externalName: `web.${space}.svc.${ZONES.at(-1)!}` }),
      service(space, 'pod', { ...external, externalName: `${'e'.repeat(63)}.${'f'.repeat(64)}` }),
      service(space, 'domains', { clusterIPs: ['None'], ports }),
      slice(space, 'domains-1', 'domains', [endpoint(backToItself(space))], { addressType: 'FQDN', ports }),
      pod(space, 'pod-1', '10.0.0.1'),
      pod(space, 'pod-2', 'fd00::1'),
      {
        kind: 'ServiceImport',
        ...{ namespace: space, name: 'web', labels: {}, type: 'Headless', ips: [], ports: [] }
      },
      {
        kind: 'ServiceImport',
        ...{ namespace: space, name: 'db', labels: {}, type: 'ClusterSetIP', ips: ['10.112.0.1'], ports }
      },
      slice(space, 'imported-1', '', oddEndpoints, { labels: imported, ports }),
      slice(space, 'imported-2', '', oddEndpoints, {
        labels: { ...imported, [SOURCE_CLUSTER_LABEL]: 'east' },
        ports
      })
    )
  }
  objects.push(
    service('default', 'big', { clusterIPs: ['None'], ports }),
    slice('default', 'big-1', 'big', manyEndpoints, { ports }),
    service('shop', 'big', {
      clusterIPs: Array.from({ length: 300 }, (_, i) => `10.97.${i >> 8}.${i & 255}`),
      ports: manyPorts
    }),
    slice('shop', 'big-1', 'big', manyEndpoints.slice(0, 100), { ports: manyPorts.slice(0, 100) })
  )
  for (let i = 0; i < 30; i++) {
    const next = `step-${i + 1}.default.svc.cluster.local`
    objects.push(service('default', `step-${i}`, { ...external, externalName: next }))
  }
  return objects
}
