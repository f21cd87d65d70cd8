// Says over HTTP whether every plugin that takes time to start is there (corefile-and-plugins.md §8.4).
import type { HttpReply } from '../../runtime/http.ts'
import type { Log } from '../../runtime/log.ts'

/** The plugins of all blocks with `ready` that can say whether they are, by directive. */
export class Readiness {
  /** Whether a plugin that was ready once is asked again. The last line of a configuration decides. */
  continuous = false
  readonly #checks = new Map<string, () => boolean>()
  readonly #words = new Map<string, (() => readonly string[])[]>()
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

  /** What a plugin says of itself, in sentences: shown below the names, and below OK where something is degraded. */
  addWords(name: string, words: () => readonly string[]): void {
    this.#words.set(name, [...(this.#words.get(name) ?? []), words])
  }

  /** From here on nothing is ready. */
  stop(): void {
    this.#isStopping = true
  }

  answer(): HttpReply {
    if (this.#isStopping) return { status: 503, body: 'Shutting down' }
    const waiting = this.#waiting()
    if (waiting.length === 0) {
      const lines = this.#lines([...this.#words.keys()])
      return { status: 200, body: lines.length === 0 ? 'OK' : ['OK', 'degraded:', ...lines].join('\n') }
    }
    const names = waiting.join(',')
    this.#log.info(`Plugins not ready: "${names}"`)
    return { status: 503, body: [names, ...this.#lines(waiting)].join('\n') }
  }

  #lines(names: readonly string[]): string[] {
    const sentences = names.flatMap(name =>
      (this.#words.get(name) ?? []).flatMap(words => words().map(sentence => `${name}: ${sentence}`))
    )
    return [...new Set(sentences)]
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
