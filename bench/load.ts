// Builds and runs bench/load.c.
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Child, source } from './child.ts'
import { CORES, hasProgram } from './machine.ts'

const PROGRAM = source('bench/bin/load')

/** What bench/load.c prints; latencies in microseconds. */
export interface LoadResult {
  readonly mode: 'closed' | 'open' | 'tcp'
  readonly sent: number
  readonly done: number
  readonly lost: number
  readonly bad: number
  /** Open loop: questions that were due and not asked, because too many were open. */
  readonly shed: number
  readonly rcodes: Readonly<Record<string, number>>
  /** NOERROR without an answer record. */
  readonly empty: number
  readonly truncated: number
  readonly seconds: number
  readonly qps: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  /** Open loop: the most that a question was asked after its time. */
  readonly behindMax: number
  readonly cpuSeconds: number
}

export interface LoadOptions {
  readonly port: number
  readonly file: string
  readonly seconds: number
  /** Questions a second, whether answers come or not. */
  readonly rate?: number
  /** Stop after so many questions. */
  readonly count?: number
  /** UDP sockets or TCP connections. */
  readonly sockets?: number
  /** TCP: so many questions a write. */
  readonly perWrite?: number
  /** Sends EDNS that offers so many octets. */
  readonly edns?: number
}

/** Builds the load generator. Returns why it can't be had, or undefined. */
export async function buildLoad(): Promise<string | undefined> {
  const compiler = ['gcc', 'cc'].find(hasProgram)
  if (compiler === undefined) return 'no gcc here: what needs the load generator (bench/load.c) is left out'
  mkdirSync(dirname(PROGRAM), { recursive: true })
  return new Promise(resolve => {
    execFile(
      compiler,
      ['-O2', '-o', PROGRAM, source('bench/load.c')],
      { timeout: 60_000 },
      (error, _, said) => {
        resolve(
          error === null
            ? undefined
            : `bench/load.c does not compile here: what needs it is left out\n${said}`
        )
      }
    )
  })
}

/** Starts asking. Whoever needs the result waits for its one line. */
export function startLoad(options: LoadOptions): Child {
  const words = ['-p', options.port, '-f', options.file, '-d', options.seconds]
  if (options.rate !== undefined) words.push('-r', options.rate)
  if (options.count !== undefined) words.push('-n', options.count)
  if (options.sockets !== undefined) words.push('-s', options.sockets)
  if (options.perWrite !== undefined) words.push('-t', '-m', options.perWrite)
  if (options.edns !== undefined) words.push('-e', options.edns)
  return new Child(PROGRAM, words.map(String), CORES?.load)
}

/** Asks until the time is over. Rejects when a reply was wrong, or half of the questions were not answered. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const child = startLoad(options)
  try {
    const result = JSON.parse(await child.line((options.seconds + 10) * 1000)) as LoadResult
    if (result.bad > 0) throw new Error(`${result.bad} replies did not belong to an open question`)
    if (result.lost * 2 > result.sent) {
      throw new Error(`${result.lost} of ${result.sent} questions were not answered`)
    }
    return result
  } finally {
    await child.stop()
  }
}
