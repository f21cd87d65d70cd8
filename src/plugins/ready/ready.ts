// Says over HTTP whether every plugin that takes time to start is there (corefile-and-plugins.md §8.4).
import type { HttpReply } from '../../runtime/http.ts'
import type { Log } from '../../runtime/log.ts'

/** The plugins of all blocks with `ready` that can say whether they are, by directive. */
export class Readiness {
  /** Whether a plugin that was ready once is asked again. The last line of a configuration decides. */
  continuous = false
  readonly #checks = new Map<string, () => boolean>()
  readonly #done = new Set<string>()
  readonly #log: Log
  #isStopping = false

  /** `log` has the prefix `plugin/ready: `. */
  constructor(log: Log) {
    this.#log = log
  }

  /** Two blocks with the same plugin count as one, as in CoreDNS: but here both must be ready. */
  add(name: string, check: () => boolean): void {
    const known = this.#checks.get(name)
    this.#checks.set(name, known === undefined ? check : () => known() && check())
  }

  /** From here on nothing is ready. */
  stop(): void {
    this.#isStopping = true
  }

  answer(): HttpReply {
    if (this.#isStopping) return { status: 503, body: 'Shutting down' }
    const waiting = this.#waiting()
    if (waiting.length === 0) return { status: 200, body: 'OK' }
    const names = waiting.join(',')
    this.#log.info(`Plugins not ready: "${names}"`)
    return { status: 503, body: names }
  }

  #waiting(): string[] {
    const waiting: string[] = []
    for (const [name, check] of this.#checks) {
      if (!this.continuous && this.#done.has(name)) continue
      if (check()) this.#done.add(name)
      else waiting.push(name)
    }
    return waiting.sort()
  }
}
