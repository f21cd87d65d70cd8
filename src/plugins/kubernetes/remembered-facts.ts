// Facts of negative answers, kept until anything changes: search lists ask for the same names that aren't there again and
// again, and working out why costs several times what the answer does (a negative answer 12 instead of 45 µs).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import type { ClusterFact } from '../../dns/facts.ts'
import type { Query } from '../../dns/query.ts'
import { HEADER_OCTETS } from '../../wire/numbers.ts'

/** About a kilobyte each. When there are more, all are forgotten. */
const FACTS_MAX = 1000

export class RememberedFacts {
  readonly #index: ClusterIndex
  /** How often a search was left out so far: what was found without it is not kept. */
  readonly #leftOut: () => number
  readonly #facts = new Map<string, ClusterFact>()
  #generation = -1
  #changes = -1
  #isComplete = false

  constructor(index: ClusterIndex, leftOut: () => number) {
    this.#index = index
    this.#leftOut = leftOut
  }

  /** What `find` says of a query for this reason, unless it is known from before. */
  of(rule: string, query: Query, find: () => ClusterFact): ClusterFact {
    const { generation, surroundings } = this.#index
    const changes = surroundings?.changes ?? 0
    const isComplete = surroundings?.isComplete === true
    const isSame =
      generation === this.#generation && changes === this.#changes && isComplete === this.#isComplete
    if (!isSame || this.#facts.size >= FACTS_MAX) {
      this.#generation = generation
      this.#changes = changes
      this.#isComplete = isComplete
      this.#facts.clear()
    }
    // As it was asked, letter case included: facts show the name so. Type and class follow it.
    const key = rule + query.wire.toString('latin1', HEADER_OCTETS, query.questionEnd)
    const known = this.#facts.get(key)
    if (known !== undefined) return known
    const before = this.#leftOut()
    const fact = find()
    if (this.#leftOut() === before) this.#facts.set(key, fact)
    return fact
  }
}
