// The application that `npm start` serves is whole: no trouble when it is read, the addresses that guides name, every
// endpoint the address of a Pod.
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import { ManifestSource } from '../../../src/cluster/manifests/manifest-source.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { diskFiles, LogBook, Mirror } from './harness.ts'

const folder = fileURLToPath(new URL('../../../../config/apps/', import.meta.url))
const log = new LogBook()
const mirror = new Mirror()
const source = new ManifestSource({
  ...{ paths: [], apps: [folder], runtime: { clock: systemClock, files: diskFiles, log } }
})
source.subscribe(mirror)
await source.start()

// Pods: 1 + 2 + 1 + 2 + 1 of the shop, 2 + 2 + 1 + 1 + 1 of the three tiers, 3 of mysql. A slice for each Service with a
// selector, and a second one for the second family of storefront.
t.equal(log.lines.length, 1, log.lines.join('\n'))
t.match(
  log.lines[0],
  /^info: apps: 3 files: Service 14, Deployment 9, Namespace 2, StatefulSet 2; simulated: Pod 17, EndpointSlice 13$/
)

/** As the manifests state them; `computed` where they state none. */
const services: Readonly<Record<string, readonly string[] | 'computed'>> = {
  'default/kubernetes': ['10.96.0.1'],
  'kube-system/kube-dns': ['10.96.0.10'],
  'default/backend': ['10.96.0.100'],
  'default/cart-service': ['10.96.0.101'],
  'default/product-service': ['10.96.0.102'],
  'default/payment-service': ['10.96.0.103'],
  'default/web-service': 'computed',
  'default/api-service': 'computed',
  'default/nginx-service': 'computed',
  'default/mysql-headless': ['None'],
  'production/database': ['10.96.0.200'],
  'production/db': 'computed',
  'shop/web': ['10.96.0.150'],
  'shop/storefront': ['10.96.0.151', 'fd00:10:96::151'],
  'shop/orders-db': [],
  'shop/mail': []
}

const objects = [...mirror.objects.values()]
const ofKind = <K extends ClusterObject['kind']>(kind: K) =>
  objects.filter((object): object is Extract<ClusterObject, { kind: K }> => object.kind === kind)

t.test('the Services, and their addresses', async t => {
  const found = new Map(ofKind('Service').map(each => [`${each.namespace}/${each.name}`, each.clusterIPs]))
  t.strictSame([...found.keys()].sort(), Object.keys(services).sort())
  for (const [name, expected] of Object.entries(services)) {
    const actual = found.get(name)
    if (expected !== 'computed') t.strictSame(actual, expected, name)
    else t.match(actual, [/^10\.(?:9[6-9]|10\d|11[01])\.\d+\.\d+$/], name)
  }
})

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
      each =>
        each.namespace === service.namespace &&
        each.labels['kubernetes.io/service-name'] === service.name &&
        each.endpoints.length > 0
    )
    t.ok(own.length > 0, service.name)
  }
})

t.test('the Pods of the StatefulSet have names', async t => {
  const slice = ofKind('EndpointSlice').find(
    each => each.labels['kubernetes.io/service-name'] === 'mysql-headless'
  )
  const podIP = (name: string) => ofKind('Pod').find(each => each.name === name)?.podIP
  t.strictSame(
    slice?.endpoints.map(endpoint => [endpoint.hostname, endpoint.addresses[0]]),
    ['mysql-0', 'mysql-1', 'mysql-2'].map(name => [name, podIP(name)])
  )
})
