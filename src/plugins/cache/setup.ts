// The `cache` directive: from words to a cache, and to the room that all caches of the process share.
import { Hasher } from '../../cluster/index/hash.ts'
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import type { FamilySpec } from '../../metrics/family.ts'
import { isLiveSource } from '../../dns/live.ts'
import { metricsOf, type Metrics } from '../../metrics/metrics.ts'
import { clientRules } from '../client-rules.ts'
import type { PluginDefinition, SetupContext, Shared } from '../definition.ts'
import { AnswerStore } from './answer-store.ts'
import { Arena } from './arena.ts'
import { Cache } from './cache.ts'
import { OCTETS, OCTETS_MAX } from './cache-meter.ts'
import { effectiveCapacity, OCTETS_MAX_DEFAULT, readCache, type CacheOptions } from './options.ts'

export const cachePlugin: PluginDefinition = {
  name: 'cache',
  setup(c, context) {
    const options = readCache(c, context.keys)
    const bound = boundOf(context)
    bound.limit(c, options)
    const cache = new Cache(options, context.runtime.clock, metricsOf(context), () => {
      const live = context.plugin('kubernetes')
      return {
        store: storeOf(context, options, bound.arena()),
        live: isLiveSource(live) ? live : undefined
      }
    })
    // Opened by then, it is the one of the configuration before where that is to be handed on.
    context.onStartup(() => cache.open())
    showOctets(context, bound)
    return cache
  }
}

/**
 * The store of this block: while no word of the block changes, and no rule about clients anywhere, it goes from one
 * configuration to the next. Answers may rest on lookups in other blocks.
 */
function storeOf(context: SetupContext, options: CacheOptions, arena: Arena): AnswerStore {
  return context.keep(
    `cache ${arena.octetsMax} ${context.fingerprint()} ${clientRules(context)}`,
    () =>
      new AnswerStore(arena, new Hasher(context.runtime.random), {
        successMax: effectiveCapacity(options.success.capacity),
        denialMax: effectiveCapacity(options.denial.capacity)
      }),
    store => store.close()
  )
}

/** The bound on octets, which is one for all stanzas of a configuration. */
class Bound {
  #octets = OCTETS_MAX_DEFAULT
  #word: Token | undefined
  #arena: Arena | undefined
  readonly #shared: Shared

  constructor(shared: Shared) {
    this.#shared = shared
  }

  /** Takes a stanza's `max_octets`. Throws when another stanza says something else. */
  limit(c: Dispenser, { octetsMax }: CacheOptions): void {
    if (octetsMax === undefined) return
    const { octets, word } = octetsMax
    if (this.#word !== undefined && octets !== this.#octets) {
      const { file, line } = this.#word.at
      throw c.bareErr(
        `max_octets is one bound for all caches: ${word.text} here, ${this.#word.text} in ${file}:${line}`,
        'say it once, or the same everywhere',
        word
      )
    }
    this.#octets = octets
    this.#word = word
  }

  /** The room for all answers. To be asked for once all stanzas are read. */
  arena(): Arena {
    const arena = (this.#arena ??= this.#shared.keep(
      `cache arena ${this.#octets}`,
      () => new Arena(this.#octets)
    ))
    return arena
  }
}

const boundOf = (shared: Shared): Bound => shared.once('cache bound', () => new Bound(shared))

/** Shows what the caches of the configuration that serves take. */
function showOctets(context: SetupContext, bound: Bound): void {
  const shown = context.keep(
    'cache gauges',
    () => new OctetGauges(metricsOf(context)),
    gauges => gauges.remove()
  )
  context.onServing(() => (shown.arena = bound.arena()))
}

class OctetGauges {
  arena: Arena | undefined
  readonly remove: () => void

  constructor(metrics: Metrics) {
    const add = (spec: FamilySpec, value: (arena: Arena) => number): (() => void) =>
      metrics.addCollector(() => {
        const samples =
          this.arena === undefined ? [] : [{ suffix: '' as const, labels: {}, value: value(this.arena) }]
        return { name: spec.name, help: spec.help, type: 'gauge', samples }
      })
    const removes = [add(OCTETS, arena => arena.octetsUsed), add(OCTETS_MAX, arena => arena.octetsMax)]
    this.remove = () => {
      for (const remove of removes) remove()
    }
  }
}
