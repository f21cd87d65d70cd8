// Says over HTTP that the process is alive, and asks itself whether that is still quick (corefile-and-plugins.md §8.3).
import { formatDuration } from '../../corefile/values.ts'
import { joinHostPort } from '../../corefile/addresses.ts'
import { HEALTH_DURATION, HEALTH_FAILURES } from '../../metrics/families.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Http } from '../../runtime/http.ts'
import type { Log } from '../../runtime/log.ts'
import type { Endpoint, EndpointAddress, HttpEndpoints } from '../http-endpoints.ts'

const CHECK_PERIOD_MS = 1000
/** A check that takes longer failed. */
const CHECK_LIMIT_MS = 3000
/** One that takes longer than this is worth a line. */
const SLOW_MS = 1000

export interface HealthOptions {
  readonly address: EndpointAddress
  /** How long to go on serving after the signal to stop, in milliseconds; 0: not at all. */
  readonly lameduckMs: number
}

export interface HealthParts {
  readonly endpoints: HttpEndpoints
  readonly clock: Clock
  readonly http: Http
  /** With the prefix `plugin/health: `. */
  readonly log: Log
  readonly metrics: Metrics
}

export class Health {
  readonly #options: HealthOptions
  readonly #parts: HealthParts
  #endpoint: Endpoint | undefined
  #timer: Timer | undefined
  #isChecking = false

  constructor(options: HealthOptions, parts: HealthParts) {
    this.#options = options
    this.#parts = parts
  }

  /** Opens the listener and begins to check. Rejects when the address can't be had. */
  async start(): Promise<void> {
    const { endpoints, clock } = this.#parts
    const endpoint = await endpoints.open('health', this.#options.address, '/health', () => ({
      status: 200,
      body: 'OK'
    }))
    this.#endpoint = endpoint
    const host = this.#options.address.host || 'localhost'
    const url = `http://${joinHostPort(host, endpoint.port)}/health`
    this.#timer = clock.every(CHECK_PERIOD_MS, () => this.#check(url))
  }

  /** Stops; where the server ends, after going on for the lameduck time. */
  async stop(isFinal: boolean): Promise<void> {
    const endpoint = this.#endpoint
    if (endpoint === undefined) return
    const { lameduckMs } = this.#options
    if (isFinal && lameduckMs > 0) {
      this.#parts.log.info(`Going into lameduck mode for ${formatDuration(lameduckMs)}`)
      await this.#parts.clock.sleep(lameduckMs)
    }
    this.#timer?.cancel()
    this.#endpoint = undefined
    await endpoint.close()
  }

  /** One check at a time, so that a stuck one doesn't become many. */
  #check(url: string): void {
    if (this.#isChecking) return
    this.#isChecking = true
    const { clock, http, log, metrics } = this.#parts
    const start = clock.now()
    const finish = (failure?: string) => {
      this.#isChecking = false
      if (this.#endpoint === undefined) return
      const ms = clock.now() - start
      metrics
        .histogram(HEALTH_DURATION)
        .with()
        .observe(ms / 1000)
      if (failure !== undefined) {
        metrics.counter(HEALTH_FAILURES).with().increment()
        log.warn(`Local health request to "${url}" failed: ${failure}`)
      } else if (ms > SLOW_MS) {
        log.warn(`Local health request to "${url}" took more than 1s: ${formatDuration(ms)}`)
      }
    }
    http.get(url, CHECK_LIMIT_MS).then(
      () => finish(),
      (error: unknown) => finish(error instanceof Error ? error.message : String(error))
    )
  }
}
