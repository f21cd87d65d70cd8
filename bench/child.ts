// The processes that a benchmark starts: pinned to a core, bounded in time, ended by their own number.
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cpuNs } from './machine.ts'

/** No child lives longer, whatever happens to the one who started it. */
const LIFE_MAX_MS = 30 * 60_000
const STOP_MS = 5000
const LINES_MAX = 1000
const SAID_MAX = 4000

/** The compiled form of a file: `src/x.ts` is `built('src/x.js')`. */
export const built = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
/** A file of the repository. */
export const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const running = new Set<Child>()
process.on('exit', () => running.forEach(child => child.kill()))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** CPU time of all children that run, in nanoseconds. */
export function runningNs(): number {
  return [...running].reduce((total, child) => total + cpuNs(child.pid), 0)
}

export class Child {
  readonly pid: number
  /** When it was started, in milliseconds of `performance.now`. */
  readonly startedAt = performance.now()
  readonly #process: ChildProcess
  readonly #ended: Promise<void>
  readonly #lines: string[] = []
  #wake: () => void = () => undefined
  #said = ''
  #isHeard = true

  /** Starts a program; on one core when `core` says which. */
  constructor(command: string, words: readonly string[], core?: number) {
    const [program, all] =
      core === undefined ? [command, words] : ['taskset', ['-c', String(core), command, ...words]]
    this.#process = spawn(program, all, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIFE_MAX_MS,
      killSignal: 'SIGKILL'
    })
    this.pid = this.#process.pid ?? 0
    running.add(this)
    this.#ended = new Promise(resolve => {
      const end = () => {
        running.delete(this)
        this.#wake()
        resolve()
      }
      this.#process.once('error', error => {
        this.#said += error.message
        end()
      })
      this.#process.once('close', end)
    })
    let rest = ''
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (!this.#isHeard) return
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.#lines.push(...lines)
      this.#lines.splice(0, this.#lines.length - LINES_MAX)
      this.#wake()
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-SAID_MAX)
    })
  }

  /** A compiled file of this repository under Node. */
  static node(file: string, words: readonly string[] = [], core?: number): Child {
    return new Child(process.execPath, [built(file), ...words], core)
  }

  get isRunning(): boolean {
    return running.has(this)
  }

  /** The end of what it said, for error messages. */
  get said(): string {
    return [...this.#lines.slice(-10), this.#said].join('\n')
  }

  /** The next line on its stdout. Rejects when it ends first, or takes longer than `withinMs`. */
  async line(withinMs: number): Promise<string> {
    const until = performance.now() + withinMs
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return line
      if (!this.isRunning) throw new Error(`process ${this.pid} ended too early: ${this.said}`)
      const left = until - performance.now()
      if (left <= 0) throw new Error(`process ${this.pid} said nothing for ${withinMs} ms: ${this.said}`)
      await new Promise<void>(resolve => {
        const late = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(late)
          resolve()
        }
      })
    }
  }

  /** Reads what it prints from here on, and forgets it. */
  discardLines(): void {
    this.#isHeard = false
  }

  /** SIGTERM, and SIGKILL when that is not obeyed. Settles when it is gone. */
  async stop(): Promise<void> {
    if (!this.isRunning) return
    this.#process.kill('SIGTERM')
    const late = setTimeout(() => this.kill(), STOP_MS)
    await this.#ended
    clearTimeout(late)
  }

  kill(): void {
    if (this.isRunning) this.#process.kill('SIGKILL')
  }
}
