import t from 'tap'
import type { AppObject } from '../../../src/cluster/apps/app-objects.ts'
import { podsOf, problemLines, simulated } from './look.ts'
import { options, pod, service, workload } from './written.ts'
import { Simulation } from '../../../src/cluster/apps/simulation.ts'

const SUFFIX = '[bcdfghjklmnpqrstvwxz2456789]{5}'
const HASH = '[bcdf456789]{8,10}'

// Kubernetes documentation, pages of each workload; "Object Names and IDs".
t.test('names of Pods', async t => {
  const long = 'a-deployment-with-a-name-of-sixty-three-characters-as-long-as-can'
  const cases: [AppObject, pattern: RegExp, count: number][] = [
    [workload('Deployment', 'shop/api', { replicas: 3 }), RegExp(`^api-${HASH}-${SUFFIX}$`), 3],
    [workload('ReplicaSet', 'shop/api', { replicas: 2 }), RegExp(`^api-${SUFFIX}$`), 2],
    [workload('ReplicationController', 'shop/api', { replicas: 2 }), RegExp(`^api-${SUFFIX}$`), 2],
    [workload('DaemonSet', 'shop/api', { replicas: -1 }), RegExp(`^api-${SUFFIX}$`), 3],
    [workload('Job', 'shop/api', { replicas: 2 }), RegExp(`^api-${SUFFIX}$`), 2],
    [workload('CronJob', 'shop/api', { replicas: 0 }), /^$/, 0],
    [workload('Deployment', 'shop/api', { replicas: 0 }), /^$/, 0],
    [workload('StatefulSet', 'shop/db', { replicas: 2, start: 5 }), /^db-[56]$/, 2],
    [workload('Deployment', `shop/${long}`), RegExp(`^${long.slice(0, 58)}${SUFFIX}$`), 1],
    [pod('shop/web'), /^web$/, 1]
  ]
  for (const [object, pattern, count] of cases) {
    const pods = podsOf(simulated([object], { nodes: 3 }), 'shop')
    t.equal(pods.length, count, object.name)
    for (const { name, podIP, phase, deleting } of pods) {
      t.match(name, pattern)
      t.ok(name.length <= 63)
      t.match(podIP, /^10\.244\.\d+\.\d+$/)
      t.strictSame([phase, deleting], ['Running', false])
    }
    t.equal(new Set(pods.map(each => each.name)).size, count, 'names differ')
    t.equal(new Set(pods.map(each => each.podIP)).size, count, 'addresses differ')
  }
})

t.test('labels that controllers add', async t => {
  const simulation = simulated([
    workload('StatefulSet', 'shop/db', { replicas: 2 }),
    workload('Job', 'shop/migrate'),
    workload('Deployment', 'shop/api')
  ])
  const [api, db0, db1, migrate] = podsOf(simulation, 'shop')
  t.match(api?.labels, { app: 'api', 'pod-template-hash': api?.name.split('-')[1] })
  t.match(db0?.labels, { 'statefulset.kubernetes.io/pod-name': 'db-0', 'apps.kubernetes.io/pod-index': '0' })
  t.match(db1?.labels, { 'statefulset.kubernetes.io/pod-name': 'db-1', 'apps.kubernetes.io/pod-index': '1' })
  t.match(migrate?.labels, { 'job-name': 'migrate', 'batch.kubernetes.io/job-name': 'migrate' })
})

t.test('a changed template renames nothing and moves no address', async t => {
  const simulation = simulated([workload('Deployment', 'shop/api', { replicas: 3 })])
  const before = podsOf(simulation, 'shop').map(each => [each.name, each.podIP])
  simulation.put(
    workload('Deployment', 'shop/api', {
      replicas: 2,
      template: { labels: { app: 'api', version: '2' }, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }
    })
  )
  simulation.settle()
  const after = podsOf(simulation, 'shop').map(each => [each.name, each.podIP])
  t.equal(after.length, 2)
  for (const each of after) t.ok(before.some(old => old[0] === each[0] && old[1] === each[1]))
  t.ok(podsOf(simulation, 'shop').every(each => each.labels['version'] === '2'))
})

t.test('nodes', async t => {
  const simulation = simulated(
    [
      workload('DaemonSet', 'shop/agent', { replicas: -1, template: { hostNetwork: true } }),
      workload('Deployment', 'shop/api', { replicas: 7 })
    ],
    { nodes: 3 }
  )
  const counts = new Map<string, number>()
  for (const each of simulation.pods()) {
    if (each.owner?.kind !== 'Deployment' || each.owner.name !== 'api') continue
    counts.set(each.nodeName, (counts.get(each.nodeName) ?? 0) + 1)
  }
  t.strictSame([...counts.values()].sort(), [2, 2, 3], 'round robin')
  const agents = [...simulation.pods()].filter(each => each.owner?.kind === 'DaemonSet')
  t.strictSame(
    agents.map(each => [each.nodeName, each.podIPs]),
    [2, 3, 4].map(last => [`node-${last - 1}`, [`172.18.0.${last}`, `fd00:172:18::${last}`]])
  )
})

t.test('not ready', async t => {
  const cases: [AppObject, ready: boolean[]][] = [
    [workload('StatefulSet', 'shop/db', { replicas: 3 }), [true, true, true]],
    [workload('StatefulSet', 'shop/db', { replicas: 3, notReady: [0, 2] }), [false, true, false]],
    [workload('StatefulSet', 'shop/db', { replicas: 3, notReady: 'all' }), [false, false, false]],
    // 0 is the first, whatever its name.
    [workload('StatefulSet', 'shop/db', { replicas: 2, start: 5, notReady: [0] }), [false, true]],
    [pod('shop/web', { notReady: 'all' }), [false]],
    [pod('shop/web', { notReady: [0] }), [false]]
  ]
  for (const [object, ready] of cases) {
    const pods = [...simulated([object]).pods()].filter(each => each.pod.namespace === 'shop')
    t.strictSame(
      pods.map(each => each.ready),
      ready
    )
  }
})

t.test('hostname and subdomain of a StatefulSet', async t => {
  const [found] = [
    ...simulated([workload('StatefulSet', 'shop/db', { serviceName: 'data', start: 4 })]).pods()
  ].filter(each => each.pod.namespace === 'shop')
  t.match(found, {
    hostname: 'db-4',
    subdomain: 'data',
    owner: { kind: 'StatefulSet', namespace: 'shop', name: 'db' }
  })
})

t.test('a Pod that stands in the files has its name and its address', async t => {
  const set = workload('StatefulSet', 'shop/db', { replicas: 2 })
  const [first] = podsOf(simulated([set]), 'shop')
  const declared = pod('shop/db-0', { podIPs: ['10.244.9.9', 'fd00:10:244:0::9'] })
  for (const order of [
    [set, declared],
    [declared, set]
  ]) {
    const simulation = simulated(order)
    const pods = podsOf(simulation, 'shop')
    t.strictSame(
      pods.map(each => each.name),
      ['db-0', 'db-1']
    )
    t.equal(pods[0]?.podIP, '10.244.9.9')
    t.strictSame(simulation.madeFrom(pods[0]!), { kind: 'Pod', namespace: 'shop', name: 'db-0' })
    t.strictSame([...simulation.pods()].find(each => each.pod.name === 'db-0')?.podIPs, [
      '10.244.9.9',
      'fd00:10:244::9'
    ])
    simulation.remove('Pod', 'shop', 'db-0')
    simulation.settle()
    t.strictSame(podsOf(simulation, 'shop')[0], first, "the set's own Pod is back")
  }
})

t.test('a stated Pod address is taken from the Pod that has it', async t => {
  const set = workload('StatefulSet', 'shop/db', { replicas: 2 })
  const simulation = simulated([set])
  const [db0, db1] = podsOf(simulation, 'shop')
  simulation.put(pod('shop/fixed', { podIPs: [db0!.podIP] }))
  simulation.settle()
  const [moved, same, fixed] = podsOf(simulation, 'shop')
  t.equal(fixed?.podIP, db0?.podIP)
  t.not(moved?.podIP, db0?.podIP)
  t.strictSame(same, db1)
})

t.test('bounds', async t => {
  const full = simulated(
    [
      workload('StatefulSet', 'shop/a', { replicas: 20 }),
      workload('StatefulSet', 'shop/b', { replicas: 20 })
    ],
    { podCidrs: { IPv4: '10.1.0.0/27' } }
  )
  // 30 addresses, two for the cluster's DNS.
  t.equal(podsOf(full, 'shop').length, 28)
  t.match(problemLines(full), [
    /^error StatefulSet shop\/b: 12 of its Pods have no address: no more are free in 10\.1\.0\.0\/27; --pod-cidr/
  ])
  full.put(workload('StatefulSet', 'shop/a', { replicas: 2 }))
  full.settle()
  t.equal(podsOf(full, 'shop').length, 22, 'they get one once there are more')
  t.strictSame(problemLines(full), [])

  const many = simulated([
    workload('Deployment', 'shop/many', { replicas: 2_000_000_000, template: { hostNetwork: true } })
  ])
  t.equal(podsOf(many, 'shop').length, 10_000)
  t.match(problemLines(many), [
    'warning Deployment shop/many: wants 2000000000 Pods; the first 10000 are simulated'
  ])
})

t.test('a StatefulSet names a Service', async t => {
  const simulation = new Simulation(options())
  simulation.put(workload('StatefulSet', 'shop/db', { serviceName: 'data' }))
  simulation.settle()
  const warning =
    'warning StatefulSet shop/db: spec.serviceName: there is no Service data in namespace shop, so its Pods have no names of their own'
  t.strictSame(problemLines(simulation), [warning])
  simulation.put(service('shop/data', { clusterIPs: ['None'], selector: { app: 'db' } }))
  simulation.settle()
  t.strictSame(problemLines(simulation), [])
  simulation.remove('Service', 'shop', 'data')
  simulation.settle()
  t.strictSame(problemLines(simulation), [warning])
  simulation.remove('StatefulSet', 'shop', 'db')
  simulation.settle()
  t.strictSame(problemLines(simulation), [])
})
