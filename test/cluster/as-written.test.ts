// Objects as manifests write them, and what reading that gives.
import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { asWritten } from '../../src/cluster/as-written.ts'
import type { Flaw } from '../../src/cluster/fields.ts'
import { trims } from '../../src/cluster/trim.ts'
import { anyObject } from '../support/any-objects.ts'

t.test('what is written reads as the same object', t => {
  fc.assert(
    fc.property(anyObject, object => {
      const flaws: Flaw[] = []
      deepStrictEqual(trims[object.kind](JSON.parse(JSON.stringify(asWritten(object))), flaws), object)
    }),
    { numRuns: 60 }
  )
  t.pass('for all objects')
  t.end()
})

t.test('a Service is written as an API server gives it', t => {
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }]
  const common = {
    kind: 'Service',
    namespace: 'shop',
    name: 'web',
    labels: { app: 'web' },
    externalName: '',
    ports
  } as const
  const metadata = { name: 'web', namespace: 'shop', labels: { app: 'web' } }
  t.strictSame(
    asWritten({
      ...common,
      type: 'LoadBalancer',
      clusterIPs: ['10.96.0.7'],
      externalIPs: ['192.0.2.1', 'lb.example.org']
    }),
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata },
      spec: { type: 'LoadBalancer', clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { hostname: 'lb.example.org' }] } }
    }
  )
  t.strictSame(
    asWritten({ ...common, type: 'ClusterIP', clusterIPs: ['None'], externalIPs: ['192.0.2.1'] }),
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata },
      spec: { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], externalIPs: ['192.0.2.1'], ports }
    }
  )
  t.end()
})
