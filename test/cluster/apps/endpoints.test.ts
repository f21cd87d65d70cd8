import t from 'tap'
import type { AppObject, AppServicePort, ContainerPort } from '../../../src/cluster/apps/app-objects.ts'
import { podsOf, problemLines, simulated, slicesOf } from './look.ts'
import { pod, service, workload } from './written.ts'

function port(name: string, number: number, targetPort?: number | string, protocol = 'TCP'): AppServicePort {
  return { name, port: number, protocol, targetPort }
}

function named(name: string, number: number, protocol = 'TCP'): ContainerPort {
  return { name, port: number, protocol }
}

// Kubernetes documentation, "Service", "Port definitions" and "EndpointSlices".
t.test('target ports', async t => {
  const http = [named('http', 8080), named('http', 8081, 'UDP'), named('sidecar', 9901)]
  const cases: [AppServicePort[], ContainerPort[], found: string[]][] = [
    [[port('http', 80)], [], ['http:80/TCP']],
    [[port('http', 80, 8080)], [], ['http:8080/TCP']],
    [[port('http', 80, 'http')], http, ['http:8080/TCP']],
    [[port('http', 80, 'http', 'UDP')], http, ['http:8081/UDP']],
    [[port('', 80, 'sidecar', '')], http, [':9901/TCP']],
    [[port('a', 80, 'http'), port('b', 81, 'sidecar')], http, ['a:8080/TCP', 'b:9901/TCP']],
    // The port is left out, the address is not.
    [[port('a', 80, 'http'), port('b', 81, 'gone')], http, ['a:8080/TCP']],
    [[], http, []]
  ]
  for (const [ports, containers, found] of cases) {
    const [slice, ...more] = slicesOf(
      simulated([pod('shop/web', { template: { ports: containers } }), service('shop/web', { ports })]),
      'shop/web'
    )
    t.equal(more.length, 0)
    t.equal(slice?.endpoints.length, 1)
    t.strictSame(
      slice?.ports.map(each => `${each.name}:${each.port}/${each.protocol}`),
      found
    )
  }
})

t.test('Pods whose ports differ are in different slices', async t => {
  const labels = { app: 'web' }
  const simulation = simulated([
    workload('StatefulSet', 'shop/stable', { replicas: 2, template: { labels, ports: [named('http', 80)] } }),
    workload('StatefulSet', 'shop/canary', {
      replicas: 1,
      template: { labels, ports: [named('http', 8080)] }
    }),
    workload('StatefulSet', 'shop/bare', { replicas: 1, template: { labels } }),
    service('shop/web', { ports: [port('http', 80, 'http')] })
  ])
  const found = slicesOf(simulation, 'shop/web').map(slice => [
    slice.ports.map(each => each.port),
    slice.endpoints.map(each => each.targetName)
  ])
  t.strictSame(
    new Set(found.map(each => JSON.stringify(each))),
    new Set(['[[],["bare-0"]]', '[[8080],["canary-0"]]', '[[80],["stable-0","stable-1"]]'])
  )
  t.strictSame(problemLines(simulation), [])
})

t.test('what a slice says', async t => {
  const simulation = simulated([
    workload('StatefulSet', 'shop/db', { replicas: 2, serviceName: 'data', notReady: [1] }),
    service('shop/data', { clusterIPs: ['None'], selector: { app: 'db' }, ipFamilyPolicy: 'PreferDualStack' })
  ])
  const slices = slicesOf(simulation, 'shop/data')
  t.strictSame(
    slices.map(slice => slice.addressType),
    ['IPv4', 'IPv6']
  )
  for (const slice of slices) {
    t.match(slice.name, /^data-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    t.match(slice.labels, {
      'kubernetes.io/service-name': 'data',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io'
    })
    t.match(slice.endpoints, [
      { ready: true, hostname: 'db-0', targetName: 'db-0', nodeName: 'node-1', zone: '' },
      { ready: false, hostname: 'db-1', targetName: 'db-1', nodeName: 'node-1', zone: '' }
    ])
    t.strictSame(simulation.madeFrom(slice), { kind: 'Service', namespace: 'shop', name: 'data' })
  }
  const addresses = [...simulation.pods()]
    .filter(each => each.pod.namespace === 'shop')
    .map(each => each.podIPs)
  t.strictSame(
    slices[0]?.endpoints.map((each, index) => [each.addresses[0], slices[1]?.endpoints[index]?.addresses[0]]),
    addresses
  )
})

t.test('host names are for the Service that is the subdomain', async t => {
  const both = { hostname: 'one', subdomain: 'web' }
  const cases: [template: object, hostname: string][] = [
    [both, 'one'],
    [{ ...both, subdomain: 'other' }, ''],
    [{ ...both, subdomain: '' }, ''],
    [{ ...both, hostname: '' }, '']
  ]
  for (const [template, hostname] of cases) {
    const simulation = simulated([pod('shop/web', { template }), service('shop/web')])
    t.equal(slicesOf(simulation, 'shop/web')[0]?.endpoints[0]?.hostname, hostname, JSON.stringify(template))
  }
})

t.test('publishNotReadyAddresses', async t => {
  for (const publish of [true, false]) {
    const simulation = simulated([
      pod('shop/web', { notReady: 'all' }),
      service('shop/web', { publishNotReadyAddresses: publish })
    ])
    t.equal(slicesOf(simulation, 'shop/web')[0]?.endpoints[0]?.ready, publish)
  }
})

t.test('selectors', async t => {
  const labels = { app: 'web', tier: 'front' }
  const objects: AppObject[] = [
    pod('shop/a', { template: { labels } }),
    pod('other/b', { template: { labels } })
  ]
  const cases: [selector: Record<string, string> | undefined, endpoints: number][] = [
    [{ app: 'web' }, 1],
    [{ app: 'web', tier: 'front' }, 1],
    [{ app: 'web', tier: 'back' }, 0],
    [{ app: 'web', constructor: 'front' }, 0],
    [{ missing: 'web' }, 0],
    [{}, 0],
    [undefined, 0]
  ]
  for (const [selector, count] of cases) {
    const simulation = simulated([...objects, service('shop/web', { selector })])
    const found = slicesOf(simulation, 'shop/web').flatMap(slice => slice.endpoints)
    t.equal(found.length, count, JSON.stringify(selector))
    const selects = selector !== undefined && Object.keys(selector).length > 0
    t.equal(
      problemLines(simulation).length,
      selects && count === 0 ? 1 : 0,
      'a selector that finds nothing is told'
    )
  }
})

t.test('a Service for one Pod of a StatefulSet', async t => {
  const simulation = simulated([
    workload('StatefulSet', 'shop/db', { replicas: 3 }),
    service('shop/db-1', { selector: { 'statefulset.kubernetes.io/pod-name': 'db-1' } })
  ])
  t.strictSame(
    slicesOf(simulation, 'shop/db-1').flatMap(slice => slice.endpoints.map(each => each.targetName)),
    ['db-1']
  )
})

t.test('two Deployments behind one Service', async t => {
  const template = { labels: { app: 'web' } }
  const simulation = simulated([
    workload('Deployment', 'shop/stable', { replicas: 3, template }),
    workload('Deployment', 'shop/canary', { template }),
    service('shop/web')
  ])
  const found = slicesOf(simulation, 'shop/web').flatMap(slice =>
    slice.endpoints.map(each => each.targetName)
  )
  t.strictSame(
    found.sort(),
    podsOf(simulation, 'shop').map(each => each.name)
  )
})

t.test('at most 100 endpoints a slice', async t => {
  const cases: [pods: number, sizes: number[]][] = [
    [100, [100]],
    [101, [100, 1]],
    [250, [100, 100, 50]]
  ]
  for (const [replicas, sizes] of cases) {
    const slices = slicesOf(
      simulated([workload('Deployment', 'shop/web', { replicas }), service('shop/web')]),
      'shop/web'
    )
    t.strictSame(
      slices.map(slice => slice.endpoints.length),
      sizes
    )
    t.equal(new Set(slices.map(slice => slice.name)).size, sizes.length)
    t.equal(new Set(slices.flatMap(slice => slice.endpoints.flatMap(each => each.addresses))).size, replicas)
  }
})

t.test('no endpoints for an ExternalName', async t => {
  const simulation = simulated([
    pod('shop/web'),
    service('shop/web', { type: 'ExternalName', externalName: 'web.example.com' })
  ])
  t.strictSame(slicesOf(simulation, 'shop/web'), [])
  t.strictSame(problemLines(simulation), [])
})

t.test('warnings', async t => {
  const simulation = simulated([
    pod('shop/web', { template: { ports: [named('http', 80, 'UDP')] } }),
    service('shop/web', { ports: [port('http', 80, 'http')] }),
    service('shop/none')
  ])
  t.strictSame(problemLines(simulation), [
    'warning Service shop/none: spec.selector: no Pod in namespace shop has the labels app=none, so it has no endpoints',
    'warning Service shop/web: spec.ports: targetPort: none of the 1 selected Pods has a container port named "http", so that port has no endpoints'
  ])
})
