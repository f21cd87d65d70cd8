import t from 'tap'
import type { AppObject } from '../../../src/cluster/apps/app-objects.ts'
import { Simulation } from '../../../src/cluster/apps/simulation.ts'
import type { ClusterObject, EndpointSlice, Pod, Service } from '../../../src/cluster/objects.ts'
import { clusterIPs, podsOf, serviceOf, simulated, slicesOf } from './look.ts'
import { options, pod, service, workload } from './written.ts'

function told(simulation: Simulation): string[] {
  return simulation.settle().notes.map(({ subject, text }) => `${subject.kind} ${subject.name}: ${text}`)
}

t.test('what a person is told', async t => {
  const web = (clusterIP: string) => service('shop/web', { clusterIPs: [clusterIP], selector: undefined })
  const db = (replicas: number, notReady: number[] = []) =>
    workload('StatefulSet', 'shop/db', { replicas, notReady })
  const cases: [before: AppObject[], after: AppObject[], notes: string[]][] = [
    [[], [web('10.96.0.7')], ['Service web: added, 10.96.0.7']],
    [[web('10.96.0.7')], [web('10.96.0.9')], ['Service web: 10.96.0.7 → 10.96.0.9']],
    [[web('10.96.0.7')], [web('10.96.0.7')], []],
    [[db(3)], [db(2)], ['StatefulSet db: 3 → 2, db-2 gone']],
    [[db(2)], [db(3)], ['StatefulSet db: 2 → 3, db-2 new']],
    [[db(3)], [db(40)], ['StatefulSet db: 3 → 40, 37 new']],
    [[db(3)], [db(3, [0])], ['StatefulSet db: ready 3 → 2']],
    [
      [db(3)],
      [workload('StatefulSet', 'shop/db', { replicas: 3, labels: { a: 'b' } })],
      ['StatefulSet db: changed']
    ],
    [[], [db(3)], ['StatefulSet db: added, 3 Pods']],
    [[], [db(3, [1])], ['StatefulSet db: added, 3 Pods, 2 ready']],
    [[], [db(1)], ['StatefulSet db: added, db-0']],
    [[], [pod('shop/one', { podIPs: ['10.244.1.5'] })], ['Pod one: added, 10.244.1.5']],
    [
      [],
      [service('shop/web', { clusterIPs: ['None'], selector: undefined })],
      ['Service web: added, headless']
    ],
    [
      [],
      [service('shop/web', { type: 'ExternalName', externalName: 'a.example' })],
      ['Service web: added, a.example']
    ],
    [
      [db(3), service('shop/web', { clusterIPs: ['10.96.0.7'], selector: { app: 'db' } })],
      [service('shop/web', { clusterIPs: ['10.96.0.7'], selector: { app: 'dbb' } })],
      ['Service web: endpoints 3 → 0']
    ]
  ]
  for (const [before, after, notes] of cases) {
    const simulation = simulated(before)
    for (const object of after) simulation.put(object)
    t.strictSame(told(simulation), notes, notes.join())
  }
  const simulation = simulated([web('10.96.0.7'), db(2)])
  simulation.remove('Service', 'shop', 'web')
  simulation.remove('StatefulSet', 'shop', 'db')
  t.strictSame(told(simulation), ['Service web: gone', 'StatefulSet db: gone'])
  t.strictSame(told(simulation), [], 'once')
})

t.test('a change tells of what it affects, and nothing else', async t => {
  const simulation = simulated([
    workload('StatefulSet', 'shop/db', { replicas: 2 }),
    service('shop/db'),
    service('shop/other', { selector: { app: 'other' } }),
    workload('Deployment', 'shop/other', { replicas: 2 })
  ])
  const [slice] = slicesOf(simulation, 'shop/db')
  simulation.put(workload('StatefulSet', 'shop/db', { replicas: 3 }))
  t.strictSame(
    simulation.settle().changes.map(({ action, object }) => `${action} ${object.kind} ${object.name}`),
    ['added Pod db-2', `changed EndpointSlice ${slice?.name}`]
  )
  simulation.put(workload('StatefulSet', 'shop/db', { replicas: 3 }))
  t.strictSame(simulation.settle(), { changes: [], notes: [] })
  simulation.remove('Service', 'shop', 'db')
  t.strictSame(
    simulation.settle().changes.map(({ action, object }) => `${action} ${object.kind} ${object.name}`),
    ['removed Service db', `removed EndpointSlice ${slice?.name}`]
  )
})

t.test('changes add up to the objects', async t => {
  const simulation = new Simulation(options())
  const state = new Map<string, ClusterObject>()
  const settle = () => {
    for (const { action, object } of simulation.settle().changes) {
      const key = `${object.kind}/${object.kind === 'Namespace' ? '' : object.namespace}/${object.name}`
      t.equal(state.has(key), action !== 'added', `${action} ${key}`)
      if (action === 'removed') state.delete(key)
      else state.set(key, object)
    }
    t.strictSame(new Set(state.values()), new Set(simulation.objects()))
  }
  settle()
  simulation.put(workload('StatefulSet', 'shop/db', { replicas: 2 }))
  simulation.put(service('shop/db'))
  settle()
  simulation.put(pod('shop/db-0', { podIPs: ['10.244.1.1'] }))
  simulation.put(service('shop/db', { clusterIPs: ['None'] }))
  settle()
  simulation.remove('StatefulSet', 'shop', 'db')
  settle()
  simulation.remove('Pod', 'shop', 'db-0')
  simulation.remove('Service', 'shop', 'db')
  settle()
  t.notOk(state.has('Namespace//shop'), 'nothing lives in it any more')
})

const GIVEN_SERVICE: Service = {
  kind: 'Service',
  namespace: 'shop',
  name: 'web',
  labels: {},
  type: 'ClusterIP',
  clusterIPs: ['10.96.0.44'],
  externalName: '',
  ports: [],
  externalIPs: []
}
const GIVEN_SLICE: EndpointSlice = {
  kind: 'EndpointSlice',
  namespace: 'shop',
  name: 'web-1',
  labels: { 'kubernetes.io/service-name': 'web' },
  addressType: 'IPv4',
  ports: [],
  endpoints: [],
  lastChange: ''
}
const GIVEN_POD: Pod = {
  kind: 'Pod',
  namespace: 'shop',
  name: 'db-0',
  labels: { app: 'db' },
  podIP: '10.244.3.3',
  phase: 'Running',
  deleting: false
}

t.test('a given object is in the place of a simulated one', async t => {
  const simulation = simulated([service('shop/web'), pod('shop/web')])
  const own = serviceOf(simulation, 'shop/web')
  simulation.given(GIVEN_SERVICE)
  const { changes } = simulation.settle()
  t.strictSame(
    changes.map(({ action, object }) => `${action} ${object.kind}`),
    ['removed EndpointSlice'],
    'somebody else tells of the Service'
  )
  t.equal(serviceOf(simulation, 'shop/web'), undefined)
  simulation.takenBack('Service', 'shop', 'web')
  t.strictSame(
    simulation.settle().changes.map(({ action, object }) => `${action} ${object.kind}`),
    ['added Service', 'added EndpointSlice']
  )
  t.strictSame(serviceOf(simulation, 'shop/web'), own)
})

t.test('addresses of given objects are in use', async t => {
  const simulation = simulated([
    service('shop/stated', { clusterIPs: ['10.96.0.44'], selector: undefined }),
    workload('StatefulSet', 'shop/set', { replicas: 1 })
  ])
  const [set] = podsOf(simulation, 'shop')
  simulation.given(GIVEN_SERVICE)
  simulation.given({ ...GIVEN_POD, name: 'own', podIP: set!.podIP })
  simulation.settle()
  t.match(simulation.problems(), [
    { subject: { name: 'stated' }, text: /provided IP is already allocated \(Service shop\/web has it\)/ }
  ])
  t.not(podsOf(simulation, 'shop')[0]?.podIP, set?.podIP)
  simulation.takenBack('Service', 'shop', 'web')
  simulation.settle()
  t.strictSame(simulation.problems(), [])
  t.strictSame(clusterIPs(simulation, 'shop/stated'), ['10.96.0.44'])
})

t.test('given slices belong to their Service', async t => {
  const simulation = simulated([service('shop/web'), pod('shop/web')])
  const [own] = slicesOf(simulation, 'shop/web')
  simulation.given(GIVEN_SLICE)
  simulation.settle()
  t.strictSame(slicesOf(simulation, 'shop/web'), [])
  t.strictSame(simulation.problems(), [])
  simulation.takenBack('EndpointSlice', 'shop', 'web-1')
  simulation.settle()
  t.strictSame(slicesOf(simulation, 'shop/web'), [own])
  // A slice of another Service that has the name of ours.
  simulation.given({ ...GIVEN_SLICE, name: own!.name, labels: {} })
  simulation.settle()
  const [renamed] = slicesOf(simulation, 'shop/web')
  t.not(renamed?.name, own?.name)
  t.strictSame(renamed?.endpoints, own?.endpoints)
})

t.test('a given Pod is an endpoint, and takes the place of one of a StatefulSet', async t => {
  const simulation = simulated([workload('StatefulSet', 'shop/db', { replicas: 2 }), service('shop/db')])
  const own = podsOf(simulation, 'shop')
  simulation.given(GIVEN_POD)
  const { changes } = simulation.settle()
  t.notOk(
    changes.some(({ object }) => object.kind === 'Pod'),
    'somebody else tells of it'
  )
  t.strictSame(
    podsOf(simulation, 'shop').map(each => each.name),
    ['db-1']
  )
  const addresses = () =>
    slicesOf(simulation, 'shop/db').flatMap(slice => slice.endpoints.flatMap(each => each.addresses))
  t.strictSame(new Set(addresses()), new Set(['10.244.3.3', own[1]?.podIP]))
  simulation.takenBack('Pod', 'shop', 'db-0')
  simulation.settle()
  t.strictSame(podsOf(simulation, 'shop'), own)
  t.strictSame(
    addresses(),
    own.map(each => each.podIP)
  )
})

t.test('namespaces of given objects are there, unless given', async t => {
  const namespaces = () =>
    [...simulation.objects()]
      .filter(each => each.kind === 'Namespace')
      .map(each => each.name)
      .sort()
  const simulation = simulated([])
  simulation.given(GIVEN_POD)
  simulation.settle()
  t.strictSame(namespaces(), ['default', 'kube-public', 'kube-system', 'shop'])
  simulation.given({ kind: 'Namespace', name: 'shop', labels: { team: 'a' } })
  t.strictSame(simulation.settle().changes, [])
  t.strictSame(namespaces(), ['default', 'kube-public', 'kube-system'])
  simulation.takenBack('Namespace', '', 'shop')
  t.match(simulation.settle().changes, [{ action: 'added', object: { kind: 'Namespace', name: 'shop' } }])
  simulation.takenBack('Pod', 'shop', 'db-0')
  t.match(simulation.settle().changes, [{ action: 'removed', object: { kind: 'Namespace', name: 'shop' } }])
})
