// Reads a zone's file again and again, and serves what it says once its serial has changed.
import type { Notifier } from '../dns/transfer.ts'
import type { Timer } from '../runtime/clock.ts'
import { fileErrorText } from '../runtime/files.ts'
import type { Log } from '../runtime/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ServedZone } from './served-zone.ts'
import { ZoneError, zoneFromFileInTurns } from './zone-from-file.ts'

export interface ReloadOptions {
  readonly intervalMs: number
  /** Whether a newer modification time makes a reload, whatever the serial. */
  readonly byModificationTime: boolean
}

export class ZoneReloader {
  /** May change: a folder's zones move. */
  file: string
  readonly #zone: ServedZone
  readonly #runtime: Runtime
  readonly #log: Log
  readonly #options: ReloadOptions
  readonly #notifier: () => Notifier | undefined
  #timer: Timer | undefined
  #isReading = false
  #isStopped = false
  #readAtMs = 0

  /** `log` is the plugin's. */
  constructor(
    zone: ServedZone,
    file: string,
    runtime: Runtime,
    log: Log,
    options: ReloadOptions,
    notifier: () => Notifier | undefined
  ) {
    this.#zone = zone
    this.file = file
    this.#runtime = runtime
    this.#log = log
    this.#options = options
    this.#notifier = notifier
    this.#readAtMs = this.#modifiedMs() ?? 0
  }

  /** Looks at the file every interval until `stop`. */
  start(): void {
    const { intervalMs } = this.#options
    if (intervalMs > 0) this.#timer = this.#runtime.clock.every(intervalMs, () => void this.look())
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  /** Looks once. Never rejects. A look that is still under way when the next one is due stands for both. */
  async look(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    try {
      await this.#reload()
    } catch (error) {
      this.#tell(error)
    } finally {
      this.#isReading = false
    }
  }

  async #reload(): Promise<void> {
    const { runtime, zone, file } = { runtime: this.#runtime, zone: this.#zone, file: this.file }
    const { byModificationTime } = this.#options
    const modifiedMs = this.#modifiedMs()
    if (byModificationTime && modifiedMs !== undefined && modifiedMs <= this.#readAtMs) return
    const data = await zoneFromFileInTurns(
      {
        files: runtime.files,
        file,
        zone: zone.text,
        origin: zone.name,
        knownSerial: byModificationTime ? undefined : zone.data?.serial
      },
      runtime.nextTurn
    )
    if (this.#isStopped) return
    zone.data = data
    zone.expired = false
    if (modifiedMs !== undefined) this.#readAtMs = modifiedMs
    this.#log.info(`Successfully reloaded zone "${zone.text}" in "${file}" with ${data.serial} SOA serial`)
    try {
      await this.#notifier()?.notify(zone.name)
    } catch (error) {
      this.#log.warn(`Failed sending notifies: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #tell(error: unknown): void {
    const { text } = this.#zone
    if (error instanceof ZoneError) {
      if (!error.isUnchanged) this.#log.error(`Parsing zone "${text}": ${error.message}`)
    } else
      this.#log.error(`Failed to open zone "${text}" in "${this.file}": ${fileErrorText(error, this.file)}`)
  }

  #modifiedMs(): number | undefined {
    try {
      return this.#options.byModificationTime ? this.#runtime.files.stat(this.file).modifiedMs : undefined
    } catch {
      return undefined // what is wrong shows when it is read
    }
  }
}
