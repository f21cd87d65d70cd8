// A hosts file that is read again when it has changed (corefile-and-plugins.md §8.12).
import type { Value } from '../../metrics/family.ts'
import { fileErrorText } from '../../runtime/files.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { ENTRIES_MAX, HostTable, type HostTableOptions } from './host-table.ts'

/** What is told when a file was read. */
export interface HostsMeter {
  /** Of the file and of the lines in the Corefile. */
  entries(count: number): void
  readonly reloaded: Value
}

const FILE_OCTETS_MAX = 64 << 20

export class HostsFile {
  /** What it said when it was read last; empty before that. */
  table: HostTable
  readonly #path: string
  readonly #options: HostTableOptions
  readonly #runtime: Runtime
  readonly #meter: HostsMeter
  #modifiedMs = NaN
  #octets = -1
  #isReading = false

  constructor(path: string, options: HostTableOptions, runtime: Runtime, meter: HostsMeter) {
    this.#path = path
    this.#options = options
    this.#runtime = runtime
    this.#meter = meter
    this.table = new HostTable(options)
  }

  /** Reads the file at once, before anybody is answered. */
  readNow(): void {
    const reading = this.#begin()
    if (reading === undefined) return
    while (reading.next().done !== true);
  }

  /** Reads the file if it has changed, a few lines at a time; until it is through, the old contents are in use. */
  readIfChanged(): void {
    if (this.#isReading) return
    const reading = this.#begin()
    if (reading === undefined) return
    this.#isReading = true
    const goOn = () => {
      if (reading.next().done === true) this.#isReading = false
      else this.#runtime.nextTurn(goOn)
    }
    goOn()
  }

  /** Undefined where there is nothing new. A file that is gone keeps its last contents. */
  #begin(): Generator<void, void, void> | undefined {
    const { files, log } = this.#runtime
    try {
      if (files.kind(this.#path) !== 'file') return undefined
      const { modifiedMs, octets } = files.stat(this.#path)
      if (modifiedMs === this.#modifiedMs && octets === this.#octets) return undefined
      this.#modifiedMs = modifiedMs
      this.#octets = octets
      return this.#read(files.read(this.#path, FILE_OCTETS_MAX), modifiedMs)
    } catch (error) {
      log.own().warn(`hosts: ${fileErrorText(error, this.#path)}; its last contents stay in use`)
      return undefined
    }
  }

  *#read(text: Buffer, modifiedMs: number): Generator<void, void, void> {
    const table = new HostTable(this.#options)
    yield* table.read(text)
    const { log } = this.#runtime
    log.plugin('hosts').debug(`Parsed hosts file into ${table.entries} entries`)
    if (table.overflowed) {
      log.own().warn(`hosts: ${this.#path} has more than ${ENTRIES_MAX} entries; the rest is left out`)
    }
    this.table = table
    this.#meter.entries(table.entries)
    this.#meter.reloaded.value = modifiedMs / 1000
  }
}
