// The servers of one line: made when they are first named, kept as long as they are, let go when they no longer are.
import { readUpstreams, splitScheme } from './upstream-words.ts'
import type { Token } from '../../corefile/position.ts'
import type { Timer } from '../../runtime/clock.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { addressText, type UpstreamAddress } from '../../upstream/address.ts'
import type { ForwardLine, Server } from './forward-line.ts'

/** How often files are looked at, in milliseconds. */
const LOOK_MS = 1000
/** A file is written in two steps at times: what it lacks counts when it still does at the next look. */
const LOOKS_UNTIL_MISSED = 2

/** An upstream and the word that names it. */
export interface Named {
  readonly address: UpstreamAddress
  readonly word: Token
}

/** A file in resolv.conf format that a word of the line names. */
interface NameserverFile {
  readonly word: Token
  readonly path: string
  /** When it was changed and how large it is. */
  stamp: string
  /** Looks in a row that found no nameserver in it. */
  empty: number
}

export class LineServers {
  readonly line: ForwardLine
  readonly #runtime: Pick<Runtime, 'clock' | 'files' | 'log'>
  readonly #make: (named: Named) => Server
  readonly #files: readonly NameserverFile[]
  #named: readonly Named[] = []
  #timer: Timer | undefined

  constructor(
    line: ForwardLine,
    runtime: Pick<Runtime, 'clock' | 'files' | 'log'>,
    make: (named: Named) => Server
  ) {
    this.line = line
    this.#runtime = runtime
    this.#make = make
    this.#files = line.options.to.flatMap(word => {
      const path = splitScheme(word.text)[1]
      return runtime.files.kind(path) === 'file' ? [{ word, path, stamp: this.#stampOf(path), empty: 0 }] : []
    })
  }

  /** Makes these the line's servers; of several with one address and port the first counts. */
  set(named: readonly Named[]): void {
    const before = new Map(this.line.servers.map(server => [keyOf(server.upstream.address), server]))
    const servers = new Map<string, Server>()
    const texts = new Set<string>()
    for (const each of named) {
      const text = addressText(each.address)
      if (texts.has(text)) continue
      texts.add(text)
      const key = keyOf(each.address)
      servers.set(key, before.get(key) ?? this.#make(each))
    }
    this.#named = named
    this.line.servers = [...servers.values()]
    // Their queries are answered still.
    for (const [key, { upstream }] of before) if (!servers.has(key)) upstream.drain()
  }

  /** Looks at the line's files from now on. */
  watch(): void {
    if (this.#files.length > 0) this.#timer = this.#runtime.clock.every(LOOK_MS, () => this.#look())
  }

  /** Keeps no sockets any more and looks at no file; queries that come are still asked. */
  drain(): void {
    this.#timer?.cancel()
    for (const { upstream } of this.line.servers) upstream.drain()
  }

  #look(): void {
    for (const file of this.#files) {
      const stamp = this.#stampOf(file.path)
      if (stamp === file.stamp && file.empty === 0) continue
      file.stamp = stamp
      this.#reread(file)
    }
  }

  #reread(file: NameserverFile): void {
    const { files, log } = this.#runtime
    const read = files.kind(file.path) === 'file' ? readUpstreams(file.word.text, files) : undefined
    const found = read?.error === undefined ? (read?.value ?? []) : []
    if (found.length === 0) {
      if (++file.empty === LOOKS_UNTIL_MISSED) {
        log.own().warn(`${file.path} names no server any more: forwarding to those that it named before`)
      }
      return
    }
    file.empty = 0
    const next = this.line.options.to.flatMap(word =>
      word === file.word
        ? found.map(address => ({ address, word }))
        : this.#named.filter(each => each.word === word)
    )
    const [old, now] = [textOf(this.#named), textOf(next)]
    if (old === now) return
    this.set(next)
    log.own().info(`${file.path} changed: forwarding to ${now} instead of ${old}`)
  }

  /** Changes when the file does. */
  #stampOf(path: string): string {
    try {
      const { modifiedMs, octets } = this.#runtime.files.stat(path)
      return `${modifiedMs} ${octets}`
    } catch {
      return 'gone'
    }
  }
}

const keyOf = (address: UpstreamAddress): string => `${address.scheme}://${addressText(address)}`
const textOf = (named: readonly Named[]): string => named.map(each => addressText(each.address)).join(' ')
