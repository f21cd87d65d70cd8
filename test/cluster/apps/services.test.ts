import t from 'tap'
import type { AppService } from '../../../src/cluster/apps/app-objects.ts'
import type { SimulationOptions } from '../../../src/cluster/apps/simulated.ts'
import { clusterIPs, podsOf, problemLines, serviceOf, simulated, slicesOf } from './look.ts'
import { pod, service, workload } from './written.ts'

// Computed apart from the code, from SHA-256 of "IPv4 Service shop/web" and so on: first four octets, modulo the number
// of addresses behind the reserved ones.
t.test('addresses depend on the name alone, on every machine', async t => {
  const simulation = simulated([
    service('shop/web', { ipFamilyPolicy: 'PreferDualStack' }),
    service('default/api', { ipFamilyPolicy: 'PreferDualStack' }),
    workload('StatefulSet', 'shop/db', { replicas: 2 })
  ])
  t.strictSame(clusterIPs(simulation, 'shop/web'), ['10.106.179.12', 'fd00:10:96::42dc'])
  t.strictSame(clusterIPs(simulation, 'default/api'), ['10.105.162.129', 'fd00:10:96::5d39'])
  t.strictSame(
    podsOf(simulation, 'shop').map(each => each.podIP),
    ['10.244.56.87', '10.244.94.205']
  )
})

// Kubernetes documentation, "IPv4/IPv6 dual-stack", "Services".
t.test('families', async t => {
  const both = {}
  const four: Partial<SimulationOptions> = { serviceCidrs: { IPv4: '10.96.0.0/12' } }
  const six: Partial<SimulationOptions> = { serviceCidrs: { IPv6: 'fd00:10:96::/112' } }
  const none = { clusterIPs: ['None'] }
  const cases: [name: string, Partial<SimulationOptions>, Partial<AppService>, families: string][] = [
    ['nothing stated', both, {}, '4'],
    ['nothing stated, IPv6 cluster', six, {}, '6'],
    ['SingleStack IPv6', both, { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'] }, '6'],
    ['families alone', both, { ipFamilies: ['IPv6'] }, '6'],
    ['PreferDualStack', both, { ipFamilyPolicy: 'PreferDualStack' }, '46'],
    ['PreferDualStack, one family', four, { ipFamilyPolicy: 'PreferDualStack' }, '4'],
    ['PreferDualStack from IPv6', both, { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] }, '64'],
    ['RequireDualStack', both, { ipFamilyPolicy: 'RequireDualStack' }, '46'],
    [
      'RequireDualStack, order',
      both,
      { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] },
      '64'
    ],
    ['RequireDualStack, one family', four, { ipFamilyPolicy: 'RequireDualStack' }, 'error'],
    ['a family that is missing', four, { ipFamilies: ['IPv6'] }, 'error'],
    ['two families without policy', both, { ipFamilies: ['IPv4', 'IPv6'] }, 'error'],
    ['a stated IPv6 address decides', both, { clusterIPs: ['fd00:10:96::77'] }, '6'],
    [
      'a stated address first',
      both,
      { clusterIPs: ['fd00:10:96::77'], ipFamilyPolicy: 'PreferDualStack' },
      '64'
    ],
    ['an address of the other family', both, { clusterIPs: ['10.96.0.77'], ipFamilies: ['IPv6'] }, 'error'],
    ['an address of a missing family', four, { clusterIPs: ['fd00:10:96::77'] }, 'error'],
    ['headless', both, none, 'None'],
    ['headless, dual stack', both, { ...none, ipFamilyPolicy: 'RequireDualStack' }, 'None'],
    ['headless, missing family', four, { ...none, ipFamilyPolicy: 'RequireDualStack' }, 'error'],
    ['headless without selector', four, { ...none, selector: undefined }, 'None'],
    ['ExternalName', both, { type: 'ExternalName', externalName: 'db.example.com' }, '']
  ]
  for (const [name, ranges, rest, families] of cases) {
    const simulation = simulated([pod('shop/web'), service('shop/web', rest)], ranges)
    const found = clusterIPs(simulation, 'shop/web')
    const shown = found?.map(ip => (ip === 'None' ? ip : ip.includes(':') ? '6' : '4')).join('')
    t.equal(shown ?? 'error', families, name)
    t.equal(
      problemLines(simulation).some(line => line.startsWith('error')),
      families === 'error',
      name
    )
  }
})

t.test('what an API server says of families', async t => {
  const four: Partial<SimulationOptions> = { serviceCidrs: { IPv4: '10.96.0.0/12' } }
  const cases: [Partial<SimulationOptions>, Partial<AppService>, text: string][] = [
    [
      four,
      { ipFamilyPolicy: 'RequireDualStack' },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'
    ],
    [
      four,
      { ipFamilies: ['IPv6'] },
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'
    ],
    [
      {},
      { ipFamilies: ['IPv4', 'IPv6'] },
      `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified`
    ],
    [
      {},
      { clusterIPs: ['10.96.0.50', 'fd00:10:96::50'] },
      `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified`
    ]
  ]
  for (const [ranges, rest, text] of cases) {
    t.strictSame(problemLines(simulated([pod('shop/web'), service('shop/web', rest)], ranges)), [
      `error Service shop/web: ${text}`
    ])
  }
})

t.test('always there', async t => {
  const cases: [ranges: Partial<SimulationOptions>, api: string, dns: string][] = [
    [{}, '10.96.0.1', '10.96.0.10'],
    [{ serviceCidrs: { IPv4: '10.43.0.0/16' } }, '10.43.0.1', '10.43.0.10'],
    [{ serviceCidrs: { IPv6: 'fd00:10:96::/112' } }, 'fd00:10:96::1', 'fd00:10:96::a']
  ]
  for (const [ranges, api, dns] of cases) {
    const simulation = simulated([], ranges)
    t.strictSame(clusterIPs(simulation, 'default/kubernetes'), [api])
    t.strictSame(clusterIPs(simulation, 'kube-system/kube-dns'), [dns])
    t.strictSame(problemLines(simulation), [])
  }
  const simulation = simulated([])
  const namespaces = [...simulation.objects()].filter(object => object.kind === 'Namespace')
  t.strictSame(
    namespaces.map(each => [each.name, each.labels['kubernetes.io/metadata.name']]).sort(),
    ['default', 'kube-public', 'kube-system'].map(name => [name, name])
  )
  t.match(slicesOf(simulation, 'default/kubernetes'), [
    {
      name: 'kubernetes',
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
      endpoints: [{ addresses: ['172.18.0.2'], ready: true }]
    }
  ])
  t.match(serviceOf(simulation, 'default/kubernetes')?.ports, [{ name: 'https', port: 443, protocol: 'TCP' }])
  const [slice] = slicesOf(simulation, 'kube-system/kube-dns')
  t.match(slice?.ports, [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    { name: 'metrics', port: 9153, protocol: 'TCP' }
  ])
  const pods = podsOf(simulation, 'kube-system')
  t.equal(pods.length, 2)
  for (const each of pods) t.match(each.name, /^coredns-[bcdf4-9]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  t.strictSame(slice?.endpoints.map(each => each.addresses[0]).sort(), pods.map(each => each.podIP).sort())
  for (const object of simulation.objects()) t.equal(simulation.madeFrom(object), undefined)
})

t.test('always there, unless brought', async t => {
  const simulation = simulated([
    service('kube-system/kube-dns', { clusterIPs: ['10.96.0.53'], selector: { 'k8s-app': 'kube-dns' } }),
    workload('DaemonSet', 'kube-system/dns', {
      replicas: -1,
      template: { labels: { 'k8s-app': 'kube-dns' } }
    }),
    service('shop/other', { clusterIPs: ['10.96.0.10'], selector: undefined })
  ])
  t.strictSame(clusterIPs(simulation, 'kube-system/kube-dns'), ['10.96.0.53'])
  t.strictSame(clusterIPs(simulation, 'shop/other'), ['10.96.0.10'], 'nobody has it any more')
  t.match(podsOf(simulation, 'kube-system'), [{ name: /^dns-.....$/ }])
  t.equal(podsOf(simulation, 'kube-system').length, 1)
  simulation.remove('DaemonSet', 'kube-system', 'dns')
  simulation.settle()
  t.match(podsOf(simulation, 'kube-system'), [{ name: /^coredns-/ }, { name: /^coredns-/ }])
})

t.test('stated addresses', async t => {
  const taken = (address: string, who: string) =>
    `spec.clusterIPs: Invalid value: ["${address}"]: failed to allocate IP ${address}: provided IP is already allocated (Service ${who} has it)`
  const simulation = simulated([
    service('shop/b', { clusterIPs: ['10.96.0.100'], selector: undefined }),
    service('shop/a', { clusterIPs: ['10.96.0.100'], selector: undefined }),
    service('shop/api', { clusterIPs: ['10.96.0.1'], selector: undefined }),
    service('shop/out', { clusterIPs: ['10.95.0.1'], selector: undefined }),
    service('shop/net', { clusterIPs: ['10.96.0.0'], selector: undefined })
  ])
  const range = (address: string) =>
    `spec.clusterIPs: Invalid value: ["${address}"]: failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is 10.96.0.0/12`
  t.strictSame(problemLines(simulation), [
    `error Service shop/api: ${taken('10.96.0.1', 'default/kubernetes')}`,
    `error Service shop/b: ${taken('10.96.0.100', 'shop/a')}`,
    `error Service shop/net: ${range('10.96.0.0')}`,
    `error Service shop/out: ${range('10.95.0.1')}`
  ])
  t.strictSame(clusterIPs(simulation, 'shop/a'), ['10.96.0.100'])
  t.equal(serviceOf(simulation, 'shop/b'), undefined, 'an error leaves it out')
  simulation.remove('Service', 'shop', 'a')
  simulation.settle()
  t.strictSame(clusterIPs(simulation, 'shop/b'), ['10.96.0.100'], 'it is free now')
  simulation.put(service('shop/a', { clusterIPs: ['10.96.0.100'], selector: undefined }))
  simulation.settle()
  t.strictSame(clusterIPs(simulation, 'shop/b'), ['10.96.0.100'], 'who has it keeps it')
  t.match(problemLines(simulation)[0], /^error Service shop\/a: .*\(Service shop\/b has it\)$/)
})

t.test('a stated address takes it from a computed one', async t => {
  const simulation = simulated([
    service('shop/web', { selector: undefined }),
    service('shop/cart', { selector: undefined })
  ])
  const [held] = clusterIPs(simulation, 'shop/web') ?? []
  const cart = clusterIPs(simulation, 'shop/cart')
  simulation.put(service('shop/thief', { clusterIPs: [held as string], selector: undefined }))
  const { notes } = simulation.settle()
  t.strictSame(clusterIPs(simulation, 'shop/thief'), [held])
  const [moved] = clusterIPs(simulation, 'shop/web') ?? []
  t.not(moved, held)
  t.strictSame(clusterIPs(simulation, 'shop/cart'), cart, 'no other moves')
  t.match(notes, [
    { subject: { name: 'thief' }, text: `added, ${held}` },
    { subject: { name: 'web' }, text: `${held} → ${moved}` }
  ])
  simulation.remove('Service', 'shop', 'thief')
  simulation.settle()
  t.strictSame(clusterIPs(simulation, 'shop/web'), [moved], 'and it does not move back')
})

t.test('a full range', async t => {
  const services = Array.from({ length: 13 }, (_, index) =>
    service(`shop/s${index + 10}`, { selector: undefined })
  )
  // 14 addresses, two of which are taken by what is always there.
  const simulation = simulated(services, { serviceCidrs: { IPv4: '10.0.0.0/28' } })
  t.strictSame(problemLines(simulation), [
    'error Service shop/s22: failed to allocate a serviceIP: range is full (10.0.0.0/28 has no more; --service-cidr sets a larger one)'
  ])
  simulation.remove('Service', 'shop', 's10')
  simulation.settle()
  t.strictSame(problemLines(simulation), [])
  t.equal(clusterIPs(simulation, 'shop/s22')?.length, 1)
})

t.test('load balancers', async t => {
  const simulation = simulated([
    service('shop/given', { type: 'LoadBalancer', selector: undefined }),
    service('shop/stated', {
      type: 'LoadBalancer',
      selector: undefined,
      ingress: ['203.0.113.7'],
      externalIPs: ['198.51.100.1']
    }),
    service('shop/plain', { type: 'NodePort', selector: undefined, externalIPs: ['198.51.100.2'] })
  ])
  t.match(serviceOf(simulation, 'shop/given')?.externalIPs, [/^172\.18\.(12[89]|1[3-9]\d|2\d\d)\.\d+$/])
  t.strictSame(serviceOf(simulation, 'shop/stated')?.externalIPs, ['198.51.100.1', '203.0.113.7'])
  t.strictSame(serviceOf(simulation, 'shop/plain')?.externalIPs, ['198.51.100.2'])
})
