// What the cache costs, without sockets: `node build/bench/cache.js`. A cluster name through cache and kubernetes, the same
// without the cache, and a forwarded name that is kept.
import { checkCorefile } from '../src/corefile/load.ts'
import { Hasher } from '../src/cluster/index/hash.ts'
import { Answer } from '../src/dns/answer.ts'
import { linkPlugins, type Handler, type Plugin } from '../src/dns/plugin.ts'
import type { Query } from '../src/dns/query.ts'
import { Metrics } from '../src/metrics/metrics.ts'
import { AnswerStore } from '../src/plugins/cache/answer-store.ts'
import { Arena } from '../src/plugins/cache/arena.ts'
import { Cache } from '../src/plugins/cache/cache.ts'
import { readCache } from '../src/plugins/cache/options.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { systemFiles } from '../src/runtime/files.ts'
import { systemRandom } from '../src/runtime/random.ts'
import { Responder } from '../src/server/respond.ts'
import { ZoneRouter } from '../src/server/zone-router.ts'
import { encodeName, ROOT } from '../src/wire/name.ts'
import { Flag } from '../src/wire/numbers.ts'
import { QUERIED_CLUSTER } from './cluster.ts'
import { makeEngine } from './engine.ts'
import { makeQueries } from './queries.ts'

const TURNS = 400_000
const ROUNDS = 7
const NAMES = 5000
const peer = { address: '127.0.0.1', port: 40_000 }
const listener = { label: 'dns://:53', address: '127.0.0.1', port: 53 }

/** Stands for forward: a CNAME and two addresses, as a public name has them. */
const upstream: Plugin = {
  name: 'forward',
  answer: query => {
    const octets = replyTo(query)
    return new Answer(octets, octets.length, 0, Flag.RD | Flag.RA, octets.length + 40)
  }
}

function replyTo(query: Query): Buffer {
  const at = query.questionEnd
  const owner = (0xc000 | (at + 12)).toString(16)
  const address = (last: string) => `${owner}0001000100000e1000040a0000${last}`
  const records = Buffer.from(`c00c0005000100000e100004016dc00c${address('01')}${address('02')}`, 'hex')
  const header = Buffer.from('000000000001000300000000', 'hex')
  return Buffer.concat([header, query.wire.subarray(12, at), records])
}

const { plugin: kubernetes } = makeEngine(QUERIED_CLUSTER)
const refuse: Handler = {
  answer: () => {
    throw new Error('nobody answered')
  }
}

function responderOf(plugins: readonly Plugin[]): Responder {
  return new Responder({
    router: new ZoneRouter([[ROOT, linkPlugins(plugins, refuse)]]),
    anyClass: false,
    dropped: () => undefined,
    failed: (_query, error) => {
      throw error
    }
  })
}

function makeCache(): Plugin {
  const { blocks } = checkCorefile('.:53 {\n cache 30\n}\n', 'Corefile', {
    files: systemFiles,
    environment: {},
    knownDirectives: ['cache']
  })
  const block = blocks[0]
  const controller = block?.directives.get('cache')?.dispenser()
  if (block === undefined || controller === undefined) throw new Error('no cache in it')
  const random = systemRandom()
  const store = new AnswerStore(new Arena(32 * 1024 * 1024), new Hasher(random), {
    successMax: 9984,
    denialMax: 9984
  })
  return new Cache(readCache(controller, block.keys), systemClock, new Metrics(), () => ({
    store,
    live: kubernetes
  }))
}

const clusterWires = makeQueries()
  .filter(query => query.expected === 'address')
  .slice(0, NAMES)
  .map(query => messageOf(query.name))
const publicWires = Array.from({ length: NAMES }, (_, i) => messageOf(`www${i}.shop-${i % 97}.example.com.`))

const withCache = responderOf([makeCache(), kubernetes, upstream])
const withoutCache = responderOf([kubernetes, upstream])
const cases: readonly (readonly [string, Responder, readonly Buffer[]])[] = [
  ['cluster names, no cache', withoutCache, clusterWires],
  ['cluster names behind the cache', withCache, clusterWires],
  ['kept names', withCache, publicWires]
]
const best = cases.map(() => Infinity)
for (let round = 0; round < ROUNDS; round++) {
  for (const [i, [, responder, wires]] of cases.entries())
    best[i] = Math.min(best[i] as number, run(responder, wires))
}
for (const [i, [name]] of cases.entries()) {
  const us = best[i] as number
  console.log(`${us.toFixed(3).padStart(6)} µs  ${name} (${(us / (best[1] as number)).toFixed(2)})`)
}

function run(responder: Responder, wires: readonly Buffer[]): number {
  const from = performance.now()
  for (let turn = 0; turn < TURNS; turn++)
    void responder.respond(wires[turn % wires.length] as Buffer, 'udp', peer, listener)
  return ((performance.now() - from) * 1000) / TURNS
}

function messageOf(name: string): Buffer {
  const header = Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, encodeName(name), Buffer.from([0, 1, 0, 1])])
}
