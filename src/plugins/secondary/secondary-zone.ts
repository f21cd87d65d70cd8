// A zone that is copied from elsewhere and kept up to date by the times of its SOA (RFC 1034 §4.3.5) and by NOTIFY
// (RFC 1996).
import { formatDuration } from '../../corefile/values.ts'
import type { Notifier } from '../../dns/transfer.ts'
import type { Log } from '../../runtime/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { placeText } from '../../upstream/address.ts'
import type { DirectTarget } from '../../upstream/direct.ts'
import type { ServedZone } from '../../zones/served-zone.ts'
import { primarySerial, transferIn } from './transfer-in.ts'

/** Between the first attempts, in milliseconds: doubled each time. */
const FIRST_RETRY_MS = 250
const FIRST_RETRY_MAX_MS = 10_000
/** What an SOA may ask for at most: a timer can't be set for 25 days and more. */
const WAIT_MAX_MS = 24 * 3600 * 1000
/** Spread of refreshes and retries, so that a primary isn't asked by all its secondaries at once. */
const REFRESH_SPREAD_MS = 5000
const RETRY_SPREAD_MS = 2000
/** Between two checks: anybody can send a NOTIFY in a primary's name, and each would cost it a connection. */
const CHECK_GAP_MS = 1000

export class SecondaryZone {
  readonly zone: ServedZone
  readonly #primaries: readonly DirectTarget[]
  readonly #runtime: Runtime
  /** CoreDNS tells of transfers as the file plugin, whose code it shares. */
  readonly #log: Log
  readonly #notifier: () => Notifier | undefined
  readonly #stopped = new AbortController()
  /** Ends the wait that is under way. */
  #wake: AbortController | undefined
  /** A NOTIFY came that nobody has looked after yet. */
  #isNotified = false
  #checkedAt = -CHECK_GAP_MS

  constructor(
    zone: ServedZone,
    primaries: readonly DirectTarget[],
    runtime: Runtime,
    notifier: () => Notifier | undefined
  ) {
    this.zone = zone
    this.#primaries = primaries
    this.#runtime = runtime
    this.#log = runtime.log.plugin('file')
    this.#notifier = notifier
  }

  isPrimary(address: string): boolean {
    return this.#primaries.some(({ host }) => host === address)
  }

  /** The primary says that there is something new: it is asked at once. */
  notify(): void {
    this.#isNotified = true
    this.#wake?.abort()
  }

  stop(): void {
    this.#stopped.abort()
    this.#wake?.abort()
  }

  /** Copies the zone and keeps it up to date until `stop`. Never rejects. */
  async run(): Promise<void> {
    // What another configuration copied is checked at once.
    if (this.zone.data === undefined) await this.#copyFirst()
    else this.#isNotified = true
    while (!this.#isStopped) await this.#keep()
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  /** Whether a NOTIFY came while it waited. */
  #wasWoken(): boolean {
    return this.#isNotified
  }

  async #copyFirst(): Promise<void> {
    let delayMs = FIRST_RETRY_MS
    for (;;) {
      this.#isNotified = false
      const failure = await this.#copy()
      if (failure === undefined || this.#isStopped) return
      const { text } = this.zone
      this.#runtime.log
        .plugin('secondary')
        .warn(`All '${text}' masters failed to transfer, retrying in ${formatDuration(delayMs)}: ${failure}`)
      await this.#wait(delayMs)
      if (this.#wasWoken()) await this.#wait(CHECK_GAP_MS, false)
      delayMs = Math.min(delayMs * 2, FIRST_RETRY_MAX_MS)
    }
  }

  /** From one good check to the next. */
  async #keep(): Promise<void> {
    const { clock } = this.#runtime
    const { times } = this.zone.data ?? { times: { refresh: 1, retry: 1, expire: 1 } }
    const expiresAt = clock.now() + Math.max(times.expire, 1) * 1000
    let isRetry = false
    for (;;) {
      const period = Math.max(isRetry ? times.retry : times.refresh, 1) * 1000
      const spread = this.#runtime.random.integer(isRetry ? RETRY_SPREAD_MS : REFRESH_SPREAD_MS)
      const checkAt = clock.now() + Math.min(period, WAIT_MAX_MS) + spread
      if (isRetry && !this.zone.expired && expiresAt < checkAt) {
        await this.#wait(expiresAt - clock.now())
        if (!this.#isStopped && !this.#isNotified) this.zone.expired = true
      }
      await this.#wait(checkAt - clock.now())
      if (this.#isStopped || (await this.#check(isRetry))) return
      isRetry = true
    }
  }

  /** Whether the zone is known to be up to date now. */
  async #check(isRetry: boolean): Promise<boolean> {
    const { clock } = this.#runtime
    this.#isNotified = false
    await this.#wait(this.#checkedAt + CHECK_GAP_MS - clock.now(), false)
    this.#isNotified = false
    this.#checkedAt = clock.now()
    const serial = await this.#newestSerial()
    if (typeof serial === 'string') {
      this.#log.warn(`Failed ${isRetry ? 'retry' : 'refresh'} check ${serial}`)
      return false
    }
    const known = this.zone.data?.serial
    if (known === undefined || isBefore(known, serial)) return (await this.#copy()) === undefined
    this.zone.expired = false
    return true
  }

  /** The serial of the first primary that says one, or why none does. */
  async #newestSerial(): Promise<number | string> {
    let failure = ''
    for (const primary of this.#primaries) {
      try {
        return await primarySerial(this.zone.name, primary, this.#runtime, this.#stopped.signal)
      } catch (error) {
        failure = textOf(error)
      }
    }
    return failure
  }

  /** Copies the zone from the first primary that gives it whole. The text of the last failure when none does. */
  async #copy(): Promise<string | undefined> {
    const { text, name } = this.zone
    let failure: string | undefined
    for (const primary of this.#primaries) {
      const place = placeText(primary.host, primary.port)
      try {
        this.zone.data = await transferIn(name, primary, this.#runtime, this.#stopped.signal)
      } catch (error) {
        failure = textOf(error)
        if (this.#isStopped) return failure
        const isDial = failure.startsWith('dial ')
        this.#log.error(
          isDial
            ? `Failed to setup transfer \`${text}' with \`"${place}"': ${failure}`
            : `Failed to transfer \`${text}' from "${place}": ${failure}`
        )
        continue
      }
      this.zone.expired = false
      this.#log.info(`Transferred: ${text} from ${place}`)
      this.#notifier()
        ?.notify(name)
        .catch((error: unknown) => this.#log.warn(`Failed sending notifies: ${textOf(error)}`))
      return undefined
    }
    return failure ?? 'no primary'
  }

  /** Settles when the time is over, or it stops; and when a NOTIFY came, unless that is not to count. */
  async #wait(delayMs: number, countsNotify = true): Promise<void> {
    if (delayMs <= 0 || this.#isStopped || (countsNotify && this.#isNotified)) return
    const wake = new AbortController()
    if (countsNotify) this.#wake = wake
    else this.#stopped.signal.addEventListener('abort', () => wake.abort(), { once: true })
    try {
      await this.#runtime.clock.sleep(delayMs, wake.signal)
    } catch {
      // Woken: the caller sees why.
    } finally {
      this.#wake = undefined
    }
  }
}

/** Serial number arithmetic (RFC 1982). */
export function isBefore(a: number, b: number): boolean {
  return a !== b && (b - a) >>> 0 <= 0x7fffffff
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
