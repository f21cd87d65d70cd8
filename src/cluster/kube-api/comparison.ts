// Compares what is held with a full list while the watch goes on, and makes up for what the watch has missed
// (kubernetes-api.md §2 "missed events without error").
//
// List and watch are never of the same moment, so a difference proves nothing at first. What the list has and the watch
// hasn't told yet is taken over at once (it is true), and noted; what the watch tells in the next seconds is struck out.
// What remains, and what is held without being listed, was missed.
import type { Clock } from '../../runtime/clock.ts'
import { ApiError } from './api-error.ts'
import type { Mirror } from './mirror.ts'
import { readList, type ReadingOptions } from './reading.ts'
import { isOlder, Versions, type Version } from './versions.ts'

export interface ComparisonOptions extends ReadingOptions {
  readonly mirror: Mirror
  readonly clock: Clock
}

export interface Comparison {
  /** Objects that the watch had wrong. */
  readonly count: number
  /** The first of them: `default/web`. */
  readonly examples: readonly string[]
}

/** How late the watch may be. */
const SETTLE_MS = 5000
/** Pages are paced so that a comparison takes a tenth of a core at most, but no longer than this each. */
const PAUSE_MS_MAX = 250
const PAUSE_SHARE = 9
const EXAMPLES_MAX = 3

/**
 * `since` is the version that the watch has reached. `restored`: the list is older, so the server's history is another
 * one. Rejects with an ApiError when it can't be listed, and the signal's reason.
 */
export async function compareWithList(
  options: ComparisonOptions,
  since: Version,
  signal: AbortSignal
): Promise<Comparison | 'restored'> {
  const { mirror, clock, turns } = options
  const { held, ahead } = mirror
  const gravesLost = mirror.gravesLost
  const listed = new Versions()
  const examples: string[] = []
  let wrong = 0
  const found = (path: string) => {
    wrong++
    if (examples.length < EXAMPLES_MAX) examples.push(path)
  }
  ahead.clear()
  let version = since
  let isOlderList = false
  let pageSince = clock.now()
  const read = await readList(options, signal, {
    version: of => {
      version = of
      isOlderList = isOlder(of, since)
      if (isOlderList) throw new OlderList()
    },
    item: raw => {
      const key = mirror.keyOf(raw)
      if (key === undefined) return
      listed.set(key.namespace, key.name, key.version)
      const known = held.get(key.namespace, key.name)
      if (known === key.version) return
      if (known === undefined ? mirror.isBuriedAfter(key, version) : isOlder(version, known)) return
      if (mirror.gravesLost !== gravesLost) return
      mirror.take(raw, key)
      const path = `${key.namespace}/${key.name}`
      // Older than what we held, and still true: no event will say so.
      if (known !== undefined && isOlder(key.version, known)) found(path)
      else ahead.set(path, key.version)
    },
    async between() {
      const pauseMs = Math.min((clock.now() - pageSince) * PAUSE_SHARE, PAUSE_MS_MAX)
      await clock.sleep(pauseMs, signal)
      pageSince = clock.now()
    }
  }).catch((error: unknown) => {
    if (error instanceof OlderList) return undefined
    throw error
  })
  if (read === undefined) return 'restored'
  await clock.sleep(SETTLE_MS, signal)
  for (const path of ahead.keys()) found(path)
  ahead.clear()
  for (const [namespace, name, known] of held.entries()) {
    if (turns.isOver) {
      await turns.next()
      signal.throwIfAborted()
    }
    if (listed.get(namespace, name) !== undefined || isOlder(version, known)) continue
    // It may be another one by now.
    if (held.get(namespace, name) !== known) continue
    mirror.drop(namespace, name)
    found(`${namespace}/${name}`)
  }
  return { count: wrong, examples }
}

class OlderList extends ApiError {
  constructor() {
    super('gone', 'the list is older than what was seen')
  }
}
