// The cluster that `npm start` serves is whole: no trouble when it is read, no address twice, and every endpoint is the
// address of the Pod that it names.
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import { ManifestSource } from '../../../src/cluster/manifests/manifest-source.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { diskFiles, LogBook, Mirror } from './harness.ts'

const folder = fileURLToPath(new URL('../../../../config/cluster/', import.meta.url))
const log = new LogBook()
const mirror = new Mirror()
const source = new ManifestSource({ paths: [folder], runtime: { clock: systemClock, files: diskFiles, log } })
source.subscribe(mirror)
await source.start()

t.strictSame(log.lines, ['info: manifests: 4 files: Pod 19, Service 16, EndpointSlice 15, Namespace 6'])

const services: Readonly<Record<string, readonly string[]>> = {
  'default/kubernetes': ['10.96.0.1'],
  'kube-system/kube-dns': ['10.96.0.10'],
  'default/backend': ['10.96.0.100'],
  'default/cart-service': ['10.96.0.101'],
  'default/product-service': ['10.96.0.102'],
  'default/payment-service': ['10.96.0.103'],
  'default/web-service': ['10.96.0.110'],
  'default/api-service': ['10.96.0.111'],
  'default/nginx-service': ['10.96.0.112'],
  'default/mysql-headless': ['None'],
  'production/database': ['10.96.0.200'],
  'production/db': ['10.96.0.201'],
  'shop/web': ['10.96.0.150'],
  'shop/storefront': ['10.96.0.151', 'fd00:10:96::151'],
  'shop/orders-db': [],
  'shop/mail': []
}

const objects = [...mirror.objects.values()]
const ofKind = <K extends ClusterObject['kind']>(kind: K) =>
  objects.filter((object): object is Extract<ClusterObject, { kind: K }> => object.kind === kind)

t.strictSame(
  Object.fromEntries(ofKind('Service').map(each => [`${each.namespace}/${each.name}`, each.clusterIPs])),
  services
)

t.test('no address is given twice', async t => {
  const addresses = [
    ...ofKind('Service').flatMap(each => each.clusterIPs.filter(ip => ip !== 'None')),
    ...ofKind('Pod').map(each => each.podIP)
  ]
  t.strictSame([...new Set(addresses)], addresses)
})

t.test('endpoints are Pods, and Services have endpoints', async t => {
  for (const slice of ofKind('EndpointSlice')) {
    const service = slice.labels['kubernetes.io/service-name'] ?? ''
    t.ok(mirror.objects.has(`Service/${slice.namespace}/${service}`), `${slice.name} belongs to ${service}`)
    if (service === 'kubernetes') continue
    for (const endpoint of slice.endpoints) {
      const pod = ofKind('Pod').find(
        each => each.namespace === slice.namespace && each.name === endpoint.targetName
      )
      t.ok(pod, endpoint.targetName)
      if (slice.addressType === 'IPv4') t.strictSame(endpoint.addresses, [pod?.podIP])
    }
  }
  for (const service of ofKind('Service')) {
    if (service.type === 'ExternalName') continue
    const own = ofKind('EndpointSlice').filter(
      each => each.labels['kubernetes.io/service-name'] === service.name
    )
    t.ok(own.length > 0, service.name)
  }
})

t.test('the Pods of the StatefulSet have names', async t => {
  const slice = ofKind('EndpointSlice').find(
    each => each.labels['kubernetes.io/service-name'] === 'mysql-headless'
  )
  t.strictSame(
    slice?.endpoints.map(endpoint => [endpoint.hostname, endpoint.addresses[0]]),
    [
      ['mysql-0', '10.244.1.40'],
      ['mysql-1', '10.244.2.41'],
      ['mysql-2', '10.244.1.42']
    ]
  )
})
