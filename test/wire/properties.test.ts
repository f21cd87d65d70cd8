// What holds for any message and any octets, and what two other decoders make of what we write.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import packet from 'dns-packet'
import { Packet } from 'dns2'
import fc from 'fast-check'
import t from 'tap'
import { accept } from '../../src/dns/accept.ts'
import { AnswerWriter } from '../../src/dns/answer-writer.ts'
import { Responder } from '../../src/server/respond.ts'
import { ZoneRouter } from '../../src/server/zone-router.ts'
import { formatAddress } from '../../src/wire/address.ts'
import { expandRecord } from '../../src/wire/expand.ts'
import { encodeMessage, readMessage, type Message, type MessageRecord } from '../../src/wire/message.ts'
import { ROOT, encodeName, formatName, readName, type Name } from '../../src/wire/name.ts'
import { Flag, Rtype } from '../../src/wire/numbers.ts'
import { formatRecord, parseRecord } from '../../src/wire/rdata.ts'
import { queryWire, testListener } from '../support/messages.ts'

const u16 = fc.integer({ min: 0, max: 0xffff })
const u8 = fc.integer({ min: 0, max: 0xff })
const peer = { address: '192.0.2.7', port: 40_000 }

/** Names of any octets, with labels that come back often enough to be compressed. */
const anyName: fc.Arbitrary<Name> = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'A', 'org', 'cluster').map(text => Buffer.from(text)),
      fc.uint8Array({ minLength: 1, maxLength: 63 }).map(octets => Buffer.from(octets))
    ),
    { maxLength: 5 }
  )
  .map(
    labels =>
      Buffer.concat([...labels.flatMap(label => [Buffer.of(label.length), label]), ROOT]) as Uint8Array
  )
  .filter(name => name.length <= 255) as fc.Arbitrary<Name>

const numbers = (...octets: readonly number[]) =>
  fc.tuple(...octets.map(count => fc.uint8Array({ minLength: count, maxLength: count })))
const concat = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)
const text = fc.uint8Array({ maxLength: 255 }).map(octets => concat([Buffer.of(octets.length), octets]))
const anyRdata: fc.Arbitrary<readonly [number, Uint8Array]> = fc.oneof(
  fc.tuple(fc.constantFrom(Rtype.NS, Rtype.CNAME, Rtype.PTR, Rtype.DNAME), anyName),
  fc.tuple(
    fc.constant(Rtype.MX),
    fc.tuple(numbers(2), anyName).map(([head, name]) => concat([...head, name]))
  ),
  fc.tuple(
    fc.constant(Rtype.SRV),
    fc.tuple(numbers(6), anyName).map(([head, name]) => concat([...head, name]))
  ),
  fc.tuple(
    fc.constant(Rtype.SOA),
    fc.tuple(anyName, anyName, numbers(20)).map(([a, b, rest]) => concat([a, b, ...rest]))
  ),
  fc.tuple(
    fc.constant(Rtype.NAPTR),
    fc.tuple(numbers(4), text, text, text, anyName).map(([head, ...rest]) => concat([...head, ...rest]))
  ),
  fc.tuple(fc.constant(Rtype.TXT), fc.array(text, { minLength: 1, maxLength: 3 }).map(concat)),
  fc.tuple(
    fc.constantFrom(Rtype.A, Rtype.AAAA, Rtype.TXT, Rtype.DS, Rtype.CAA, 65_280),
    fc.uint8Array({ maxLength: 40 })
  )
)
const anyRecord: fc.Arbitrary<MessageRecord> = fc
  .tuple(anyName, anyRdata, u16, fc.integer({ min: 0, max: 0xffffffff }))
  .map(([name, [rtype, rdata], rclass, ttl]) => ({ name, rtype, rclass, ttl, rdata }))
const records = fc.array(anyRecord, { maxLength: 6 })
const anyMessage: fc.Arbitrary<Message> = fc.record({
  id: u16,
  flags: u16,
  questions: fc.array(fc.record({ name: anyName, qtype: u16, qclass: u16 }), { maxLength: 2 }),
  answers: records,
  authority: records,
  additional: records,
  opt: fc.option(
    fc.record({
      udpSize: u16,
      extendedRcode: u8,
      version: u8,
      flags: u16,
      options: fc.array(fc.record({ code: u16, data: fc.uint8Array({ maxLength: 20 }) }), { maxLength: 4 })
    }),
    { nil: undefined }
  )
})

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const recordText = (record: MessageRecord): string =>
  [hex(record.name), record.rtype, record.rclass, record.ttl, hex(record.rdata)].join(' ')
const messageText = (message: Message): string =>
  JSON.stringify([
    message.id,
    message.flags,
    message.questions.map(each => [hex(each.name), each.qtype, each.qclass]),
    ...[message.answers, message.authority, message.additional].map(section => section.map(recordText)),
    message.opt === undefined
      ? null
      : [message.opt.udpSize, message.opt.extendedRcode, message.opt.version, message.opt.flags].concat(
          message.opt.options.map(each => `${each.code}:${hex(each.data)}`) as never[]
        )
  ])
const same = (found: string, expected: string): void => {
  if (found !== expected) throw new Error(`${found}\nexpected ${expected}`)
}

t.test('what is encoded is decoded the same', async () => {
  fc.assert(
    fc.property(anyMessage, message => {
      const wire = encodeMessage(message)
      const read = readMessage(wire)
      if (read === undefined) throw new Error(`not read: ${hex(wire)}`)
      same(messageText(read), messageText(message))
      if (readMessage(wire.subarray(0, -1)) !== undefined) throw new Error('read although it is cut')
    }),
    { numRuns: 500 }
  )
})

t.test('records read back from their text', async () => {
  fc.assert(
    fc.property(anyRecord, record => {
      same(recordText(parseRecord(formatRecord(record))), recordText(record))
    }),
    { numRuns: 1000 }
  )
})

t.test('names are compressed in the types of RFC 1035 and in no others', async t => {
  const name = encodeName('a.example.org')
  const size = (rtype: number, rdata: Uint8Array) =>
    encodeMessage({
      ...{
        id: 0,
        flags: 0,
        questions: [{ name, qtype: rtype, qclass: 1 }],
        authority: [],
        additional: [],
        opt: undefined
      },
      answers: [{ name, rtype, rclass: 1, ttl: 0, rdata }]
    }).length
  t.equal(size(Rtype.CNAME, name), 12 + 19 + 12 + 2)
  t.equal(size(Rtype.MX, Buffer.concat([Buffer.of(0, 1), name])), 12 + 19 + 12 + 4)
  t.equal(size(Rtype.SRV, Buffer.concat([Buffer.alloc(6), name])), 12 + 19 + 12 + 6 + 15)
  t.equal(size(Rtype.DNAME, name), 12 + 19 + 12 + 15)
})

t.test('what cannot be encoded', async t => {
  const empty: Message = {
    id: 0,
    flags: 0,
    questions: [],
    answers: [],
    authority: [],
    additional: [],
    opt: undefined
  }
  const record = (rtype: number, rdata: Uint8Array): MessageRecord => ({
    name: ROOT,
    rtype,
    rclass: 1,
    ttl: 0,
    rdata
  })
  t.throws(() => encodeMessage({ ...empty, answers: [record(Rtype.NS, Buffer.of(0xc0, 0x0c))] }), RangeError)
  t.throws(() => encodeMessage({ ...empty, answers: [record(Rtype.NS, Buffer.of(1))] }), RangeError)
  t.throws(() => encodeMessage({ ...empty, additional: [record(Rtype.OPT, ROOT)] }), RangeError)
  t.throws(() => encodeMessage({ ...empty, answers: [record(Rtype.TXT, Buffer.alloc(65_535))] }), RangeError)
  t.equal(encodeMessage({ ...empty, answers: [record(Rtype.TXT, Buffer.alloc(65_512))] }).length, 65_535)
})

/** Largest messages that make a reader work: each of the shape that its name says. */
const SIZE = 0xffff
const head = (...counts: readonly number[]): Buffer => {
  const wire = Buffer.alloc(SIZE)
  counts.forEach((count, at) => wire.writeUInt16BE(count, 4 + at * 2))
  return wire
}
function repeat(wire: Buffer, start: number, unit: Buffer): Buffer {
  for (let at = start; at + unit.length <= wire.length; at += unit.length) unit.copy(wire, at)
  return wire
}
/** `count` pointers in a row at octet 12, each to the one before; the first to a root label. */
function chain(wire: Buffer, start: number, count: number): number {
  wire[start] = 0
  for (let i = 0; i < count; i++)
    wire.writeUInt16BE(0xc000 | (i === 0 ? start : start + 1 + (i - 1) * 2), start + 1 + i * 2)
  return start + 1 + (count - 1) * 2
}
const recordUnit = (pointer: number, rtype: number, rdata: Buffer): Buffer => {
  const unit = Buffer.alloc(12 + rdata.length)
  unit.writeUInt16BE(0xc000 | pointer, 0)
  unit.writeUInt16BE(rtype, 2)
  unit.writeUInt16BE(1, 4)
  unit.writeUInt16BE(rdata.length, 10)
  rdata.copy(unit, 12)
  return unit
}
const pointerTo = (at: number): Buffer => Buffer.of(0xc0 | (at >> 8), at)

function hard(): readonly (readonly [string, Buffer])[] {
  const long = encodeName(Array(127).fill('a').join('.'))
  /** One record of unknown type holds the names; the rest are records that point into it. */
  const holding = (
    fill: (wire: Buffer, at: number) => number,
    unitOf: (target: number) => Buffer
  ): Buffer => {
    const wire = head(0, 0, 0, 0)
    const target = fill(wire, 12 + 11)
    wire.writeUInt16BE(65_280, 13)
    wire.writeUInt16BE(600, 21)
    const unit = unitOf(target)
    wire.writeUInt16BE(1 + Math.floor((SIZE - 623) / unit.length), 6)
    return repeat(wire, 623, unit)
  }
  const longName = (wire: Buffer, at: number) => (wire.set(long, at), at)
  const pointers = (wire: Buffer, at: number) => chain(wire, at, 126)
  const ns = (target: number) => recordUnit(target, Rtype.NS, pointerTo(target))
  const asked = head(1, 0, 0, 1)
  asked.writeUInt16BE(41, 18)
  asked.writeUInt16BE(SIZE - 28, 26)
  const behind = head(1, 0, 0, 0)
  behind.writeUInt16BE(0xc000 | chain(behind, 100, 125), 12)
  const mass = head(0, 0, 0, 1)
  mass.writeUInt16BE(41, 13)
  mass.writeUInt16BE(SIZE - 23, 21)
  return [
    ['zeros and 65,535 of everything', head(SIZE, SIZE, SIZE, SIZE)],
    ['13,000 questions', repeat(head(Math.floor((SIZE - 12) / 5)), 12, Buffer.of(0, 0, 1, 0, 1))],
    ['5,900 records', repeat(head(0, Math.floor((SIZE - 12) / 11)), 12, Buffer.alloc(11))],
    ['records under a long name', holding(longName, target => recordUnit(target, 1, Buffer.alloc(0)))],
    ['targets of long names', holding(longName, ns)],
    ['records behind 126 pointers', holding(pointers, target => recordUnit(target - 2, 1, Buffer.alloc(0)))],
    ['targets behind 126 pointers', holding(pointers, target => ns(target - 2))],
    ['pointers to themselves', repeat(head(SIZE, SIZE, SIZE, SIZE), 12, pointerTo(12))],
    ['one label after the other', repeat(head(1), 12, Buffer.of(1, 0x61))],
    ['0xc0', head(SIZE, SIZE, SIZE, SIZE).fill(0xc0, 12)],
    ['16,000 options', mass],
    ['a question and 16,000 options', asked],
    ['a question behind 126 pointers', behind]
  ]
}

/** How many results are held while memory is measured: enough to drown what else comes and goes. */
const HELD = 40

setFlagsFromString('--expose-gc')
/** Collects garbage, so that what is measured is what is held. */
const collect = runInNewContext('gc') as () => void

/** Octets that one result holds, and how many of the results were messages. Apart, so that no result outlives it. */
function measureHeld(wire: Buffer): readonly [octets: number, read: number] {
  collect()
  const before = process.memoryUsage()
  const held = Array.from({ length: HELD }, () => readMessage(wire))
  collect()
  const after = process.memoryUsage()
  const octets = (after.heapUsed + after.external - before.heapUsed - before.external) / HELD
  return [octets, held.filter(each => each !== undefined).length]
}

t.test('64 KiB are read or refused within a millisecond and 64 times their octets', async t => {
  let kept = 0
  for (const [what, wire] of hard()) {
    const readers: readonly (readonly [string, () => unknown])[] = [
      ['readMessage', () => readMessage(wire)],
      ['accept', () => accept(wire, 'tcp', peer, testListener)],
      ['readName', () => readName(wire, 12)],
      ['expandRecord', () => expandRecord(wire, 12, wire.length)],
      ['expandRecord further in', () => expandRecord(wire, 623, wire.length)]
    ]
    for (const [name, read] of readers) {
      // The best of many: what the work takes when the machine does nothing else.
      let best = Infinity
      for (let run = 0; run < 60 && (run < 30 || best >= 1); run++) {
        const start = performance.now()
        read()
        best = Math.min(best, performance.now() - start)
      }
      t.ok(best < 1, `${name}, ${what}: ${best.toFixed(3)} ms`)
    }
    const [octets, read] = measureHeld(wire)
    t.ok(octets < 64 * SIZE, `readMessage, ${what}: ${Math.round(octets / SIZE)} times`)
    kept += read
  }
  t.ok(kept >= 6 * HELD, 'most of them are messages that can be read')
})

t.test('no octets make a reader throw', async () => {
  const octet = fc.oneof(fc.constantFrom(0, 1, 2, 12, 41, 0xc0, 0xff), u8)
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(octet, { maxLength: 200 }).map(list => Uint8Array.from(list)),
    // Messages that were good until some octets changed.
    fc
      .tuple(anyMessage, fc.array(fc.tuple(fc.nat(600), octet), { maxLength: 6 }))
      .map(([message, changes]) => {
        const wire = encodeMessage(message)
        for (const [at, value] of changes) if (at < wire.length) wire[at] = value
        return wire
      })
  )
  fc.assert(
    fc.property(octets, fc.nat(300), (octets, start) => {
      const wire = Buffer.from(octets)
      accept(wire, 'udp', peer, testListener)
      readName(wire, start)
      expandRecord(wire, start, wire.length)
      const message = readMessage(wire)
      if (message === undefined) return
      // Whatever was read can be looked at and encoded again, and stays the same.
      const again = readMessage(encodeMessage(message))
      same(again === undefined ? 'nothing' : messageText(again), messageText(message))
    }),
    { numRuns: 2000 }
  )
})

/** The names and texts that both decoders can show: dots and escapes inside labels are beyond them. */
const hostName = fc
  .array(fc.constantFrom('a', 'B-1', '_tcp', 'cluster', 'x'.repeat(40)), { minLength: 1, maxLength: 5 })
  .map(labels => labels.join('.'))
const line = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map(octets => `A ${formatAddress(octets, 0, 4)}`),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map(octets => `AAAA ${formatAddress(octets, 0, 16)}`),
  fc.tuple(fc.constantFrom('NS', 'CNAME', 'PTR'), hostName).map(([type, name]) => `${type} ${name}`),
  fc.tuple(u16, hostName).map(([preference, name]) => `MX ${preference} ${name}`),
  fc.tuple(u16, u16, u16, hostName).map(([a, b, c, name]) => `SRV ${a} ${b} ${c} ${name}`),
  fc
    .tuple(hostName, hostName, fc.integer({ min: 0, max: 0xffffffff }))
    .map(([a, b, serial]) => `SOA ${a} ${b} ${serial} 7200 1800 86400 5`)
)
const LINE_TTL = 30

/** A record in words; what other decoders give is put in the same ones. */
interface Told {
  readonly name: string
  readonly data: string
}
const told = (record: MessageRecord): Told => {
  const [type = '', ...data] = formatRecord(record).split(' ').slice(3)
  return { name: formatName(record.name), data: [type, ...data.map(dot)].join(' ') }
}
/** Names end in a dot here as there. */
const dot = (text: string): string => text.replace(/\.$/, '')

function asDnsPacket(wire: Buffer): readonly Told[] {
  const message = packet.decode(wire)
  return [...(message.answers ?? []), ...(message.authorities ?? []), ...(message.additionals ?? [])]
    .filter(record => record.type !== 'OPT')
    .map(record => {
      const data: unknown = 'data' in record ? record.data : undefined
      const values = typeof data === 'object' && data !== null ? ordered(record.type, data as Fields) : [data]
      return { name: `${record.name}.`, data: [record.type, ...values].join(' ') }
    })
}

type Fields = Readonly<Record<string, unknown>>
function ordered(type: string, data: Fields): readonly unknown[] {
  switch (type) {
    case 'MX':
      return [data['preference'] ?? 0, data['exchange']]
    case 'SRV':
      return [data['priority'], data['weight'], data['port'], data['target']]
    default:
      return [
        data['mname'],
        data['rname'],
        data['serial'],
        data['refresh'],
        data['retry'],
        data['expire'],
        data['minimum']
      ]
  }
}

function asDns2(wire: Buffer): readonly Told[] {
  const message = Packet.parse(wire)
  const all = [...message.answers, ...message.authorities, ...message.additionals] as unknown as (Fields & {
    type: number
  })[]
  return all
    .filter(record => record.type !== Rtype.OPT)
    .map(record => {
      const values: Readonly<Record<number, readonly string[]>> = {
        [Rtype.A]: ['address'],
        [Rtype.AAAA]: ['address'],
        [Rtype.NS]: ['ns'],
        [Rtype.CNAME]: ['domain'],
        [Rtype.PTR]: ['domain'],
        [Rtype.MX]: ['priority', 'exchange'],
        [Rtype.SRV]: ['priority', 'weight', 'port', 'target'],
        [Rtype.SOA]: ['primary', 'admin', 'serial', 'refresh', 'retry', 'expiration', 'minimum']
      }
      const type = Object.entries(Rtype).find(([, number]) => number === record.type)?.[0] ?? '?'
      return {
        name: `${String(record['name'])}.`,
        data: [type, ...(values[record.type] ?? []).map(key => record[key])].join(' ')
      }
    })
}

const compare = (wire: Buffer, records: readonly MessageRecord[]): void => {
  const expected = JSON.stringify(records.map(told))
  same(JSON.stringify(asDnsPacket(wire)), expected)
  same(JSON.stringify(asDns2(wire)), expected)
}

t.test('dns-packet and dns2 read what encodeMessage writes', async () => {
  const section = fc.array(
    fc.tuple(hostName, line).map(([name, rest]) => parseRecord(`${name} ${LINE_TTL} IN ${rest}`)),
    { maxLength: 5 }
  )
  fc.assert(
    fc.property(
      hostName,
      section,
      section,
      section,
      fc.boolean(),
      (name, answers, authority, additional, hasOpt) => {
        const opt = hasOpt
          ? { udpSize: 1232, extendedRcode: 0, version: 0, flags: 0x8000, options: [] }
          : undefined
        const questions = [{ name: encodeName(name), qtype: 1, qclass: 1 }]
        const wire = encodeMessage({
          id: 1,
          flags: Flag.QR | Flag.AA,
          questions,
          answers,
          authority,
          additional,
          opt
        })
        compare(wire, [...answers, ...authority, ...additional])
      }
    ),
    { numRuns: 300 }
  )
})

t.test('dns-packet and dns2 read what the responder sends', async () => {
  const writer = new AnswerWriter()
  const addresses = fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 60 })
  fc.assert(
    fc.property(hostName, addresses, fc.option(u16), (name, addresses, size) => {
      const responder = new Responder({
        ...{ anyClass: false, dropped: () => undefined, failed: () => undefined },
        router: new ZoneRouter([
          [
            ROOT,
            {
              answer(query) {
                writer.begin(query)
                for (const address of addresses)
                  writer.address(12, query.name.length, LINE_TTL, address, 0, 4)
                return writer.finish(0, Flag.AA)
              }
            }
          ]
        ])
      })
      const wire = responder.respond(
        queryWire(name, 'A', size === null ? {} : { edns: size }),
        'udp',
        peer,
        testListener
      )
      if (!Buffer.isBuffer(wire)) throw new Error('no message')
      const message = readMessage(wire)
      if (message === undefined) throw new Error('not read')
      const kept = message.answers.length
      if (kept < addresses.length !== ((message.flags & Flag.TC) !== 0)) throw new Error('TC')
      same(
        JSON.stringify(message.answers.map(each => hex(each.rdata))),
        JSON.stringify(addresses.slice(0, kept).map(each => hex(each)))
      )
      compare(wire, message.answers)
    }),
    { numRuns: 200 }
  )
})
