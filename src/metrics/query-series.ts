// Counting queries on the hot path: every count of one server and zone is a cell of one array of numbers, so that a query
// costs a few additions and no allocation (corefile-and-plugins.md §8.6, §9). Names and labels appear when somebody
// asks for the metrics.
import type { Query } from '../dns/query.ts'
import { rcodeName, Rtype } from '../wire/numbers.ts'
import { SIZE_BUCKETS, TIME_BUCKETS } from './buckets.ts'
import { histogramSamples, type FamilySamples, type Sample } from './family.ts'

/** The types that have a label of their own; all else is `other`, so that clients can't make series. */
const TYPES = [
  ...['A', 'AAAA', 'CNAME', 'DNSKEY', 'DS', 'MX', 'NSEC3', 'NSEC', 'NS', 'PTR', 'RRSIG', 'SOA', 'SRV', 'TXT'],
  ...['HTTPS', 'SVCB', 'IXFR', 'AXFR', 'ANY']
] as const
const OTHER_TYPE = TYPES.length
const TYPE_COUNT = TYPES.length + 1

/** Type to its place in `TYPES`; every listed type is below 256. */
const typeIndex = new Uint8Array(256).fill(OTHER_TYPE)
for (const [index, name] of TYPES.entries()) typeIndex[Rtype[name]] = index

/** Rcodes that count in a cell of their own; a rarer one goes into a map. */
const RCODE_COUNT = 24
/** How many rarer rcodes one series tells apart; an upstream may send any of 4,096. */
const RARE_RCODES_MAX = 32

// Where things stand among the cells of a zone. Requests: by protocol, family and type. Histograms: a cell for each
// bucket, one for what is above, one for the sum.
const PROTOCOLS = ['udp', 'tcp'] as const
const TIME_CELLS = TIME_BUCKETS.length + 2
const SIZE_CELLS = SIZE_BUCKETS.length + 2
const DNSSEC_OK = 2 * 2 * TYPE_COUNT
const DURATION = DNSSEC_OK + 1
const REQUEST_SIZE = DURATION + TIME_CELLS
const RESPONSE_SIZE = REQUEST_SIZE + 2 * SIZE_CELLS
const CELL_COUNT = RESPONSE_SIZE + 2 * SIZE_CELLS

/** The same bounds as `TIME_BUCKETS`, in milliseconds. */
const timeBounds = Float64Array.from(TIME_BUCKETS, seconds => seconds * 1000)
const sizeBounds = Float64Array.from(SIZE_BUCKETS)

/** Responses of one zone under one `plugin` label, by rcode. */
class ResponseCounts {
  readonly common = new Float64Array(RCODE_COUNT)
  readonly rare = new Map<number, number>()

  add(rcode: number): void {
    if (rcode < RCODE_COUNT) this.common[rcode] = (this.common[rcode] as number) + 1
    else this.#addRare(rcode)
  }

  #addRare(rcode: number): void {
    if (!this.rare.has(rcode) && this.rare.size >= RARE_RCODES_MAX) return
    this.rare.set(rcode, (this.rare.get(rcode) ?? 0) + 1)
  }
}

/** Everything that is counted for one server and zone. */
class ZoneCells {
  readonly labels: Readonly<Record<'server' | 'zone' | 'view', string>>
  readonly cells = new Float64Array(CELL_COUNT)
  readonly responses = new Map<string, ResponseCounts>()

  constructor(server: string, zone: string, view: string) {
    this.labels = { server, zone, view }
  }

  responsesOf(plugin: string): ResponseCounts {
    let counts = this.responses.get(plugin)
    if (counts === undefined) {
      counts = new ResponseCounts()
      this.responses.set(plugin, counts)
    }
    return counts
  }
}

/** Where one server block counts the queries of one zone on one server. */
export class ZoneCounter {
  readonly #cells: Float64Array
  readonly #byPlugin: ResponseCounts
  readonly #byServer: ResponseCounts

  constructor(zone: ZoneCells, plugin: string) {
    this.#cells = zone.cells
    this.#byPlugin = zone.responsesOf(plugin)
    this.#byServer = plugin === '' ? this.#byPlugin : zone.responsesOf('')
  }

  /**
   * Counts one query. `octets` is the response's length without compression, 0 when nothing was sent; `byServer`
   * says that no plugin wrote it.
   */
  count(query: Query, rcode: number, octets: number, byServer: boolean, durationMs: number): void {
    const cells = this.#cells
    const protocol = query.transport === 'udp' ? 0 : 1
    const qtype = query.qtype
    const type = qtype < 256 ? (typeIndex[qtype] as number) : OTHER_TYPE
    const family = isIPv4(query.peer.address) ? 0 : 1
    const request = (protocol * 2 + family) * TYPE_COUNT + type
    cells[request] = (cells[request] as number) + 1
    if (query.dnssecOk) cells[DNSSEC_OK] = (cells[DNSSEC_OK] as number) + 1
    observe(cells, DURATION, timeBounds, durationMs)
    observe(cells, REQUEST_SIZE + protocol * SIZE_CELLS, sizeBounds, query.wire.length)
    observe(cells, RESPONSE_SIZE + protocol * SIZE_CELLS, sizeBounds, octets)
    if (byServer) this.#byServer.add(rcode)
    else this.#byPlugin.add(rcode)
  }
}

function observe(cells: Float64Array, start: number, bounds: Float64Array, value: number): void {
  let at = 0
  const count = bounds.length
  while (at < count && value > (bounds[at] as number)) at++
  cells[start + at] = (cells[start + at] as number) + 1
  const sum = start + count + 1
  cells[sum] = (cells[sum] as number) + value
}

/** Whether the text of an address is IPv4, `::ffff:192.0.2.1` included: a dot stands behind its first number. */
function isIPv4(address: string): boolean {
  return (
    address.charCodeAt(1) === DOT ||
    address.charCodeAt(2) === DOT ||
    address.charCodeAt(3) === DOT ||
    (address.charCodeAt(0) === COLON && address.startsWith('::ffff:') && address.includes('.'))
  )
}

const DOT = 0x2e
const COLON = 0x3a

/** All servers and zones of a process. Both are bounded by the configuration: clients can't add any. */
export class QuerySeries {
  readonly #zones = new Map<string, ZoneCells>()
  readonly #dropped = new Map<string, ZoneCounter>()

  /** The counter of a server (`dns://:53`) and zone for blocks whose responses carry this `plugin` label; and `view`'s. */
  counter(server: string, zone: string, plugin: string, view = ''): ZoneCounter {
    const key = `${server}\0${zone}\0${view}`
    let cells = this.#zones.get(key)
    if (cells === undefined) {
      cells = new ZoneCells(server, zone, view)
      this.#zones.set(key, cells)
    }
    return new ZoneCounter(cells, plugin)
  }

  /** A query that the server refused without asking a plugin. */
  countDropped(query: Query, rcode: number): void {
    const server = query.listener.label
    let counter = this.#dropped.get(server)
    if (counter === undefined) {
      counter = this.counter(server, 'dropped', '')
      this.#dropped.set(server, counter)
    }
    counter.count(query, rcode, query.questionEnd, true, 0)
  }

  collect(): readonly FamilySamples[] {
    const zones = [...this.#zones.values()]
    return [
      {
        name: 'coredns_dns_requests_total',
        help: 'Counter of DNS requests made per zone, protocol and family.',
        type: 'counter',
        samples: zones.flatMap(requestSamples)
      },
      {
        name: 'coredns_dns_request_duration_seconds',
        help: 'Histogram of the time (in seconds) each request took per zone.',
        type: 'histogram',
        samples: zones.flatMap(zone => histogram(zone, DURATION, TIME_BUCKETS, 1000))
      },
      {
        name: 'coredns_dns_request_size_bytes',
        help: 'Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.',
        type: 'histogram',
        samples: zones.flatMap(zone => sizeSamples(zone, REQUEST_SIZE))
      },
      {
        name: 'coredns_dns_do_requests_total',
        help: 'Counter of DNS requests with DO bit set per zone.',
        type: 'counter',
        samples: zones.flatMap(zone => counted(zone.cells[DNSSEC_OK] as number, zone.labels))
      },
      {
        name: 'coredns_dns_response_size_bytes',
        help: 'Size of the returned response in bytes.',
        type: 'histogram',
        samples: zones.flatMap(zone => sizeSamples(zone, RESPONSE_SIZE))
      },
      {
        name: 'coredns_dns_responses_total',
        help: 'Counter of response status codes.',
        type: 'counter',
        samples: zones.flatMap(responseSamples)
      }
    ]
  }
}

/** A counter that hasn't fired is absent. */
function counted(value: number, labels: Readonly<Record<string, string>>): readonly Sample[] {
  return value === 0 ? [] : [{ suffix: '', labels, value }]
}

function requestSamples(zone: ZoneCells): readonly Sample[] {
  return PROTOCOLS.flatMap((proto, protocol) =>
    ['1', '2'].flatMap((family, familyIndex) =>
      [...TYPES, 'other'].flatMap((type, typeAt) =>
        counted(zone.cells[(protocol * 2 + familyIndex) * TYPE_COUNT + typeAt] as number, {
          ...zone.labels,
          proto,
          family,
          type
        })
      )
    )
  )
}

function sizeSamples(zone: ZoneCells, start: number): readonly Sample[] {
  return PROTOCOLS.flatMap((proto, protocol) =>
    histogram(zone, start + protocol * SIZE_CELLS, SIZE_BUCKETS, 1, { proto })
  )
}

function histogram(
  zone: ZoneCells,
  start: number,
  bounds: readonly number[],
  divisor: number,
  more: Readonly<Record<string, string>> = {}
): readonly Sample[] {
  const counts = zone.cells.subarray(start, start + bounds.length + 1)
  if (counts.every(count => count === 0)) return []
  const sum = zone.cells[start + bounds.length + 1] as number
  return histogramSamples(bounds, counts, sum / divisor, { ...zone.labels, ...more })
}

function responseSamples(zone: ZoneCells): readonly Sample[] {
  return [...zone.responses].flatMap(([plugin, counts]) =>
    [...counts.common.entries(), ...counts.rare].flatMap(([rcode, count]) =>
      counted(count, { ...zone.labels, rcode: rcodeName(rcode), plugin })
    )
  )
}
