// Keeps answers and gives them again (corefile-and-plugins.md §8.8). What rests on the cluster's objects passes through: it
// is in memory anyway, and a kept copy could be old. Its TTLs are set as if it had been kept.
import type { Answer, Reason } from '../../dns/answer.ts'
import type { LiveSource } from '../../dns/live.ts'
import { copyMessage } from '../../dns/message-copier.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import { LiveUse, Query, type ListenerInfo, type TransportKind } from '../../dns/query.ts'
import { emptyAnswer, optLength } from '../../dns/response.ts'
import { ZoneTable } from '../../dns/zone.ts'
import type { Zone } from '../../corefile/zones.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { Clock } from '../../runtime/clock.ts'
import { lowerOctet } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rcode } from '../../wire/numbers.ts'
import type { AnswerStore } from './answer-store.ts'
import { CacheMeter, type EntryType } from './cache-meter.ts'
import type { CacheKind, CacheOptions } from './options.ts'
import { KEEP_TTLS, recasedMessage } from './recase.ts'
import type { Shelf } from './shelf.ts'
import { Kind, Survey } from './survey.ts'

/** The AD bit in the fourth octet of a message. */
const AD_OCTET = 3

const KEPT: Reason = {
  plugin: 'cache',
  rule: 'kept',
  explain: () => ({ plugin: 'cache', rule: 'kept' })
}

/** Says by its identity that the plugin before it had no answer. */
const nobody: Handler = {
  answer: query => {
    const answer = emptyAnswer(query, Rcode.REFUSED)
    answer.reason = NOBODY
    return answer
  }
}
const NOBODY: Reason = { plugin: 'cache', rule: 'nobody', explain: query => KEPT.explain(query) }

/** What a cache works with. */
export interface CacheParts {
  readonly store: AnswerStore
  /** The block's plugin that answers from live state, asked again before what stands in for it is given. */
  readonly live: LiveSource | undefined
}

/** An entry that was chosen for a query. */
interface Chosen {
  entry: number
  type: EntryType
  /** Seconds left. */
  left: number
}

export class Cache implements Plugin {
  readonly name = 'cache'
  readonly #options: CacheOptions
  readonly #clock: Clock
  readonly #metrics: Metrics
  readonly #zonesLabel: string
  /** Undefined where every name is the cache's business. */
  readonly #zones: ZoneTable<true> | undefined
  readonly #successDisabled: ZoneTable<true>
  readonly #denialDisabled: ZoneTable<true>
  readonly #survey = new Survey()
  readonly #makeParts: () => CacheParts
  #parts: CacheParts | undefined
  readonly #meters = new Map<string, CacheMeter>()
  #lastListener: ListenerInfo | undefined
  #lastMeter: CacheMeter | undefined
  /** What `#choose` found last. */
  readonly #chosen: Chosen = { entry: -1, type: 'success', left: 0 }
  readonly #evictionsTold = { success: 0, denial: 0 }
  readonly #wallMs: () => number

  /** `makeParts` is called once, before the first query is looked up. */
  constructor(options: CacheOptions, clock: Clock, metrics: Metrics, makeParts: () => CacheParts) {
    this.#options = options
    this.#clock = clock
    this.#metrics = metrics
    this.#makeParts = makeParts
    this.#zonesLabel = options.zones.map(({ zone }) => zone).join(',')
    const isAll = options.zones.some(({ name }) => name?.length === 1)
    this.#zones = isAll ? undefined : tableOf(options.zones)
    this.#successDisabled = tableOf(options.success.disabled)
    this.#denialDisabled = tableOf(options.denial.disabled)
    this.#wallMs = () => clock.wallMs()
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    if (
      this.#zones?.find(query.wire, HEADER_OCTETS, query.nameEnd) === undefined &&
      this.#zones !== undefined
    )
      return next.answer(query)
    const { store, live } = this.#opened
    if (live?.owns(query) === true) return this.#pass(query, next)
    const now = store.ticks(query.receivedAt === 0 ? this.#clock.now() : query.receivedAt)
    const meter = this.#meterOf(query.listener)
    const hash = store.hash(query)
    meter.request()
    const chosen = this.#choose(query, hash, now)
    if (chosen.entry < 0) {
      meter.miss()
      return this.#ask(query, next, hash, meter)
    }
    if (live !== undefined && store.hasPassed(chosen.entry)) {
      const answer = live.answer(query, nobody)
      if (answer instanceof Promise || answer.reason !== NOBODY) {
        meter.miss()
        return whenReady(answer, value => this.#learn(query, value, hash, meter, wantsAd(query)))
      }
    }
    meter.hit(chosen.type)
    if (query.trace !== undefined) this.#tell(query, chosen)
    if (chosen.left <= 0) return this.#answerStale(query, next, hash, chosen.entry, now, meter)
    const { entry, left } = chosen
    this.#prefetch(query, next, hash, entry, left, now, meter)
    return this.#kept(store.answer(entry, query, this.#options.keepTtl ? store.lifetime(entry) : left))
  }

  /** Asks for what is never kept. */
  #pass(query: Query, next: Handler): Eventual<Answer> {
    const meter = this.#meterOf(query.listener)
    meter.request()
    meter.miss()
    query.liveUse = LiveUse.ANSWERED
    const answer = next.answer(query)
    return whenReady(answer, value =>
      this.#asKept(query, this.#learn(query, value, 0, meter, wantsAd(query)))
    )
  }

  /** An answer that was looked at just now, in the letters that it would have if it had been kept. */
  #asKept(query: Query, answer: Answer): Answer {
    if (answer.byServer || answer.dropped || !hasCapitals(query)) return answer
    if (this.#lifetime(this.#survey) > 0 && this.#wouldKeep(query, answer, this.#survey))
      inSmallLetters(query, answer)
    return answer
  }

  /** Takes the store over that the configuration before may have left. */
  open(): void {
    this.#parts ??= this.#makeParts()
  }

  /** Opened when it is first needed, at the latest. */
  get #opened(): CacheParts {
    return (this.#parts ??= this.#makeParts())
  }

  /**
   * What may be given for a query: a live answer, before a live denial, before a stale answer, before a live failure. With
   * `serve_stale_policy prefer_positive` a stale answer stands before a denial too.
   */
  #choose(query: Query, hash: number, now: number): Chosen {
    const { store } = this.#opened
    const chosen = this.#chosen
    const { staleMs, preferPositive } = this.#options
    const success = store.find(store.success, query, hash)
    const successLeft = success < 0 ? 0 : store.left(success, now)
    chosen.type = 'success'
    chosen.entry = success
    chosen.left = successLeft
    if (successLeft > 0) return chosen
    const isStale = success >= 0 && staleMs !== undefined && -successLeft * 1000 < staleMs
    if (isStale && preferPositive && store.answersQuestion(success)) return chosen
    const denial = store.find(store.denial, query, hash)
    const denialLeft = denial < 0 ? 0 : store.left(denial, now)
    if (isStale && (denialLeft <= 0 || store.isFailure(denial))) return chosen
    chosen.type = 'denial'
    chosen.entry = denialLeft > 0 ? denial : -1
    chosen.left = denialLeft
    return chosen
  }

  /** The query goes down with AD set, so that validating upstreams say whether the data is authentic; it comes back as it was. */
  #ask(query: Query, next: Handler, hash: number, meter: CacheMeter): Eventual<Answer> {
    const { wire } = query
    const wanted = wantsAd(query)
    const before = wire[AD_OCTET] as number
    wire[AD_OCTET] = before | Flag.AD
    let answer: Eventual<Answer>
    try {
      answer = next.answer(query)
    } catch (error) {
      wire[AD_OCTET] = before
      throw error
    }
    if (!(answer instanceof Promise)) {
      wire[AD_OCTET] = before
      return this.#learn(query, answer, hash, meter, wanted)
    }
    return answer.then(
      value => {
        wire[AD_OCTET] = before
        return this.#learn(query, value, hash, meter, wanted)
      },
      (error: unknown) => {
        wire[AD_OCTET] = before
        throw error
      }
    )
  }

  /** Keeps an answer if it may be kept, and gives its records the TTL that it would be kept with. */
  #learn(query: Query, answer: Answer, hash: number, meter: CacheMeter, wanted: boolean): Answer {
    // What the server says by itself nobody wrote: it isn't looked at.
    if (answer.byServer || answer.dropped) return answer
    const survey = this.#survey
    survey.read(query, answer, this.#wallMs)
    const lifetime = this.#lifetime(survey)
    if (lifetime > 0 && this.#mayKeep(query, answer, survey)) this.#keep(query, answer, hash, lifetime, meter)
    survey.setTtls(answer.octets, lifetime)
    if (!wanted) answer.flags &= ~Flag.AD
    // What an upstream says in its OPT goes no further, the first time as later.
    if (answer.opt?.isOwn !== true) answer.opt = undefined
    if (answer.more !== undefined) answer.more = this.#withTtls(query, answer.more, lifetime)
    this.#showEntries(meter)
    return answer
  }

  /** The messages of a transfer, with the TTL that the first one got. */
  *#withTtls(query: Query, answers: Iterable<Answer>, lifetime: number): Iterable<Answer> {
    for (const answer of answers) {
      this.#survey.read(query, answer, this.#wallMs)
      this.#survey.setTtls(answer.octets, lifetime)
      yield answer
    }
  }

  /** Seconds. */
  #lifetime({ kind, ttl }: Survey): number {
    const { success, denial, servfailMs } = this.#options
    if (kind === Kind.FAILURE) return Math.floor(servfailMs / 1000)
    return clamp(ttl, kind === Kind.DENIAL ? denial : success)
  }

  /** What live state had a part in could be old soon; what *acl* let through for one client is not for others. */
  #mayKeep(query: Query, answer: Answer, survey: Survey): boolean {
    if (query.liveUse === LiveUse.ANSWERED || query.restsOnJudged) return false
    return this.#wouldKeep(query, answer, survey)
  }

  /** Whether CoreDNS would keep an answer. */
  #wouldKeep(query: Query, answer: Answer, { kind, answers }: Survey): boolean {
    if (kind === Kind.OTHER) return false
    if ((answer.flags & Flag.TC) !== 0 || answer.more !== undefined) return false
    // A chain of CNAMEs that ends nowhere.
    if (kind === Kind.SUCCESS && !answers && answer.answerCount > 0) return false
    const disabled = kind === Kind.SUCCESS ? this.#successDisabled : this.#denialDisabled
    return disabled.size === 0 || disabled.find(query.wire, HEADER_OCTETS, query.nameEnd) === undefined
  }

  #keep(query: Query, answer: Answer, hash: number, lifetime: number, meter: CacheMeter): void {
    const { store } = this.#opened
    const survey = this.#survey
    const now = store.ticks(this.#clock.now())
    const shelf = survey.kind === Kind.SUCCESS ? store.success : store.denial
    if (this.#isOutranked(query, hash, survey, now)) return
    if (!store.add(shelf, query, hash, answer, survey, lifetime, now)) return
    // Answers and denials take each other's place; a failure takes nobody's.
    if (survey.kind === Kind.SUCCESS) store.denial.remove(hash)
    else if (survey.kind === Kind.DENIAL && !this.#options.preferPositive) store.success.remove(hash)
    this.#showEvictions(meter, 'success', store.success)
    this.#showEvictions(meter, 'denial', store.denial)
  }

  /** Whether something better is there already: a live denial before a failure, a preferred answer before none. */
  #isOutranked(query: Query, hash: number, survey: Survey, now: number): boolean {
    const { store } = this.#opened
    if (survey.kind === Kind.FAILURE) {
      const denial = store.find(store.denial, query, hash)
      return denial >= 0 && !store.isFailure(denial) && store.left(denial, now) > 0
    }
    if (survey.kind !== Kind.SUCCESS || survey.answers || !this.#options.preferPositive) return false
    const success = store.find(store.success, query, hash)
    return success >= 0 && store.answersQuestion(success)
  }

  #showEvictions(meter: CacheMeter, type: EntryType, shelf: Shelf): void {
    const told = this.#evictionsTold
    meter.evicted(type, shelf.evicted - told[type])
    told[type] = shelf.evicted
  }

  #showEntries(meter: CacheMeter): void {
    const { store } = this.#opened
    meter.entries(store.success.size, store.denial.size)
  }

  /** A stale answer, before or after the upstream was asked. */
  #answerStale(
    query: Query,
    next: Handler,
    hash: number,
    entry: number,
    now: number,
    meter: CacheMeter
  ): Eventual<Answer> {
    const { store } = this.#opened
    const { staleVerify, staleVerifyMs, staleTtlSeconds } = this.#options
    store.touch(entry, now)
    // Made before anybody is waited for: the entry may be gone then.
    const stale = this.#kept(store.answer(entry, query, staleTtlSeconds))
    const giveStale = (): Answer => {
      meter.servedStale()
      return stale
    }
    if (!staleVerify) {
      if (store.mayRefresh(entry, now)) this.#refresh(query, next, hash, entry, meter)
      return giveStale()
    }
    if (!store.mayRefresh(entry, now)) return giveStale()
    const inner = backgroundQuery(query, query.transport)
    const asked = this.#tryAsk(inner, next, hash, meter)
    const choose = (answer: Answer | undefined): Answer => {
      if (answer !== undefined && this.#isUsable(inner, answer)) {
        if (!wantsAd(query)) answer.flags &= ~Flag.AD
        return answer
      }
      return giveStale()
    }
    if (!(asked instanceof Promise)) return choose(asked)
    if (staleVerifyMs === 0) return asked.then(choose)
    return this.#within(staleVerifyMs, asked).then(choose)
  }

  /** The value, or `undefined` when it takes longer. */
  #within<T>(limitMs: number, promise: Promise<T>): Promise<T | undefined> {
    return new Promise(resolve => {
      const timer = this.#clock.after(limitMs, () => resolve(undefined))
      void promise.then(value => {
        timer.cancel()
        resolve(value)
      })
    })
  }

  /** Whether the upstream's answer goes before a stale one. */
  #isUsable(query: Query, answer: Answer): boolean {
    if (answer.byServer || answer.dropped || (answer.flags & Flag.TC) !== 0) return false
    if (answer.rcode !== Rcode.NOERROR && answer.rcode !== Rcode.NXDOMAIN) return false
    if (!this.#options.preferPositive) return true
    this.#survey.read(query, answer, this.#wallMs)
    return this.#survey.kind === Kind.SUCCESS && this.#survey.answers
  }

  /** Refreshes an entry that is asked for often and has little time left. */
  #prefetch(
    query: Query,
    next: Handler,
    hash: number,
    entry: number,
    left: number,
    now: number,
    meter: CacheMeter
  ): void {
    const { store } = this.#opened
    const { prefetchAmount, prefetchMs, prefetchPercent } = this.#options
    if (prefetchAmount === 0) {
      store.touch(entry, now)
      return
    }
    store.hit(entry, now, prefetchMs)
    if (store.hits(entry) < prefetchAmount) return
    if (left > Math.ceil((prefetchPercent / 100) * store.lifetime(entry))) return
    if (store.mayRefresh(entry, now)) this.#refresh(query, next, hash, entry, meter)
  }

  /** Asks again in the background, over TCP so that nothing is cut, and keeps what comes. */
  #refresh(query: Query, next: Handler, hash: number, entry: number, meter: CacheMeter): void {
    const { store } = this.#opened
    const hits = store.hits(entry)
    store.refreshes(entry)
    meter.prefetch()
    const inner = backgroundQuery(query, 'tcp')
    void whenReady(this.#tryAsk(inner, next, hash, meter), () => {
      const success = store.find(store.success, inner, hash)
      if (success >= 0) store.setHits(success, hits)
    })
  }

  /**
   * Asks on behalf of an entry; `undefined` when a plugin failed. An entry that is still the old one afterwards isn't
   * refreshed again before its time.
   */
  #tryAsk(inner: Query, next: Handler, hash: number, meter: CacheMeter): Eventual<Answer | undefined> {
    const { store } = this.#opened
    const settle = (answer: Answer | undefined): Answer | undefined => {
      if (answer !== undefined) this.#learn(inner, answer, hash, meter, true)
      const now = store.ticks(this.#clock.now())
      for (const shelf of [store.success, store.denial]) {
        const entry = store.find(shelf, inner, hash)
        if (entry >= 0) store.refreshFailed(entry, now, this.#recheckMs(entry, now))
      }
      return answer
    }
    let asked: Eventual<Answer>
    try {
      asked = next.answer(inner)
    } catch {
      return settle(undefined)
    }
    if (!(asked instanceof Promise)) return settle(asked)
    return asked.then(settle, () => settle(undefined))
  }

  /** An entry with time left was refreshed, or needs no refresh yet. */
  #recheckMs(entry: number, now: number): number {
    return this.#opened.store.left(entry, now) > 0 ? 0 : this.#options.staleRecheckMs
  }

  #tell(query: Query, { entry, left }: Chosen): void {
    const ageSeconds = this.#opened.store.lifetime(entry) - left
    query.trace?.note(query, () => ({ plugin: 'cache', rule: 'kept', ageSeconds, leftSeconds: left }))
  }

  #kept(answer: Answer): Answer {
    answer.reason = KEPT
    return answer
  }

  #meterOf(listener: ListenerInfo): CacheMeter {
    if (listener === this.#lastListener && this.#lastMeter !== undefined) return this.#lastMeter
    let meter = this.#meters.get(listener.label)
    if (meter === undefined) {
      meter = new CacheMeter(this.#metrics, listener.label, this.#zonesLabel)
      this.#meters.set(listener.label, meter)
    }
    this.#lastListener = listener
    this.#lastMeter = meter
    return meter
  }
}

const wantsAd = (query: Query): boolean => query.dnssecOk || (query.flags & Flag.AD) !== 0

function clamp(ttl: number, { ttlMin, ttlMax }: CacheKind): number {
  return Math.min(Math.max(ttl, ttlMin), ttlMax)
}

function tableOf(zones: readonly Zone[]): ZoneTable<true> {
  return new ZoneTable(zones.flatMap(({ name }) => (name === undefined ? [] : [[name, true] as const])))
}

/** The same question from the same client, in octets of its own, with AD set. */
function backgroundQuery(query: Query, transport: TransportKind): Query {
  const { nameEnd, optAt, peer, listener, depth } = query
  const wire = Buffer.from(query.wire)
  wire[AD_OCTET] = (wire[AD_OCTET] as number) | Flag.AD
  return new Query(wire, nameEnd, optAt, transport, peer, listener, depth)
}

function hasCapitals(query: Query): boolean {
  const { wire, nameEnd } = query
  for (let at = HEADER_OCTETS; at < nameEnd; at++) {
    if (lowerOctet[wire[at] as number] !== wire[at]) return true
  }
  return false
}

/**
 * Gives the records the letters that a kept answer would have, which are those of who asked first: small ones, nearly
 * always. Names that point into the question change with it, and then the question gets the client's letters again.
 */
function inSmallLetters(query: Query, answer: Answer): void {
  const { octets, length } = answer
  for (let at = HEADER_OCTETS; at < query.nameEnd; at++)
    octets[at] = lowerOctet[octets[at] as number] as number
  const recased = recasedMessage(octets, length, query.wire, query.nameEnd, KEEP_TTLS, optLength(query))
  if (recased !== undefined) {
    answer.octets = recased.octets
    answer.length = recased.length
    return
  }
  const copy = copyMessage(octets.subarray(0, length), query.name)
  if (copy.overflowed) answer.flags |= Flag.TC
  answer.octets = copy.octets
  answer.length = copy.length
}
