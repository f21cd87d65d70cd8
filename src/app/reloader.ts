// Puts a changed Corefile into service: looks at it again and again (*reload*), or when told to (SIGUSR1). What is said of
// it is what CoreDNS says (corefile-and-plugins.md §4.3, §8.10).
import type { App } from '../app.ts'
import { fingerprint } from '../corefile/fingerprint.ts'
import type { Configuration } from '../corefile/load.ts'
import { CorefileError } from '../corefile/position.ts'
import type { ParsedCorefile } from '../corefile/server-block.ts'
import { RELOAD_FAILURES, RELOAD_VERSION } from '../metrics/families.ts'
import type { ReloadTimes } from '../plugins/definition.ts'
import type { Timer } from '../runtime/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** A Corefile as it is now. */
export interface CorefileNow {
  /** Its words and those of its imports, whatever they mean. Throws CorefileError. */
  outline(): ParsedCorefile
  /** Throws CorefileError. */
  interpret(): Configuration
}

export interface ReloaderParts {
  readonly app: App
  readonly runtime: Runtime
  /** Reads the file again. Undefined while it can't be read, as between an editor's two steps. */
  readonly read: () => Promise<CorefileNow | undefined>
}

export class Reloader {
  readonly #parts: ReloaderParts
  /** Of what is in service, or was tried last. */
  #seen = ''
  /** Whether something else is in service than at the start. */
  #isReloaded = false
  #reloading: Promise<void> = Promise.resolve()
  #times: ReloadTimes | undefined
  #timer: Timer | undefined
  #stopped = false
  #shown = false

  constructor(parts: ReloaderParts) {
    this.#parts = parts
  }

  /**
   * Begins to look, where the configuration in service wants that, and says what is in service. `started` is what the
   * server was started with; a file that has changed since is found at the first look.
   */
  begin(started: ParsedCorefile | undefined): void {
    this.#times = this.#parts.app.reloadTimes
    if (this.#times === undefined) return
    // CoreDNS says them again whenever it looks, which fills logs; here it is this once (docs/differences.md).
    for (const warning of started?.warnings ?? []) this.#parts.runtime.log.warn(warning)
    const seen = started === undefined ? '' : fingerprint(started)
    // SIGUSR1 may have come first; what it put into service was told of then.
    if (this.#seen === '') this.#seen = seen
    if (!this.#isReloaded) this.#log.info(`Running configuration SHA512 = ${seen}`)
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** Reloads whether the file has changed or not (SIGUSR1). Never rejects. */
  reload(): Promise<void> {
    this.#reloading = this.#reloadNow()
    return this.#reloading
  }

  /** Settles when the last `reload` has, and has said what became of it. */
  settled(): Promise<void> {
    return this.#reloading
  }

  async #reloadNow(): Promise<void> {
    const { log } = this.#parts.runtime
    const failed = (text: string) => log.error(`SIGUSR1: ${text}`)
    try {
      const now = await this.#parts.read()
      if (now === undefined) throw new Error('the Corefile cannot be read')
      await this.#try(now, failed)
    } catch (error) {
      log.error(`Restart failed: ${textOf(error)}`)
      failed(`${STARTING}: ${textOf(error)}`)
    }
  }

  get #log() {
    return this.#parts.runtime.log.plugin('reload')
  }

  #schedule(): void {
    const { clock, random } = this.#parts.runtime
    if (this.#times === undefined || this.#stopped) return
    const { intervalMs, jitterMs } = this.#times
    const spread = jitterMs === 0 ? 0 : random.integer(Math.floor(jitterMs) + 1) - jitterMs / 2
    this.#timer?.cancel()
    this.#timer = clock.after(intervalMs + spread, () => {
      void this.#look().finally(() => this.#schedule())
    })
  }

  /** From the first attempt on metrics tell which configuration was tried last. */
  #show(): void {
    this.#shown = true
    this.#parts.app.metrics.addCollector(() => ({
      ...RELOAD_VERSION,
      type: 'gauge',
      samples: [{ suffix: '', labels: { hash: 'sha512', value: this.#seen }, value: 1 }]
    }))
  }

  async #look(): Promise<void> {
    try {
      const now = await this.#parts.read()
      if (now === undefined || fingerprint(now.outline()) === this.#seen) return
      await this.#try(now, text => this.#log.error(`Corefile changed but reload failed: ${text}`))
    } catch (error) {
      this.#log.warn(`Corefile parse failed: ${textOf(error)}`)
    }
  }

  async #try(now: CorefileNow, failed: (text: string) => void): Promise<void> {
    const { app, runtime } = this.#parts
    const { log } = runtime
    const seen = fingerprint(now.outline())
    this.#seen = seen
    log.info('Reloading')
    try {
      const configuration = now.interpret()
      for (const warning of configuration.warnings) log.warn(warning)
      for (const { at, message } of configuration.notes) {
        log.own().warn(`${at.file}:${at.line}:${at.column}: ${message}`)
      }
      await app.reload(configuration.blocks)
      this.#isReloaded = true
      this.#times = app.reloadTimes ?? this.#times
      if (this.#times !== undefined) this.#log.info(`Running configuration SHA512 = ${seen}`)
      log.info('Reloading complete')
    } catch (error) {
      // It was given up, and nobody asks any more why.
      if (this.#stopped) return
      app.metrics.counter(RELOAD_FAILURES).with().increment()
      log.error(`Restart failed: ${textOf(error)}`)
      failed(`${STARTING}: ${textOf(error)}`)
      log.own().warn(`the configuration from before goes on serving${placeAndHint(error)}`)
    } finally {
      if (!this.#shown) this.#show()
    }
  }
}

/** What the embedded framework of CoreDNS puts before any reason. */
const STARTING = 'starting with listener file descriptors'

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** `; mend Corefile:7:9 (did you mean …)`: columns and advice, which CoreDNS's text has not. */
function placeAndHint(error: unknown): string {
  if (!(error instanceof CorefileError) || error.at === undefined) return ''
  const { file, line, column } = error.at
  return `; to mend: ${file}:${line}:${column}${error.hint === undefined ? '' : ` (${error.hint})`}`
}
