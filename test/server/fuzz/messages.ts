// Messages made of valid pieces and then damaged: what no client sends, and some will.
import fc from 'fast-check'
import { HEADER_OCTETS } from '../../../src/wire/numbers.ts'

/** Zones that the server under test has, and one that it has not; the last is as long as a zone can be. */
export const ZONES = ['cluster.local', 'clusterset.local', 'k8s', 'example', longZone()] as const
const REVERSE_TREES = ['in-addr.arpa', 'ip6.arpa']

function longZone(): string {
  return ['z', 'y', 'x'].map(letter => letter.repeat(63)).join('.') + '.' + 'w'.repeat(40)
}

/** A value in one of so many cases. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

/** Mostly none. */
const few = <T>(arbitrary: fc.Arbitrary<T>, most: number): fc.Arbitrary<T[]> =>
  seldom(fc.array(arbitrary, { minLength: 1, maxLength: most }), 4).map(each => each ?? [])

const octet = fc.nat(255)
const octets = (most: number) => fc.uint8Array({ maxLength: most }).map(each => Buffer.from(each))
const word16 = fc.oneof(fc.constantFrom(0, 1, 2, 255, 256, 512, 0x7fff, 0x8000, 0xffff), fc.nat(0xffff))

const names = ['web', 'headless', 'big', 'alias', 'loop', 'domains', 'bare', 'db', 'x.y', 'WEB', 'svc', 'pod']
const spaces = ['default', 'shop', 'gone', '__proto__', 'a.b', 'n'.repeat(63)]
const words = [
  ...[
    'svc',
    'pod',
    'SVC',
    'dns',
    'ns',
    'dns-version',
    'any',
    '*',
    '_zone',
    'pin',
    'prefer',
    'eu',
    'endpoints'
  ],
  ...['_http', 'http', '_tcp', 'tcp', 'UDP', '_', '__', '_metrics', 'h0', 'east'],
  ...['10-0-0-1', '1-2-3-4', '1-2-3', '01-2-3-4', '256-0-0-1', '-', '--', '---', '--1', 'fd00--1', 'fd00--'],
  ...['0', '1', '9', '10', '255', '256', '00', '007', 'a', 'F', 'g', '1.2']
]
const text = (one: string): Buffer => Buffer.from(one, 'latin1').subarray(0, 63)
const oddLabel = fc.oneof(
  fc.constantFrom(...words, ...names, ...spaces).map(text),
  fc.uint8Array({ minLength: 1, maxLength: 63 }).map(each => Buffer.from(each)),
  fc.constantFrom(63, 62, 1).map(length => Buffer.alloc(length, 0x61))
)

const fixed = (one: string) => fc.constant(one.split('.').map(text))
const oneLabel = (values: readonly string[]) => fc.constantFrom(...values).map(one => [text(one)])
const series = (...parts: fc.Arbitrary<Buffer[]>[]) => fc.tuple(...parts).map(each => each.flat())
const below = (most: number) => fc.array(oddLabel, { maxLength: most })
const zone = fc.constantFrom(...ZONES).map(one => one.split('.').map(text))

const reverseLabels = fc
  .tuple(
    fc.array(fc.constantFrom('0', '1', '9', 'a', 'F', 'g', '10', '255', '256', '01', ''), { maxLength: 40 }),
    fc.constantFrom(...REVERSE_TREES)
  )
  .map(([digits, tree]) => [...digits.filter(one => one !== '').map(text), ...tree.split('.').map(text)])

/** The labels of a name, often of one that stands for something in the cluster. */
const labels: fc.Arbitrary<Buffer[]> = fc.oneof(
  {
    weight: 8,
    arbitrary: series(below(3), oneLabel(names), oneLabel(spaces), oneLabel(['svc', 'pod']), zone)
  },
  { weight: 2, arbitrary: series(below(6), zone) },
  { weight: 2, arbitrary: reverseLabels },
  { weight: 1, arbitrary: fixed('1.0.0.10.in-addr.arpa') },
  { weight: 1, arbitrary: below(8) },
  // Filled up to the most octets, with the shortest or the longest labels there are.
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(1, 2, 31, 63), fc.constantFrom(253, 254, 255), series(below(2), zone))
      .map(([length, most, tail]) => {
        let left = most - 1 - tail.reduce((total, one) => total + one.length + 1, 0)
        const filled: Buffer[] = []
        for (; left >= 2; left -= filled[0]!.length + 1)
          filled.unshift(Buffer.alloc(Math.min(length, left - 1), 0x62))
        return [...filled, ...tail]
      })
  }
)

/** A name on the wire; sometimes cut short by a pointer. */
const name: fc.Arbitrary<Buffer> = fc
  .tuple(labels, seldom(fc.tuple(fc.nat(12), word16), 8))
  .map(([all, pointer]) => {
    const kept = pointer === undefined ? all : all.slice(0, pointer[0])
    const parts = kept.flatMap(one => [Buffer.of(one.length), one])
    if (pointer === undefined) return Buffer.concat([...parts, Buffer.of(0)])
    return Buffer.concat([...parts, Buffer.of(0xc0 | (pointer[1] >> 8), pointer[1])])
  })

const pointer = fc
  .oneof({ weight: 3, arbitrary: fc.constantFrom(0, 11, 12, 13, 14, 20, 0x3fff) }, fc.nat(80), fc.nat(0x3fff))
  .map(target => Buffer.of(0xc0 | (target >> 8), target))
const owner = fc.oneof({ weight: 3, arbitrary: pointer }, name, fc.constant(Buffer.of(0)))

const types = [1, 28, 33, 12, 5, 16, 2, 6, 15, 43, 251, 252, 255, 65, 41, 250, 0, 0xffff]
const rtype = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...types) }, word16)
const rclass = fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.constantFrom(0, 3, 4, 254, 255), word16)

function number16(value: number): Buffer {
  return Buffer.of(value >> 8, value)
}

/** Lengths are right but for one in twelve. */
const withLength = (data: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.tuple(data, seldom(word16, 12)).map(([one, lie]) => Buffer.concat([number16(lie ?? one.length), one]))

const rdata = fc.oneof(
  octets(24),
  owner,
  fc.constantFrom(4, 16).map(length => Buffer.alloc(length, 10)),
  fc.tuple(octets(6), owner).map(each => Buffer.concat(each)),
  fc.tuple(owner, owner, fc.constant(Buffer.alloc(20, 1))).map(each => Buffer.concat(each))
)
const record = fc
  .tuple(owner, rtype, rclass, octets(4), withLength(rdata))
  .map(([at, type, klass, ttl, data]) =>
    Buffer.concat([
      at,
      number16(type),
      number16(klass),
      Buffer.concat([ttl, Buffer.alloc(4)]).subarray(0, 4),
      data
    ])
  )

const option = fc
  .tuple(fc.oneof(fc.constantFrom(3, 8, 9, 10, 11, 12, 15), word16), withLength(octets(40)))
  .map(([code, data]) => Buffer.concat([number16(code), data]))
const opt = fc
  .tuple(
    fc.oneof({ weight: 19, arbitrary: fc.constant(Buffer.of(0)) }, owner),
    word16,
    fc.oneof(
      { weight: 9, arbitrary: fc.constant(Buffer.of(0, 0, 0x80, 0)) },
      fc.constant(Buffer.of(1, 1, 0, 0))
    ),
    withLength(fc.array(option, { maxLength: 4 }).map(each => Buffer.concat(each)))
  )
  .map(([at, size, ttl, data]) => Buffer.concat([at, number16(41), number16(size), ttl, data]))

const question = fc
  .tuple(name, rtype, rclass)
  .map(([at, type, klass]) => Buffer.concat([at, number16(type), number16(klass)]))

/** What is done to a finished message. */
type Blow = (wire: Buffer) => Buffer
const damage: fc.Arbitrary<Blow> = fc.oneof(
  fc.tuple(fc.nat(400), octet).map(([at, value]) => (wire: Buffer) => {
    if (at < wire.length) wire[at] = value
    return wire
  }),
  fc.tuple(fc.nat(400), word16).map(([at, target]) => (wire: Buffer) => {
    if (at + 2 <= wire.length) wire.writeUInt16BE(0xc000 | target, at)
    return wire
  }),
  fc.nat(400).map(at => (wire: Buffer) => wire.subarray(0, at)),
  octets(12).map(more => (wire: Buffer) => Buffer.concat([wire, more]))
)

export interface Counts {
  readonly questions: number
  readonly answers: number
  readonly authority: number
  readonly additional: number
}

function assemble(id: number, flags: number, counts: Counts, parts: readonly Buffer[]): Buffer {
  const { questions, answers, authority, additional } = counts
  return Buffer.concat([...[id, flags, questions, answers, authority, additional].map(number16), ...parts])
}

const flags = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0x0100, 0, 0x0130, 0x2000, 0x0110) },
  fc.nat(0x7fff),
  word16
)
const lies = seldom(
  fc.record({ questions: fc.nat(3), answers: fc.nat(3), authority: fc.nat(3), additional: fc.nat(3) }),
  8
)
const blows: fc.Arbitrary<Blow[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Blow[]>([]) },
  { weight: 1, arbitrary: fc.array(damage, { minLength: 1, maxLength: 3 }) }
)

/** A message as a client might send it. */
export const clientMessage: fc.Arbitrary<Buffer> = fc
  .record({
    id: fc.nat(0xffff),
    flags,
    question,
    answers: few(record, 1),
    authority: few(record, 1),
    additional: few(fc.oneof({ weight: 4, arbitrary: opt }, record), 2),
    lies,
    blows
  })
  .map(one => {
    const counts = one.lies ?? {
      questions: 1,
      answers: one.answers.length,
      authority: one.authority.length,
      additional: one.additional.length
    }
    const records = [...one.answers, ...one.authority, ...one.additional]
    const wire = assemble(one.id, one.flags, counts, [one.question, ...records])
    return one.blows.reduce<Buffer>((damaged, blow) => blow(damaged), wire)
  })

/** What another server says to a question: records and damage, the header and the question are put before them. */
export interface Upstream {
  readonly flags: number
  readonly counts: readonly number[]
  readonly records: Buffer
  readonly blows: readonly Blow[]
  /** Times that the records stand there: pointers in many records are work. */
  readonly times: number
}

export const upstream: fc.Arbitrary<Upstream> = fc.record({
  flags: fc.constantFrom(0x8180, 0x8183, 0x8182, 0x8380),
  counts: fc.tuple(fc.nat(3), fc.nat(2), fc.nat(3)),
  records: fc
    .array(fc.oneof({ weight: 4, arbitrary: record }, opt), { maxLength: 4 })
    .map(each => Buffer.concat(each)),
  blows,
  times: fc.constantFrom(1, 1, 1, 1, 1, 3, 300)
})

/** The upstream's message in answer to a question, which stands between the header and `questionEnd` of `query`. */
export function upstreamMessage(query: Buffer, questionEnd: number, said: Upstream): Buffer {
  const [answers = 0, authority = 0, additional = 0] = said.counts.map(count => count * said.times)
  const records = Array.from({ length: said.times }, () => said.records)
  const counts = { questions: 1, answers, authority, additional }
  const wire = assemble(query.readUInt16BE(0), said.flags, counts, [
    query.subarray(HEADER_OCTETS, questionEnd),
    ...records
  ])
  return said.blows.reduce<Buffer>((damaged, blow) => blow(damaged), wire).subarray(0, 0xffff)
}
