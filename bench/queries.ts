// The questions of the benchmark: 50,000 lines over the 10,000 Services of `QUERIED_CLUSTER`, always the same ones.
// `node build/bench/queries.js` writes them to bench/queries.txt, which is committed so that other servers can be asked
// the same; a test holds the two together.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { QUERIED_CLUSTER, ServiceFacts } from './cluster.ts'

/** What the answer to a question must be. */
export type Expected = 'address' | 'no data' | 'name error' | 'service or pointer'

export interface BenchQuery {
  readonly name: string
  readonly type: 'A' | 'AAAA' | 'SRV' | 'PTR'
  readonly expected: Expected
}

/** How many lines of each kind. Names that don't exist are asked for half with A, half with AAAA. */
const SHARES = { a: 30_000, aaaa: 12_500, missing: 5000, srv: 1250, ptr: 1250 } as const
const ZONE = 'svc.cluster.local'

/** The committed file. */
export const QUERY_FILE = fileURLToPath(new URL('../../bench/queries.txt', import.meta.url))

/** All questions, shuffled, in the order of the file. */
export function makeQueries(): BenchQuery[] {
  const chance = new Chance(0x6c61_6264)
  const queries: BenchQuery[] = []
  for (let i = 0; i < SHARES.a; i++) {
    queries.push({ name: existingName(chance), type: 'A', expected: 'address' })
  }
  for (let i = 0; i < SHARES.aaaa; i++) {
    const facts = randomService(chance)
    const expected = facts.isDualStack && !facts.isHeadless ? 'address' : 'no data'
    queries.push({ name: serviceName(facts), type: 'AAAA', expected })
  }
  for (let i = 0; i < SHARES.missing; i++) {
    queries.push({ name: missingName(chance), type: i % 2 === 0 ? 'A' : 'AAAA', expected: 'name error' })
  }
  for (let i = 0; i < SHARES.srv; i++) {
    const facts = randomService(chance)
    const port = facts.ports[chance.below(facts.ports.length)]!
    const name = `_${port.name}._${port.protocol.toLowerCase()}.${serviceName(facts)}`
    queries.push({ name, type: 'SRV', expected: 'service or pointer' })
  }
  for (let i = 0; i < SHARES.ptr; i++) {
    queries.push({ name: reverseName(chance), type: 'PTR', expected: 'service or pointer' })
  }
  chance.shuffle(queries)
  // Half of the lines in the letters' case as resolvers mix it against spoofing, half as people write names.
  return queries.map((query, line) =>
    line % 2 === 0 ? query : { ...query, name: chance.mixCase(query.name) }
  )
}

/**
 * Names outside the cluster, A and AAAA: see bench/upstream.ts. Each is asked for twice, as people write it and in mixed
 * letter case, in any order.
 */
export function makeForwardedQueries(names: number): BenchQuery[] {
  const chance = new Chance(0x666f_7277)
  const queries = Array.from({ length: 2 * names }, (_, line): BenchQuery => {
    const i = line >> 1
    const name = `${i % 2 === 0 ? 'www' : 'api'}.shop-${i}.example.com`
    return {
      name: line % 2 === 0 ? name : chance.mixCase(name),
      type: i % 10 < 7 ? 'A' : 'AAAA',
      expected: 'address'
    }
  })
  chance.shuffle(queries)
  return queries
}

/** The text of a query file. */
export function queryText(queries: readonly BenchQuery[]): string {
  return `${queries.map(({ name, type }) => `${name} ${type}`).join('\n')}\n`
}

function randomService(chance: Chance): ServiceFacts {
  return new ServiceFacts(chance.below(QUERIED_CLUSTER.services), QUERIED_CLUSTER)
}

function serviceName(facts: ServiceFacts): string {
  return `${facts.name}.${facts.namespace}.${ZONE}`
}

/** A Service; below a headless one half of the time one of its Pods. */
function existingName(chance: Chance): string {
  const facts = randomService(chance)
  return facts.isHeadless && chance.below(2) === 0
    ? `${facts.podName(chance.below(3))}.${serviceName(facts)}`
    : serviceName(facts)
}

/** What search lists and typing mistakes make of names. */
function missingName(chance: Chance): string {
  const facts = randomService(chance)
  const other = randomService(chance)
  switch (chance.below(5)) {
    case 0:
      return `${facts.name}-v2.${facts.namespace}.${ZONE}`
    case 1:
      return `${facts.name}.${other.namespace}.${facts.namespace}.${ZONE}`
    case 2:
      return `www.example.com.${facts.namespace}.${ZONE}`
    case 3:
      return `${facts.name}.${facts.namespace}.svc.cluster.local.${other.namespace}.${ZONE}`
    default:
      return `${facts.name}.no-such-team-${chance.below(100)}.${ZONE}`
  }
}

/** Of a cluster IP or a Pod's address. */
function reverseName(chance: Chance): string {
  const facts = randomService(chance)
  const address =
    facts.isHeadless || chance.below(2) === 0 ? facts.podIP(chance.below(3)) : facts.clusterIPs[0]!
  return `${address.split('.').reverse().join('.')}.in-addr.arpa`
}

/** Numbers that look random and are the same in every run (xorshift32, Marsaglia 2003). */
class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  /** Fisher and Yates's. */
  shuffle(items: unknown[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1)
      const item = items[last]
      items[last] = items[other]
      items[other] = item
    }
  }

  mixCase(text: string): string {
    return text.replaceAll(/[a-z]/g, letter => (this.below(2) === 0 ? letter : letter.toUpperCase()))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(QUERY_FILE, queryText(makeQueries()))
