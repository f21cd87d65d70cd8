// How long a change of endpoints took to be served: from the time its controller wrote down to now
// (kubernetes-records.md §14).
import type { Clock } from '../../runtime/clock.ts'
import { SERVICE_NAME_LABEL, type EndpointSlice, type Service } from '../objects.ts'
import type { ApiObserver } from './observer.ts'

/** What a slice's Service is, for the metric; undefined where there is none. */
export type IsService = (namespace: string, name: string) => boolean

export class Programming {
  readonly #clock: Clock
  readonly #observer: ApiObserver
  readonly #isService: IsService
  /** `namespace/name` of Services without a cluster IP: few of them are. */
  readonly #headless = new Set<string>()

  constructor(clock: Clock, observer: ApiObserver, isService: IsService) {
    this.#clock = clock
    this.#observer = observer
    this.#isService = isService
  }

  /** A Service is in service now. */
  note({ namespace, name, clusterIPs }: Service): void {
    if (clusterIPs[0] === 'None') this.#headless.add(`${namespace}/${name}`)
    else this.forget(namespace, name)
  }

  /** A Service is gone. */
  forget(namespace: string, name: string): void {
    if (this.#headless.size > 0) this.#headless.delete(`${namespace}/${name}`)
  }

  /** A slice of an event is in service now. */
  observe({ namespace, labels, lastChange }: EndpointSlice): void {
    if (lastChange === '') return
    const service = labels[SERVICE_NAME_LABEL]
    if (service === undefined || !this.#isService(namespace, service)) return
    const ms = this.#clock.wallMs() - Date.parse(lastChange)
    if (Number.isNaN(ms)) return
    const isHeadless = this.#headless.has(`${namespace}/${service}`)
    // Clocks differ, but nothing is served before it was made.
    this.#observer.programmed(isHeadless ? 'headless_with_selector' : 'cluster_ip', Math.max(ms, 0) / 1000)
  }
}
