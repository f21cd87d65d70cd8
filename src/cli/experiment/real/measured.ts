// Lookups by real programs: namespaces side by side, each with one lookup at a time, and all of them asking one configuration.
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { fateOf, seededChance } from '../../../experiment/network.ts'
import { ExperimentMistake } from '../../../experiment/mistake.ts'
import type { Setting } from '../../../experiment/spec.ts'
import type { Family, LookupResult } from '../../../resolver/model.ts'
import type { Outgoing, Reply } from '../../../resolver/network.ts'
import type { SentQuery } from '../../../resolver/session.ts'
import { encodeMessage, readMessage } from '../../../wire/message.ts'
import { formatName } from '../../../wire/name.ts'
import { Flag, Rcode, rtypeName } from '../../../wire/numbers.ts'
import { replyOf } from '../../explain/reply.ts'
import { findPrograms, thisMachine, type wantedRecipes } from './choose.ts'
import { errorText } from './error-text.ts'
import type { QueryNews } from './messages.ts'
import { Namespace, namespacesAllowed, type Ran } from './namespace.ts'
import type { RealProgram } from './program.ts'

/** Namespaces side by side. */
const NAMESPACES_MAX = 4
/** A program that takes longer is ended. */
const LIMIT_MS = 15_000
const SERVER = '10.96.0.10'

/** Asks the configuration with autopath or without; `beyond`: how many questions that sent beyond the cluster. */
export type AskOctets = (
  autopath: boolean,
  wire: Buffer,
  transport: Outgoing['transport']
) => Promise<{ readonly response: Buffer; readonly beyond: number } | undefined>

export class RealPrograms {
  readonly programs: readonly RealProgram[]
  /** Asked by the lookups that follow. */
  ask: AskOctets = () => Promise.resolve(undefined)
  readonly #folder: Folder
  readonly #namespaces: readonly Namespace[]
  readonly #free: Namespace[]
  #asking: Promise<unknown> = Promise.resolve()

  private constructor(programs: readonly RealProgram[], folder: Folder, namespaces: readonly Namespace[]) {
    this.programs = programs
    this.#folder = folder
    this.#namespaces = namespaces
    this.#free = [...namespaces]
  }

  /** Finds the programs and sets namespaces up; undefined when nothing can be measured. `say` is told why, a line each. */
  static async open(
    wanted: ReturnType<typeof wantedRecipes>,
    say: (line: string) => void
  ): Promise<RealPrograms | undefined> {
    const allowed = namespacesAllowed()
    if ('why' in allowed) {
      say(`--real: nothing is measured, since this machine allows no namespaces: ${allowed.why}`)
      return undefined
    }
    const folder = temporaryFolder()
    const namespaces: Namespace[] = []
    try {
      namespaces.push(await Namespace.open(allowed.flags, path.join(folder.path, '0')))
      const programs = findPrograms(wanted, thisMachine(folder.path), say)
      for (let at = 1; at < Math.min(NAMESPACES_MAX, availableParallelism()); at++) {
        namespaces.push(await Namespace.open(allowed.flags, path.join(folder.path, String(at))))
      }
      const real = new RealPrograms(programs, folder, namespaces)
      if (programs.length > 0) return real
      await real.close()
    } catch (error) {
      await Promise.all(namespaces.map(each => each.close()))
      folder.remove()
      say(`--real: nothing is measured, since the namespace can't be set up: ${errorText(error)}`)
    }
    return undefined
  }

  /** Whether programs that ask only for families that the host has ask for AAAA. */
  get inet6(): boolean {
    return this.#namespaces.every(({ inet6 }) => inet6)
  }

  /** Lookups at once. */
  get atOnce(): number {
    return this.#namespaces.length
  }

  /** Looks a name up with a program. At most `atOnce` at a time. Rejects when the namespace fails. */
  async lookup(
    program: RealProgram,
    setting: Setting,
    { name, family, resolvConf, networkMs, seed }: RealLookup
  ): Promise<LookupResult> {
    const namespace = this.#free.pop()
    if (namespace === undefined) throw new Error(`more than ${this.atOnce} lookups at once`)
    const exchanges = new Map<number, Exchange>()
    const chance = seededChance(seed ^ 0x5eed)
    try {
      const command = program.command(name, family)
      const ran = await namespace.run(command, resolvConf, LIMIT_MS, async query => {
        const exchange = await this.#exchange(query, setting, networkMs, () => chance.share())
        if (exchange === undefined) return undefined
        exchanges.set(query.id, exchange)
        await new Promise(resolve => setTimeout(resolve, exchange.afterMs))
        return exchange.octets
      })
      return resultOf(program, ran, exchanges)
    } catch (error) {
      throw new ExperimentMistake(`--real: ${program.call}, ${JSON.stringify(name)}: ${errorText(error)}`)
    } finally {
      this.#free.push(namespace)
    }
  }

  /** Ends what was started, and removes what was written. */
  async close(): Promise<void> {
    await Promise.all(this.#namespaces.map(each => each.close()))
    this.#folder.remove()
  }

  async #exchange(
    { octets, transport }: QueryNews,
    { autopath, upstream }: Setting,
    networkMs: number,
    share: () => number
  ): Promise<Exchange | undefined> {
    const wire = Buffer.from(octets, 'base64')
    // One after the other, so that what goes beyond the cluster is counted for the message that sent it there.
    const asked = this.#asking.then(() => this.ask(autopath, wire, transport))
    this.#asking = asked.catch(() => undefined)
    const told = await asked
    if (told === undefined) return undefined
    const { afterMs, failed } = fateOf(told.beyond, networkMs, upstream, share)
    const response = failed ? servfail(wire) : told.response
    const reply = response === undefined ? undefined : replyOf(response, { beyond: told.beyond })
    return response === undefined || reply === undefined ? undefined : { octets: response, reply, afterMs }
  }
}

interface Folder {
  readonly path: string
  readonly remove: () => void
}

/** A folder that goes, too, when a person interrupts the experiment; the namespaces end with the process. */
function temporaryFolder(): Folder {
  const folder = mkdtempSync(path.join(tmpdir(), 'labdns-real-'))
  const empty = () => rmSync(folder, { recursive: true, force: true })
  const onSignal = (signal: NodeJS.Signals) => {
    empty()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  return {
    path: folder,
    remove: () => {
      process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal)
      empty()
    }
  }
}

/** One lookup of a setting. */
export interface RealLookup {
  readonly name: string
  readonly family: Family
  readonly resolvConf: string
  readonly networkMs: number
  readonly seed: number
}

/** What is sent back, what it says, and how long it takes. */
interface Exchange {
  readonly octets: Buffer
  readonly reply: Reply
  readonly afterMs: number
}

function servfail(wire: Buffer): Buffer | undefined {
  const query = readMessage(wire)
  if (query === undefined) return undefined
  const flags = Flag.QR | Flag.RA | (query.flags & Flag.RD) | Rcode.SERVFAIL
  return encodeMessage({ ...query, flags, answers: [], authority: [], additional: [] })
}

function resultOf(
  program: RealProgram,
  { queries, done }: Ran,
  exchanges: ReadonlyMap<number, Exchange>
): LookupResult {
  const startMs = queries[0]?.atMs ?? done.atMs
  const answered = new Map(done.answered)
  const sent = queries.map(query =>
    sentQuery(query, startMs, exchanges.get(query.id), answered.get(query.id))
  )
  const lastReply = Math.max(0, ...done.answered.map(([, atMs]) => atMs - startMs))
  const isWaitedFor = queries.some(({ id }) => !answered.has(id))
  const { error, addresses } = done.overdue
    ? { error: `ended after ${LIMIT_MS / 1000} s`, addresses: [] }
    : program.read(done)
  return {
    ...{ ok: error === null, error, addresses, exitCode: done.exitCode ?? -1, queries: sent, steps: [] },
    // The program's own start and end are no part of the lookup: they would hide it.
    elapsedMs: isWaitedFor ? done.atMs - startMs : lastReply
  }
}

function sentQuery(
  query: QueryNews,
  startMs: number,
  exchange: Exchange | undefined,
  answeredMs: number | undefined
): SentQuery {
  const row: SentQuery = {
    ...outgoing(query),
    ...{ tMs: query.atMs - startMs, socket: query.socket, reply: 'DROP' }
  }
  if (exchange === undefined) return row
  const { reply, afterMs } = exchange
  // An answer that the program didn't wait for is on its way all the same, as in a model.
  return { ...row, reply: reply.kind, replyMs: (answeredMs ?? query.atMs + afterMs) - startMs, answer: reply }
}

function outgoing({ octets, transport }: QueryNews): Outgoing {
  const message = readMessage(Buffer.from(octets, 'base64'))
  const [question] = message?.questions ?? []
  if (message === undefined || question === undefined) {
    return { name: null, type: null, transport, server: SERVER }
  }
  return {
    ...{ name: formatName(question.name), type: rtypeName(question.qtype), transport, server: SERVER },
    ...(message.opt === undefined ? {} : { edns: message.opt.udpSize }),
    ...((message.flags & Flag.AD) === 0 ? {} : { ad: true as const }),
    ...((message.flags & Flag.RD) === 0 ? { rd: false as const } : {})
  }
}
