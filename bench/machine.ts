// The machine that a figure was measured on, and how quiet it was: read from /proc, so Linux only.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

/** Servers run on the first core, what asks them on the second; undefined where there is one core, or no `taskset`. */
export const CORES: { readonly server: number; readonly load: number } | undefined =
  availableParallelism() > 1 && hasProgram('taskset') ? { server: 0, load: 1 } : undefined

const NS_PER_TICK = 10_000_000

/** CPU time of a process, all of its threads, in nanoseconds; 0 when it is gone. */
export function cpuNs(pid: number): number {
  let total = 0
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
    }
  } catch {
    // A thread that ended between the two reads; or the process did.
  }
  return total
}

/** Resident memory of a process in megabytes (10^6 octets). */
export function rssMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return (Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024) / 1e6
}

/** What all processes of the machine together have used, in nanoseconds of CPU. */
function machineNs(): number {
  const [, user, nice, system, , , irq, softirq, steal] = (
    /^cpu .*/m.exec(readFileSync('/proc/stat', 'utf8'))?.[0] ?? ''
  ).split(/\s+/)
  return [user, nice, system, irq, softirq, steal].reduce(
    (sum, ticks) => sum + Number(ticks) * NS_PER_TICK,
    0
  )
}

/** This process and those of its children that have ended. */
function ownNs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').replace(/.*\) /, '').split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * NS_PER_TICK, 0)
}

/** Tells what share of one core others used since it was made. */
export class Quiet {
  readonly #childrenNs: () => number
  readonly #machine = machineNs()
  readonly #own: number
  readonly #from = performance.now()

  /** `childrenNs`: CPU time of the children that run. */
  constructor(childrenNs: () => number) {
    this.#childrenNs = childrenNs
    this.#own = ownNs() + childrenNs()
  }

  /** 0 on a machine that does nothing else; 1: others kept one core busy all the time. */
  othersShare(): number {
    const others = machineNs() - this.#machine - (ownNs() + this.#childrenNs() - this.#own)
    return Math.max(0, others / 1e6 / (performance.now() - this.#from))
  }
}

/** One line for the head of a report. */
export function machineText(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const pinned =
    CORES === undefined ? 'not pinned' : `server on core ${CORES.server}, load on core ${CORES.load}`
  return `${model}, ${availableParallelism()} cores, ${memory}, Linux ${release()}, Node ${process.version}; ${pinned}`
}

/** The commit that was measured, with `+` when files differ from it. */
export function commitText(): string {
  try {
    const git = (...words: string[]) => execFileSync('git', words, { encoding: 'utf8', timeout: 5000 }).trim()
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', '--untracked-files=no', 'src') === '' ? '' : '+')
    )
  } catch {
    return 'no commit'
  }
}

export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some(folder => existsSync(`${folder}/${name}`))
}
