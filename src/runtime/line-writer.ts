// Writing lines to a file descriptor without ever waiting for its reader: what doesn't fit is dropped and counted.
import { write } from 'node:fs'

/** Writes octets somewhere and says how many were taken, later. */
export type WriteOctets = (
  octets: Buffer,
  done: (error: NodeJS.ErrnoException | null, written: number) => void
) => void

/** Standard output, or another descriptor. The thread pool writes, so a reader that stands still stops no query. */
export const writeTo =
  (descriptor: number): WriteOctets =>
  (octets, done) =>
    write(descriptor, octets, 0, octets.length, null, done)

/** Text that waits to be written; a line is about 100 octets, so this is a second of heavy logging. */
export const CHARACTERS_MAX = 1024 * 1024
/** How long to wait when the reader's pipe is full, in milliseconds. */
const RETRY_MS = 20
/** For `gatherMs` of a log that many lines go to: each write takes hundreds of them, not the few that came during the last. */
export const GATHER_MS = 5

export const droppedText = (count: number): string =>
  `${count} log lines were dropped: nobody read the log fast enough`

export class LineWriter {
  /** Lines that were not written. */
  dropped = 0
  /** The line that says how many were dropped since the last one. */
  tellDropped: (count: number) => string = count => `[WARNING] labdns: ${droppedText(count)}\n`
  readonly #write: WriteOctets
  readonly #charactersMax: number
  readonly #gatherMs: number
  #lines: string[] = []
  #characters = 0
  /** Of `dropped`, those that no line has told of yet. */
  #untold = 0
  #isWriting = false
  /** Set while lines gather. */
  #gathering: NodeJS.Timeout | undefined
  /** The reader is gone for good. */
  #isBroken = false
  #onIdle: (() => void)[] = []

  /** `gatherMs`: how long lines gather after a write before the next one. A line that comes alone is written at once. */
  constructor(write: WriteOctets, charactersMax = CHARACTERS_MAX, gatherMs = 0) {
    this.#write = write
    this.#charactersMax = charactersMax
    this.#gatherMs = gatherMs
  }

  /** Queues one line, which ends in `\n`. */
  write(line: string): void {
    if (this.#isBroken || this.#characters + line.length > this.#charactersMax) {
      this.dropped++
      this.#untold++
      return
    }
    this.#lines.push(line)
    this.#characters += line.length
    if (!this.#isWriting) this.#writeNext()
  }

  /** Settles when everything queued is written, and after `limitMs` in any case. */
  flush(limitMs: number): Promise<void> {
    if (!this.#isWriting) return Promise.resolve()
    if (this.#gathering !== undefined) this.#writeNext()
    return new Promise(resolve => {
      const handle = setTimeout(resolve, limitMs)
      this.#onIdle.push(() => {
        clearTimeout(handle)
        resolve()
      })
    })
  }

  #gather(): void {
    if (this.#gatherMs === 0 || this.#lines.length === 0 || this.#onIdle.length > 0) this.#writeNext()
    else this.#gathering = setTimeout(() => this.#writeNext(), this.#gatherMs)
  }

  #writeNext(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    if (this.#lines.length === 0) {
      this.#isWriting = false
      for (const settle of this.#onIdle.splice(0)) settle()
      return
    }
    this.#isWriting = true
    let text = this.#lines.join('')
    this.#lines = []
    this.#characters = 0
    if (this.#untold > 0) {
      text += this.tellDropped(this.#untold)
      this.#untold = 0
    }
    this.#writeOctets(Buffer.from(text))
  }

  #writeOctets(octets: Buffer): void {
    this.#write(octets, (error, written) => {
      if (error === null) {
        if (written < octets.length) this.#writeOctets(octets.subarray(written))
        else this.#gather()
      } else if (error.code === 'EAGAIN') {
        setTimeout(() => this.#writeOctets(octets), RETRY_MS)
      } else {
        // EPIPE and the like: a log without a reader must not end the server.
        this.#isBroken = true
        this.dropped += countLines(octets) + this.#lines.length
        this.#lines = []
        this.#writeNext()
      }
    })
  }
}

function countLines(octets: Buffer): number {
  let count = 0
  for (const octet of octets) if (octet === 0x0a) count++
  return count
}
