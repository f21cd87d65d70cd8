// The manifests behind the recorded answers load whole and exactly as they are. What they hold is counted here by another
// reader (the yaml package with its own schema), so that a mistake in ours shows.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import { readTexts } from './harness.ts'

const folder = new URL('../../../../test/fixtures/vectors/kubernetes/', import.meta.url)

interface Raw {
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; deletionTimestamp?: string }
  spec?: {
    type?: string
    clusterIP?: string
    clusterIPs?: string[]
    externalName?: string
    externalIPs?: string[]
    ips?: string[]
    ports?: { name?: string; port: number; protocol?: string }[]
  }
  status?: {
    podIP?: string
    phase?: string
    loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] }
  }
  addressType?: string
  ports?: { name?: string; port?: number; protocol?: string }[]
  endpoints?: {
    addresses: string[]
    conditions?: { ready?: boolean }
    hostname?: string
    nodeName?: string
    zone?: string
    targetRef?: { name?: string }
  }[]
}

/** The trimmed object by the words of objects.ts, written again from the raw fields. */
function expected(raw: Raw): ClusterObject {
  const { name, namespace = '', labels = {} } = raw.metadata
  const spec = raw.spec ?? {}
  const ports = (spec.ports ?? []).map(port => ({
    ...{ name: port.name ?? '', port: port.port, protocol: port.protocol ?? '' }
  }))
  switch (raw.kind) {
    case 'Namespace':
      return { kind: 'Namespace', name, labels }
    case 'Service': {
      const ingress = (raw.status?.loadBalancer?.ingress ?? []).map(each => each.ip ?? each.hostname ?? '')
      const one = spec.clusterIP === undefined || spec.clusterIP === '' ? [] : [spec.clusterIP]
      return {
        ...{ kind: 'Service', namespace, name, labels, type: spec.type ?? '', ports },
        clusterIPs: (spec.clusterIPs ?? []).length > 0 ? (spec.clusterIPs ?? []) : one,
        externalName: spec.type === 'ExternalName' ? (spec.externalName ?? '') : '',
        externalIPs: [...(spec.externalIPs ?? []), ...ingress]
      }
    }
    case 'Pod':
      return {
        ...{ kind: 'Pod', namespace, name, labels, podIP: raw.status?.podIP ?? '' },
        ...{ phase: raw.status?.phase ?? '', deleting: raw.metadata.deletionTimestamp !== undefined }
      }
    case 'ServiceImport':
      return {
        kind: 'ServiceImport',
        namespace,
        name,
        labels,
        type: spec.type ?? '',
        ips: spec.ips ?? [],
        ports
      }
    default:
      return {
        ...{
          kind: 'EndpointSlice',
          namespace,
          name,
          labels,
          addressType: raw.addressType ?? '',
          lastChange: ''
        },
        ports: (raw.ports ?? []).map(port => ({
          ...{ name: port.name ?? '', port: port.port ?? -1, protocol: port.protocol ?? '' }
        })),
        endpoints: (raw.endpoints ?? []).map(endpoint => ({
          addresses: endpoint.addresses,
          ready: endpoint.conditions?.ready ?? true,
          ...{
            hostname: endpoint.hostname ?? '',
            nodeName: endpoint.nodeName ?? '',
            zone: endpoint.zone ?? ''
          },
          targetName: endpoint.targetRef?.name ?? ''
        }))
      }
  }
}

const names = readdirSync(folder)
  .filter(name => name.endsWith('.manifests.yaml'))
  .sort()
t.ok(names.length >= 25, 'all recorded manifests are here')

for (const name of names) {
  t.test(name, async t => {
    const text = readFileSync(new URL(name, folder), 'utf8')
    const { log, mirror } = await readTexts({ [name]: text })
    t.same(
      log.lines.filter(line => !line.startsWith('info: manifests: 1 file')),
      [],
      'nothing to say'
    )
    const raws = parseAllDocuments(text).map(document => document.toJS() as Raw)
    t.equal(mirror.objects.size, raws.length, 'every document is an object')
    for (const raw of raws) {
      const object = mirror.objects.get(`${raw.kind}/${raw.metadata.namespace ?? ''}/${raw.metadata.name}`)
      t.strictSame(object, expected(raw), `${raw.kind} ${raw.metadata.name}`)
    }
  })
}
