// What no answer needs and reasons do: selectors, endpoints that are not ready, Pods and their labels. Kept only where
// somebody explains (`explain`), as the objects that the source made, and no more than so many of each kind: whoever
// reads this can say what is there, and that nothing else is only while `isComplete` holds.
import {
  SERVICE_NAME_LABEL,
  type ClusterKind,
  type ClusterObject,
  type Endpoint,
  type EndpointSlice,
  type Pod,
  type Service
} from '../objects.ts'

/** Objects of one kind: some megabytes. Clusters that people look into by hand are smaller. */
const OBJECTS_MAX = 20_000

/** Objects of one kind, by namespace and name. */
class Shelf<T extends { readonly namespace: string; readonly name: string }> {
  readonly #spaces = new Map<string, Map<string, T>>()
  #count = 0
  /** False once one was left out. */
  isComplete = true

  put(object: T): void {
    const space = this.#spaces.get(object.namespace) ?? new Map<string, T>()
    if (!space.has(object.name)) {
      if (this.#count >= OBJECTS_MAX) {
        this.isComplete = false
        return
      }
      this.#count++
    }
    space.set(object.name, object)
    this.#spaces.set(object.namespace, space)
  }

  remove(namespace: string, name: string): void {
    const space = this.#spaces.get(namespace)
    if (space?.delete(name) !== true) return
    this.#count--
    if (space.size === 0) this.#spaces.delete(namespace)
  }

  get(namespace: string, name: string): T | undefined {
    return this.#spaces.get(namespace)?.get(name)
  }

  in(namespace: string): Iterable<T> {
    return this.#spaces.get(namespace)?.values() ?? []
  }
}

export class Surroundings {
  /** Counts up with every change. */
  changes = 0
  readonly services = new Shelf<Service>()
  readonly pods = new Shelf<Pod>()
  /** Whether Pods are told at all: where there was never one, nobody knows which there are. */
  hasPods = false
  readonly #slices = new Shelf<EndpointSlice>()
  /** Names of slices by namespace and Service. */
  readonly #slicesOf = new Map<string, Set<string>>()

  put(object: ClusterObject): void {
    this.changes++
    if (object.kind === 'Service') this.services.put(object)
    else if (object.kind === 'Pod') {
      this.hasPods = true
      this.pods.put(object)
    } else if (object.kind === 'EndpointSlice') this.#putSlice(object)
  }

  remove(kind: ClusterKind, namespace: string, name: string): void {
    this.changes++
    if (kind === 'Service') this.services.remove(namespace, name)
    else if (kind === 'Pod') this.pods.remove(namespace, name)
    else if (kind === 'EndpointSlice') this.#removeSlice(namespace, name)
  }

  /** Whether every Service, Pod or slice that there is is here. */
  get isComplete(): boolean {
    return this.services.isComplete && this.pods.isComplete && this.#slices.isComplete
  }

  /** The slices of a Service, endpoints that aren't ready included. */
  slicesOf(namespace: string, service: string): EndpointSlice[] {
    const names = this.#slicesOf.get(`${namespace}/${service}`) ?? []
    return Array.from(names, name => this.#slices.get(namespace, name)).filter(one => one !== undefined)
  }

  /** Endpoints that are a Pod, with the Service that each belongs to; the first `most` slices of the namespace are looked at. */
  *endpointsOf(namespace: string, pod: string, most: number): Generator<[string, Endpoint], void> {
    for (const slice of this.#slices.in(namespace)) {
      if (most-- === 0) return
      for (const endpoint of slice.endpoints) {
        if (endpoint.targetName === pod) yield [serviceOf(slice), endpoint]
      }
    }
  }

  #putSlice(slice: EndpointSlice): void {
    this.#removeSlice(slice.namespace, slice.name)
    const service = serviceOf(slice)
    if (service === '') return
    this.#slices.put(slice)
    if (this.#slices.get(slice.namespace, slice.name) === undefined) return
    const key = `${slice.namespace}/${service}`
    this.#slicesOf.set(key, (this.#slicesOf.get(key) ?? new Set()).add(slice.name))
  }

  #removeSlice(namespace: string, name: string): void {
    const old = this.#slices.get(namespace, name)
    if (old === undefined) return
    this.#slices.remove(namespace, name)
    const key = `${namespace}/${serviceOf(old)}`
    const names = this.#slicesOf.get(key)
    if (names?.delete(name) === true && names.size === 0) this.#slicesOf.delete(key)
  }
}

const serviceOf = ({ labels }: EndpointSlice): string =>
  Object.hasOwn(labels, SERVICE_NAME_LABEL) ? (labels[SERVICE_NAME_LABEL] ?? '') : ''
