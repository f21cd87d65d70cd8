import t from 'tap'
import { makeQuery } from '../../support/messages.ts'
import { serve } from './support.ts'

const parts = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries({
      kind: 'svc',
      namespace: '',
      service: '',
      endpoint: '',
      'port-name': '',
      protocol: '',
      ...values
    }).map(([key, value]) => [`kubernetes/${key}`, value])
  )
const error = { 'kubernetes/parse-error': 'invalid query name' }

const cases: readonly (readonly [name: string, expected: Readonly<Record<string, string>>])[] = [
  ['example.org', {}],
  ['cluster.local', parts({ kind: '' })],
  ['svc.cluster.local', parts({})],
  ['shop.svc.cluster.local', parts({ namespace: 'shop' })],
  ['Web.Shop.SVC.cluster.local', parts({ namespace: 'shop', service: 'web' })],
  ['web-0.web.shop.svc.cluster.local', parts({ namespace: 'shop', service: 'web', endpoint: 'web-0' })],
  [
    '_http._tcp.web.shop.svc.cluster.local',
    parts({ namespace: 'shop', service: 'web', 'port-name': 'http', protocol: 'tcp' })
  ],
  ['10-1-2-3.shop.pod.cluster.local', parts({ kind: 'pod', namespace: 'shop', service: '10-1-2-3' })],
  ['web.shop.other.cluster.local', error],
  ['a.b.c.d.e.web.shop.svc.cluster.local', error]
]

const pod = {
  kind: 'Pod',
  namespace: 'shop',
  name: 'api-7d4b9c6f5-x2x8q',
  labels: {},
  podIP: '10.244.1.5',
  phase: 'Running',
  deleting: false
} as const

for (const [name, expected] of cases) {
  t.test(name, async t => {
    const { plugin } = await serve('cluster.local', [])
    const metadata = new Map<string, string>()
    plugin.publish(makeQuery(name, 'A'), metadata)
    t.same(Object.fromEntries(metadata), expected)
  })
}

t.test('a Pod that asks, where Pods are watched', async t => {
  for (const [stanza, from, expected] of [
    ['cluster.local {\n pods verified\n}', '10.244.1.5', ['shop', 'api-7d4b9c6f5-x2x8q']],
    ['cluster.local {\n pods verified\n}', '10.244.1.6', [undefined, undefined]],
    ['cluster.local', '10.244.1.5', [undefined, undefined]]
  ] as const) {
    const { plugin } = await serve(stanza, [pod])
    const metadata = new Map<string, string>()
    plugin.publish(makeQuery('example.org', 'A', { from }), metadata)
    t.same(
      [metadata.get('kubernetes/client-namespace'), metadata.get('kubernetes/client-pod-name')],
      expected
    )
  }
})

t.test('the parts that multicluster and zonal add', async t => {
  const { plugin } = await serve('cluster.local clusterset.local {\n multicluster clusterset.local\n}', [])
  const metadata = new Map<string, string>()
  plugin.publish(makeQuery('e.c1.web.shop.svc.clusterset.local', 'A'), metadata)
  t.has(Object.fromEntries(metadata), { 'kubernetes/cluster': 'c1', 'kubernetes/endpoint': 'e' })
  const zonal = await serve('cluster.local {\n zonal\n}', [])
  metadata.clear()
  zonal.plugin.publish(makeQuery('eu.west.pin._zone.web.shop.svc.cluster.local', 'A'), metadata)
  t.has(Object.fromEntries(metadata), { 'kubernetes/zone': 'eu.west', 'kubernetes/service': 'web' })
})
