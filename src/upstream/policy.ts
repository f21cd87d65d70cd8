// In which order the upstreams of one line are asked.
import type { Random } from '../runtime/random.ts'

export type PolicyName = 'random' | 'round_robin' | 'sequential'

/** Gives the order for one query; what it returns must not be changed. */
export type Policy<T> = (upstreams: readonly T[]) => readonly T[]

/** A policy with its own state, if it has any. */
export function makePolicy<T>(name: PolicyName, random: Random): Policy<T> {
  switch (name) {
    case 'sequential':
      return upstreams => upstreams
    case 'random':
      return upstreams => shuffle(upstreams, random)
    case 'round_robin':
      return roundRobin()
  }
}

/** Every order is equally likely (Fisher and Yates). */
function shuffle<T>(upstreams: readonly T[], random: Random): readonly T[] {
  if (upstreams.length === 1) return upstreams
  const order = [...upstreams]
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.integer(at + 1)
    const moved = order[at] as T
    order[at] = order[other] as T
    order[other] = moved
  }
  return order
}

/** Moves one to the front each time; begins with the second, as CoreDNS does. */
function roundRobin<T>(): Policy<T> {
  let turn = 0
  return upstreams => {
    turn = (turn + 1) % upstreams.length
    if (turn === 0) return upstreams
    return [upstreams[turn] as T, ...upstreams.slice(0, turn), ...upstreams.slice(turn + 1)]
  }
}
