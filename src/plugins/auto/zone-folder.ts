// The zones of a folder: found again and again, loaded when a file comes, dropped when it goes.
import type { Notifier } from '../../dns/transfer.ts'
import type { Timer } from '../../runtime/clock.ts'
import { fileErrorText } from '../../runtime/files.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { ServedZone } from '../../zones/served-zone.ts'
import { ZoneError, zoneFromFileInTurns } from '../../zones/zone-from-file.ts'
import { ZoneReloader } from '../../zones/zone-reloader.ts'
import type { OriginTemplate } from './origin-template.ts'

const NAME = 'auto'
/** Folders in folders; a link that leads back into its own folder ends here. */
const DEPTH_MAX = 32
/** Names that are looked at, in all folders together. */
const ENTRIES_MAX = 100_000

interface Loaded {
  readonly zone: ServedZone
  readonly reloader: ZoneReloader
}

export interface ZoneFolderOptions {
  /** Empty: there are no zones. */
  readonly folder: string
  readonly template: OriginTemplate
  /** 0: the folder is read once. */
  readonly intervalMs: number
  readonly notifier: () => Notifier | undefined
  /** Called with all zones when some came or went. */
  readonly changed: (zones: readonly ServedZone[]) => void
}

export class ZoneFolder {
  readonly #runtime: Runtime
  readonly #options: ZoneFolderOptions
  readonly #loaded = new Map<string, Loaded>()
  #timer: Timer | undefined
  #isWalking = false
  #isStopped = false

  constructor(runtime: Runtime, options: ZoneFolderOptions) {
    this.#runtime = runtime
    this.#options = options
  }

  /** Settles when the folder has been read for the first time; then it is read every interval. */
  async start(): Promise<void> {
    await this.#walk()
    const { intervalMs } = this.#options
    if (intervalMs > 0 && !this.#isStopped)
      this.#timer = this.#runtime.clock.every(intervalMs, () => void this.#walk())
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    for (const { reloader } of this.#loaded.values()) reloader.stop()
  }

  /** Never rejects: what can't be read is told of, and tried again the next time. */
  async #walk(): Promise<void> {
    if (this.#isWalking) return
    this.#isWalking = true
    try {
      const { folder, changed } = this.#options
      const found = folder === '' ? new Map<string, string>() : this.#find()
      const hasNew = await this.#loadNew(found)
      const hasGone = this.#dropGone(found)
      if (hasNew || hasGone) changed(Array.from(this.#loaded.values(), each => each.zone))
    } finally {
      this.#isWalking = false
    }
  }

  /** Loads zones whose file is new, and looks whether the others' files have changed. */
  async #loadNew(found: ReadonlyMap<string, string>): Promise<boolean> {
    let hasNew = false
    for (const [text, file] of found) {
      const known = this.#loaded.get(text)
      if (known !== undefined) {
        known.reloader.file = file
        await known.reloader.look()
      } else if (await this.#load(text, file)) hasNew = true
      if (this.#isStopped) break
    }
    return hasNew
  }

  #dropGone(found: ReadonlyMap<string, string>): boolean {
    let hasGone = false
    for (const [text, { reloader }] of this.#loaded) {
      if (found.has(text)) continue
      reloader.stop()
      this.#loaded.delete(text)
      hasGone = true
      this.#runtime.log.plugin(NAME).info(`Deleting zone \`${text}'`)
    }
    return hasGone
  }

  async #load(text: string, file: string): Promise<boolean> {
    const { files, nextTurn } = this.#runtime
    const log = this.#runtime.log.plugin(NAME)
    const { intervalMs, notifier } = this.#options
    const name = this.#options.template.zoneOf(baseName(file))?.name
    if (name === undefined) return false
    try {
      const data = await zoneFromFileInTurns({ files, file, zone: text, origin: name }, nextTurn)
      if (this.#isStopped) return false
      const zone = new ServedZone(text, name, data)
      // Reloads are told of as the file plugin's, as in CoreDNS.
      const reloader = new ZoneReloader(
        zone,
        file,
        this.#runtime,
        this.#runtime.log.plugin('file'),
        { intervalMs, byModificationTime: false },
        notifier
      )
      this.#loaded.set(text, { zone, reloader })
      log.info(`Inserting zone \`${text}' from: ${file}`)
      notifier()
        ?.notify(name)
        .catch((error: unknown) => log.warn(error instanceof Error ? error.message : String(error)))
      return true
    } catch (error) {
      if (error instanceof ZoneError) log.warn(`Parse zone \`${text}': ${error.message}`)
      else log.warn(`Opening ${file} failed: ${fileErrorText(error, file)}`)
      return false
    }
  }

  /** Files by the zone that their name gives; of two for one zone the first one counts. */
  #find(): Map<string, string> {
    const { files } = this.#runtime
    const log = this.#runtime.log.plugin(NAME)
    const found = new Map<string, string>()
    let entries = 0
    const look = (folder: string, depth: number): void => {
      let names: readonly string[]
      try {
        names = files.list(folder)
      } catch (error) {
        log.warn(`error reading ${folder}: ${fileErrorText(error, folder)}`)
        return
      }
      for (const name of names) {
        if (++entries > ENTRIES_MAX) return
        // What a mounted ConfigMap keeps its versions in; the names outside lead there.
        if (name.startsWith('..')) continue
        const path = `${folder.replace(/\/+$/, '')}/${name}`
        if (files.kind(path) === 'directory') {
          if (depth < DEPTH_MAX) look(path, depth + 1)
          continue
        }
        const zone = this.#options.template.zoneOf(name)
        if (zone === undefined) continue
        const previous = found.get(zone.zone)
        if (previous === undefined) found.set(zone.zone, path)
        else {
          log.warn(
            `Multiple zone files match origin "${zone.zone}": using "${previous}" instead of "${path}"`
          )
        }
      }
    }
    look(this.#options.folder, 0)
    return found
  }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
