// How tests look at a simulation.
import type { EndpointSlice, Pod, Service } from '../../../src/cluster/objects.ts'
import type { AppObject } from '../../../src/cluster/apps/app-objects.ts'
import { Simulation } from '../../../src/cluster/apps/simulation.ts'
import type { SimulationOptions } from '../../../src/cluster/apps/simulated.ts'
import { options } from './written.ts'

/** A simulation that has settled on the objects. */
export function simulated(objects: readonly AppObject[], other: Partial<SimulationOptions> = {}): Simulation {
  const simulation = new Simulation(options(other))
  for (const object of objects) simulation.put(object)
  simulation.settle()
  return simulation
}

export function serviceOf(simulation: Simulation, path: string): Service | undefined {
  for (const object of simulation.objects()) {
    if (object.kind === 'Service' && `${object.namespace}/${object.name}` === path) return object
  }
  return undefined
}

export function clusterIPs(simulation: Simulation, path: string): readonly string[] | undefined {
  return serviceOf(simulation, path)?.clusterIPs
}

/** Slices that are labelled with the Service. */
export function slicesOf(simulation: Simulation, path: string): EndpointSlice[] {
  return [...simulation.objects()].filter(
    object =>
      object.kind === 'EndpointSlice' &&
      `${object.namespace}/${object.labels['kubernetes.io/service-name']}` === path
  ) as EndpointSlice[]
}

/** Pods of a namespace by name, in the order of their names. */
export function podsOf(simulation: Simulation, namespace: string): Pod[] {
  const pods = [...simulation.objects()].filter(
    object => object.kind === 'Pod' && object.namespace === namespace
  ) as Pod[]
  return pods.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Problems as `error Service shop/web: text`. */
export function problemLines(simulation: Simulation): string[] {
  return simulation
    .problems()
    .map(
      ({ level, subject, text }) => `${level} ${subject.kind} ${subject.namespace}/${subject.name}: ${text}`
    )
}
