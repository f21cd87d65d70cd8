// Keeps the mirror of one resource equal to the API server: lists, watches, and survives what happens to both
// (kubernetes-api.md §1, §2, §4.2).
//
// One loop: while there is a reason to list, list; else watch from the last version. What goes wrong comes as an error,
// `#recover` decides what it means and how long to wait. What is in service stays there all the time: a list replaces it
// object by object, and takes away at its end what it did not have.
import type { Clock } from '../../runtime/clock.ts'
import type { Random } from '../../runtime/random.ts'
import { ApiError } from './api-error.ts'
import { Backoff } from './backoff.ts'
import { compareWithList, type Comparison } from './comparison.ts'
import { metadataOf, type ListRun, type Mirror } from './mirror.ts'
import type { ApiObserver, EventType, ListReason } from './observer.ts'
import { readList, readWatch, type ReadingOptions } from './reading.ts'
import type { ResourceName } from './resources.ts'
import { isOlder, versionOf, type Version } from './versions.ts'

export interface ReflectorOptions extends ReadingOptions {
  readonly name: ResourceName
  readonly mirror: Mirror
  readonly observer: ApiObserver
  readonly clock: Clock
  readonly random: Random
  /** Between two comparisons with a full list, at most; 0: never. */
  readonly consistencyMs: number
  /** How everything is read: page by page, or as the initial events of a watch. The other is what it falls back to. */
  readonly initial: ListWay
  /** Something that `state` says is different now. */
  readonly onState: () => void
  /** A comparison found what the watch had missed. */
  readonly onRepair: (found: Comparison) => void
  /** The server answered after it had not. */
  readonly onReachable: () => void
  /** Everything was told, from a list that began at `since`. */
  readonly onListed: (reason: ListReason, since: number) => void
}

/** Page by page, as the initial events of a watch, or all in one answer. */
export type ListWay = 'pages' | 'stream' | 'whole'

export interface ReflectorState {
  /** Whether everything was told once. */
  readonly isListed: boolean
  /** What is wrong; undefined: nothing. */
  readonly problem: ApiError | undefined
  /** Since when, in milliseconds of the clock. */
  readonly problemSince: number | undefined
  /** Objects of a list that is under way, and since when. */
  readonly listing: { readonly since: number; readonly count: number } | undefined
  /** When the server last confirmed the state. */
  readonly confirmedAt: number | undefined
}

/** A watch is asked to end after this, and as much again at most: 570 s and 30 s of grace are ten minutes. */
const WATCH_SECONDS_LEAST = 300
const WATCH_SECONDS_SPREAD = 271
/** A watch that ends sooner and without an event has failed; one that lasts is well. */
const SHORT_WATCH_MS = 1000
/** A version that a watch cannot be had from so many times in a row is given up. */
const BAD_WATCHES_MAX = 3
/** How long an older list is waited with before it is asked for again, and believed. */
const LOWER_WAIT_MS = 1000
/** Lists whose version was forgotten before their end, before another way is tried. */
const FORGOTTEN_LISTS_MAX = 2
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/** How long initial events may pause before their end, and how often that is looked at. */
const STREAM_SILENT_MS = 30_000
const STREAM_CHECK_MS = 5000

interface Listing {
  readonly since: number
  readonly reason: ListReason
  readonly run: ListRun
  isWhole: boolean
}

/** The work is interrupted on purpose: there is something else to do first. */
class Interruption extends Error {}

export class Reflector {
  readonly #options: ReflectorOptions
  readonly #mirror: Mirror
  readonly #backoff: Backoff
  #closed = false
  #running: Promise<void> | undefined
  /** Ends what is under way: a list, a watch, or a wait. */
  #current = new AbortController()
  #isWaiting = false
  /** Why to list next. */
  #due: ListReason | undefined = 'start'
  /** Where the watch goes on. */
  #version: Version | undefined
  #way: ListWay
  #isStreamRefused = false
  #forgottenLists = 0
  /** An older list was seen once. */
  #sawLower = false
  #badWatches = 0
  #goneInRow = 0
  #listMs = 0
  #isListed = false
  #listing: Listing | undefined
  #problem: ApiError | undefined
  #problemSince: number | undefined
  #confirmedAt: number | undefined
  #comparing: AbortController | undefined
  #comparisonTimer: { cancel(): void } | undefined

  constructor(options: ReflectorOptions) {
    this.#options = options
    this.#mirror = options.mirror
    this.#way = options.initial
    this.#backoff = new Backoff(options.clock, options.random)
  }

  get state(): ReflectorState {
    const listing = this.#listing
    return {
      isListed: this.#isListed,
      problem: this.#problem,
      problemSince: this.#problemSince,
      listing: listing === undefined ? undefined : { since: listing.since, count: listing.run.count },
      confirmedAt: this.#confirmedAt
    }
  }

  start(): void {
    this.#running ??= this.#run()
    this.#scheduleComparison()
  }

  /** Lists as soon as it can. */
  relist(reason: ListReason): void {
    this.#due = reason
    this.#current.abort(new Interruption())
  }

  /** Tries again now, if it waits for a server that could not be reached. */
  poke(): void {
    if (this.#isWaiting && isUnreachable(this.#problem)) this.#current.abort(new Interruption())
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#comparisonTimer?.cancel()
    this.#comparing?.abort(new Interruption())
    this.#current.abort(new Interruption())
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      this.#current = new AbortController()
      try {
        const reason = this.#due
        if (reason !== undefined) await this.#list(reason)
        else if (this.#version !== undefined) await this.#watch(this.#version)
      } catch (error) {
        if (!(error instanceof Interruption)) await this.#recover(error)
      }
    }
  }

  async #list(reason: ListReason): Promise<void> {
    const { clock } = this.#options
    this.#comparing?.abort(new Interruption())
    this.#due = undefined
    const run = this.#mirror.begin()
    const listing: Listing = { since: clock.now(), reason, run, isWhole: false }
    this.#listing = listing
    try {
      if (this.#way === 'stream') await this.#listByWatch(listing)
      else {
        const limit = this.#way === 'whole' ? 0 : undefined
        const reader = {
          version: (version: Version) => this.#judge(version, run),
          item: (raw: unknown) => this.#mirror.list(raw, run)
        }
        const version = await readList(this.#options, this.#current.signal, reader, limit)
        await this.#complete(listing, version)
      }
    } catch (error) {
      if (!listing.isWhole) this.#due ??= reason
      throw error
    } finally {
      if (!listing.isWhole) this.#listMs = clock.now() - listing.since
      this.#listing = undefined
    }
  }

  /** The same through a watch that begins with everything there is, and goes on as a watch. */
  async #listByWatch(listing: Listing): Promise<void> {
    const { clock, client, name } = this.#options
    const silent = new ApiError(
      'invalid',
      `${client.server} does not say when its initial events of ${name} are over`
    )
    const since = clock.now()
    const guard = clock.every(STREAM_CHECK_MS, () => {
      const heardAt = Math.max(this.#confirmedAt ?? since, since)
      if (!listing.isWhole && clock.now() - heardAt >= STREAM_SILENT_MS) this.#current.abort(silent)
    })
    let completing: Promise<void> | undefined
    try {
      await this.#watchFrom(
        { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' },
        (type, object) => {
          if (listing.isWhole) return true
          // Sorted by name: none of these versions is one to go on from (§4.2 row 9).
          if (type === 'ADDED' || type === 'MODIFIED') this.#mirror.list(object, listing.run)
          if (type !== 'BOOKMARK') return false
          const { annotations, resourceVersion } = metadataOf(object)
          const version = versionOf(resourceVersion)
          if (version === undefined || !isEndMark(annotations)) return false
          this.#judge(version, listing.run)
          completing = this.#complete(listing, version)
          return false
        }
      )
    } finally {
      guard.cancel()
      await completing
    }
    if (!listing.isWhole) {
      throw new ApiError(
        'closed',
        `${client.server} ended the initial events of ${name} before they were over`
      )
    }
  }

  /** Everything was read, as of `version`. */
  async #complete(listing: Listing, version: Version): Promise<void> {
    const { clock, observer, name, turns, onListed, onState } = this.#options
    listing.isWhole = true
    this.#version = version
    this.#sawLower = false
    this.#forgottenLists = 0
    this.#badWatches = 0
    await this.#mirror.sweep(listing.run, turns)
    this.#listMs = clock.now() - listing.since
    this.#listing = undefined
    this.#confirmedAt = clock.now()
    this.#isListed = true
    observer.relisted(name, listing.run.isForced ? 'restored' : listing.reason)
    this.#isWell()
    onListed(listing.reason, listing.since)
    onState()
  }

  /** Whether a list of this version can be taken over. A lower one is asked for twice: it may be a cache's that lags. */
  #judge(version: Version, run: ListRun): void {
    if (this.#version === undefined || !isOlder(version, this.#version)) return
    if (!this.#sawLower) {
      this.#sawLower = true
      throw new ApiError(
        'gone',
        `${this.#options.client.server} lists ${this.#options.name} of an older version (${version}) than we have seen (${this.#version})`,
        0,
        LOWER_WAIT_MS
      )
    }
    // A restored etcd: its history is another one, though versions may look the same (§4.2 row 11).
    run.isForced = true
  }

  async #watch(version: Version): Promise<void> {
    await this.#watchFrom({ resourceVersion: String(version) }, () => true)
  }

  /** `isMine` says of an event whether it is an ordinary one. */
  async #watchFrom(
    query: Readonly<Record<string, string>>,
    isOrdinary: (type: EventType, object: unknown) => boolean
  ): Promise<void> {
    const { clock, random, observer, name } = this.#options
    const timeoutSeconds = WATCH_SECONDS_LEAST + random.integer(WATCH_SECONDS_SPREAD)
    let events = 0
    let openedAt = clock.now()
    let settled: { cancel(): void } | undefined
    try {
      await readWatch(this.#options, query, timeoutSeconds, this.#current.signal, {
        opened: () => {
          openedAt = clock.now()
          if (query['resourceVersion'] !== undefined)
            settled = clock.after(SHORT_WATCH_MS, () => this.#isWatching())
        },
        event: (type, object) => {
          observer.event(name, type)
          this.#confirmedAt = clock.now()
          if (type === 'ERROR') return
          events++
          if (isOrdinary(type, object)) this.#apply(type, object)
        },
        unknown: () => observer.ignored(name, 'odd')
      })
    } finally {
      settled?.cancel()
    }
    if (events > 0 || clock.now() - openedAt >= SHORT_WATCH_MS) return
    throw new ApiError('closed', `${this.#options.client.server} ended a watch of ${name} at once`)
  }

  #apply(type: EventType, object: unknown): void {
    this.#isWatching()
    if (type !== 'BOOKMARK') {
      const version = this.#mirror.event(type, object)
      if (version !== undefined) this.#version = version
      return
    }
    const version = versionOf(metadataOf(object)['resourceVersion'])
    if (version === undefined) this.#options.observer.ignored(this.#options.name, 'odd')
    else this.#version = version
  }

  #isWatching(): void {
    this.#goneInRow = 0
    this.#badWatches = 0
    this.#confirmedAt = this.#options.clock.now()
    this.#isWell()
  }

  #isWell(): void {
    const wasAway = isUnreachable(this.#problem)
    this.#backoff.succeeded()
    if (this.#problem === undefined) return
    this.#problem = undefined
    this.#problemSince = undefined
    this.#options.onState()
    if (wasAway) this.#options.onReachable()
  }

  /** Decides what a failure means, and waits as long as it takes. */
  async #recover(thrown: unknown): Promise<void> {
    const { observer, name, client } = this.#options
    const error =
      thrown instanceof ApiError
        ? thrown
        : new ApiError(
            'invalid',
            `${client.server}: ${thrown instanceof Error ? thrown.message : String(thrown)}`
          )
    observer.requestFailed(name, error.kind)
    const isListing = this.#due !== undefined
    let workMs = isListing ? this.#listMs : 0
    if (error.kind === 'gone' && !isListing) {
      // An ordinary path: the server was restarted. Only again and again is it a failure.
      this.#due = 'gone'
      this.#goneInRow++
      if (this.#goneInRow === 1) return
      workMs = this.#listMs
    } else if (isListing) this.#changeWay(error)
    else if (isBadWatch(error) && ++this.#badWatches >= BAD_WATCHES_MAX) {
      this.#badWatches = 0
      this.#due = 'watch-failed'
    }
    this.#fail(error)
    const least = error.retryAfterMs ?? 0
    await this.#wait(this.#backoff.failed(least, workMs))
  }

  /** Another way to list, where the one that failed won't do. */
  #changeWay({ kind, status }: ApiError): void {
    if (this.#way === 'stream') {
      if (kind !== 'invalid') return
      // A server without streaming lists; it will not learn (§1).
      this.#isStreamRefused = true
      this.#way = 'pages'
    } else if (this.#way === 'whole') this.#way = 'pages'
    else if (kind === 'gone' && status === 410) {
      // What is forgotten between two pages is not within one answer.
      if (++this.#forgottenLists < FORGOTTEN_LISTS_MAX) return
      this.#forgottenLists = 0
      this.#way = this.#isStreamRefused ? 'whole' : 'stream'
    }
  }

  #fail(error: ApiError): void {
    const isNew = this.#problem?.message !== error.message
    this.#problemSince ??= this.#options.clock.now()
    this.#problem = error
    if (isNew) this.#options.onState()
  }

  async #wait(ms: number): Promise<void> {
    const { signal } = this.#current
    if (signal.aborted) return
    this.#isWaiting = true
    try {
      await this.#options.clock.sleep(ms, signal)
    } catch {
      // There is something to do.
    } finally {
      this.#isWaiting = false
    }
  }

  #scheduleComparison(): void {
    const { consistencyMs, clock, random } = this.#options
    if (consistencyMs <= 0 || this.#closed) return
    // Never later than was asked for, and not all resources and replicas at once.
    const delayMs = consistencyMs * (0.8 + random.integer(200) / 1000)
    this.#comparisonTimer = clock.after(
      delayMs,
      () => void this.#compare().finally(() => this.#scheduleComparison())
    )
  }

  /** Compares what is held with a full list, beside the watch. */
  async #compare(): Promise<void> {
    const { observer, name, onRepair } = this.#options
    if (this.#version === undefined || this.#listing !== undefined || this.#closed) return
    if (this.#problem !== undefined) {
      // There is no watch to compare with, but whoever may list learns something at least.
      if (this.#problem.kind === 'forbidden') this.relist('consistency')
      return
    }
    const comparing = new AbortController()
    this.#comparing = comparing
    try {
      const found = await compareWithList(this.#options, this.#version, comparing.signal)
      if (found === 'restored') {
        this.relist('restored')
        return
      }
      this.#confirmedAt = this.#options.clock.now()
      observer.relisted(name, 'consistency')
      if (found.count === 0) return
      observer.repaired(name, found.count)
      onRepair(found)
    } catch (error) {
      // The watch is well, or says itself what is wrong; the next comparison comes.
      if (error instanceof ApiError) observer.requestFailed(name, error.kind)
    } finally {
      if (this.#comparing === comparing) this.#comparing = undefined
    }
  }
}

function isEndMark(annotations: unknown): boolean {
  return (
    typeof annotations === 'object' &&
    annotations !== null &&
    (annotations as Record<string, unknown>)[INITIAL_EVENTS_END] === 'true'
  )
}

/** A watch that failed for a reason that may lie in its version (§4.2 rows 2 and 18). */
function isBadWatch({ kind, status }: ApiError): boolean {
  return (
    kind === 'too-large-version' ||
    kind === 'invalid' ||
    kind === 'not-json' ||
    kind === 'too-large' ||
    (kind === 'http' && status >= 500)
  )
}

function isUnreachable(problem: ApiError | undefined): boolean {
  const kind = problem?.kind
  return kind === 'dial' || kind === 'closed' || kind === 'silent' || kind === 'tls'
}
