import fc from 'fast-check'
import t from 'tap'
import type { AppObject } from '../../../src/cluster/apps/app-objects.ts'
import { Simulation } from '../../../src/cluster/apps/simulation.ts'
import { clusterIPs, simulated } from './look.ts'
import { options, pod, service, workload } from './written.ts'

const RUNS = { numRuns: 25 }
/** A range so narrow that addresses collide all the time. */
const NARROW = {
  serviceCidrs: { IPv4: '10.0.0.0/26', IPv6: 'fd00::/122' },
  podCidrs: { IPv4: '10.1.0.0/25' }
}

const name = fc.integer({ min: 0, max: 30 }).map(number => `n${number}`)
const path = fc.tuple(fc.constantFrom('a', 'b'), name).map(parts => parts.join('/'))
const app = fc.constantFrom('x', 'y', 'z')

const anyService: fc.Arbitrary<AppObject> = fc
  .record({
    path,
    app,
    stated: fc.option(fc.integer({ min: 1, max: 62 }), { nil: undefined }),
    policy: fc.constantFrom('PreferDualStack' as const, 'SingleStack' as const, undefined),
    kind: fc.constantFrom('ClusterIP' as const, 'LoadBalancer' as const)
  })
  .map(({ path, app, stated, policy, kind }) =>
    service(path, {
      clusterIPs: stated === undefined ? [] : [`10.0.0.${stated}`],
      selector: { app },
      ipFamilyPolicy: policy,
      type: kind
    })
  )

const anyMaker: fc.Arbitrary<AppObject> = fc
  .record({
    path,
    app,
    kind: fc.constantFrom('Deployment' as const, 'StatefulSet' as const),
    replicas: fc.integer({ min: 0, max: 12 })
  })
  .map(({ path, app, kind, replicas }) => workload(kind, path, { replicas, template: { labels: { app } } }))

const anyPod: fc.Arbitrary<AppObject> = fc
  .tuple(path, app, fc.constantFrom('', '-0', '-1'))
  .map(([path, app, suffix]) => pod(`${path}${suffix}`, { template: { labels: { app } } }))

const identity = (object: AppObject) =>
  `${object.kind === 'Workload' ? object.workload : object.kind}/${object.namespace}/${object.name}`
const cluster = fc.uniqueArray(fc.oneof(anyService, anyMaker, anyPod), { maxLength: 40, selector: identity })

function state(simulation: Simulation): string {
  return JSON.stringify([
    [...simulation.objects()].map(object => JSON.stringify(object)).sort(),
    simulation.problems()
  ])
}

t.test('any order gives the same objects', async t => {
  fc.assert(
    fc.property(cluster, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), (objects, keys) => {
      const shuffled = objects
        .map((object, index) => ({ object, key: keys[index] ?? 0 }))
        .sort((a, b) => a.key - b.key)
      const one = simulated(objects, NARROW)
      const other = simulated(
        shuffled.map(each => each.object),
        NARROW
      )
      return state(one) === state(other)
    }),
    RUNS
  )
  t.pass()
})

t.test('no address is given twice, no slice is over 100, and everything ends', async t => {
  fc.assert(
    fc.property(fc.array(cluster, { minLength: 1, maxLength: 4 }), steps => {
      const simulation = new Simulation(options(NARROW))
      let before: readonly AppObject[] = []
      for (const objects of steps) {
        const now = new Set(objects.map(identity))
        for (const object of before) {
          if (now.has(identity(object))) continue
          const kind = identity(object).split('/')[0]!.replace('App', '')
          simulation.remove(kind, object.namespace, object.name)
        }
        for (const object of objects) simulation.put(object)
        simulation.settle()
        before = objects
        const seen = new Set<string>()
        for (const object of simulation.objects()) {
          const addresses =
            object.kind === 'Service' ? object.clusterIPs : object.kind === 'Pod' ? [object.podIP] : []
          for (const address of addresses) {
            if (seen.has(address)) return false
            seen.add(address)
          }
          if (object.kind === 'EndpointSlice' && object.endpoints.length > 100) return false
        }
      }
      return true
    }),
    RUNS
  )
  t.pass()
})

t.test('who runs for long has the same objects as who starts now', async t => {
  // So wide that no two computed addresses collide.
  const wide = { serviceCidrs: { IPv4: '10.0.0.0/8' }, podCidrs: { IPv6: 'fd00::/64' } }
  fc.assert(
    fc.property(fc.array(cluster, { minLength: 2, maxLength: 5 }), steps => {
      const simulation = new Simulation(options(wide))
      let before: readonly AppObject[] = []
      for (const objects of steps) {
        const now = new Set(objects.map(identity))
        for (const object of before) {
          if (!now.has(identity(object))) {
            const kind = identity(object).split('/')[0]!.replace('App', '')
            simulation.remove(kind, object.namespace, object.name)
          }
        }
        for (const object of objects) simulation.put(object)
        simulation.settle()
        before = objects
      }
      // Who states an address that another states is served or not by who came first: those are left out.
      const stated = before.flatMap(each => (each.kind === 'AppService' ? each.clusterIPs : []))
      if (new Set(stated).size < stated.length) return true
      return state(simulation) === state(simulated(before, wide))
    }),
    RUNS
  )
  t.pass()
})

t.test('one more Service that comes and goes moves no other address', async t => {
  fc.assert(
    fc.property(cluster, objects => {
      const simulation = simulated(objects, NARROW)
      const addresses = () =>
        JSON.stringify(objects.map(each => clusterIPs(simulation, `${each.namespace}/${each.name}`)))
      const before = state(simulation)
      const had = addresses()
      simulation.put(service('c/extra', { selector: { app: 'x' } }))
      simulation.settle()
      if (addresses() !== had) return false
      simulation.remove('Service', 'c', 'extra')
      simulation.settle()
      return state(simulation) === before
    }),
    RUNS
  )
  t.pass()
})
