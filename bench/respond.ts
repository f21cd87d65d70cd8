// What answering costs without sockets, by kind of question: `node build/bench/respond.js`.
import { encodeName } from '../src/wire/name.ts'
import { rtypeNumber } from '../src/wire/numbers.ts'
import { QUERIED_CLUSTER } from './cluster.ts'
import { makeEngine } from './engine.ts'
import { makeQueries, type BenchQuery } from './queries.ts'

const TURNS = 400_000
const peer = { address: '127.0.0.1', port: 40_000 }
const listener = { label: 'dns://:53', address: '127.0.0.1', port: 53 }
const { responder } = makeEngine(QUERIED_CLUSTER)
const queries = makeQueries()

measure('all of them', () => true)
measure('addresses', query => query.expected === 'address')
measure('no data', query => query.expected === 'no data')
measure('name errors', query => query.expected === 'name error')
measure('SRV', query => query.type === 'SRV')
measure('PTR', query => query.type === 'PTR')

function measure(name: string, wanted: (query: BenchQuery) => boolean): void {
  const wires = queries.filter(wanted).map(messageOf)
  let best = Infinity
  let octets = 0
  for (let round = 0; round < 5; round++) {
    const from = performance.now()
    octets = 0
    for (let turn = 0; turn < TURNS; turn++) {
      const response = responder.respond(wires[turn % wires.length] as Buffer, 'udp', peer, listener)
      octets += (response as Buffer).length
    }
    best = Math.min(best, performance.now() - from)
  }
  const us = (best * 1000) / TURNS
  console.log(`${us.toFixed(3).padStart(6)} µs  ${name} (${(octets / TURNS).toFixed(0)} octets a response)`)
}

function messageOf(query: BenchQuery): Buffer {
  const header = Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, encodeName(query.name), Buffer.from([0, rtypeNumber(query.type) ?? 0, 0, 1])])
}
