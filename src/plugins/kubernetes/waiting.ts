// While the state of the cluster is not there: what questions, clients and people are told.
import type { SourceStatus } from '../../cluster/source.ts'
import type { Answer } from '../../dns/answer.ts'
import type { Eventual } from '../../dns/plugin.ts'

/** How the source of an index does (`ClusterState`). */
export interface StateView {
  status(): SourceStatus
  /** While a start waits for the state: settles when that is over. */
  arrival(): Promise<void> | undefined
  /** Whether it is from a snapshot. */
  isOld(): boolean
}

/** Questions that wait at one time; others are answered at once. */
const HELD_MAX = 1000

/** Questions that wait for the state, while a start does. */
export class Waiting {
  readonly #state: StateView
  #held = 0

  constructor(state: StateView) {
    this.#state = state
  }

  /** Answers later, when the state is there or the start has given up; undefined when nobody waits, or too many do. */
  hold(answer: () => Eventual<Answer>): Promise<Answer> | undefined {
    const arrival = this.#state.arrival()
    if (arrival === undefined || this.#held >= HELD_MAX) return undefined
    this.#held++
    return arrival.then(() => {
      this.#held--
      return answer()
    })
  }
}

/** What is missing or wrong, a sentence each; nothing when all is in order. */
export function statusWords({ isSynced, problems }: SourceStatus): readonly string[] {
  if (isSynced) return problems
  return ['the state of the cluster is not loaded yet', ...problems]
}

/** The same in one short text, for a client: whoever asks is not told the API server's address. */
export function unsyncedText({ reasons = [] }: SourceStatus): string {
  return ['the state of the cluster is not loaded yet', ...reasons.slice(0, 1)].join(': ')
}
