// Whole messages, decoded and encoded: for people's tools, tests and zone files. The answer path never comes here; it
// works on octets.
import { expandRdata } from './expand.ts'
import { NAME_OCTETS_MAX, ROOT, endOfName, readName, type Name } from './name.ts'
import { HEADER_OCTETS, Rtype } from './numbers.ts'
import { rdataShape, startOfNames } from './rdata-names.ts'
import { read16, read32, write16, write32 } from './records.ts'

export interface MessageQuestion {
  readonly name: Name
  readonly qtype: number
  readonly qclass: number
}

export interface MessageRecord {
  readonly name: Name
  readonly rtype: number
  readonly rclass: number
  /** Seconds; 32 bits, unsigned. */
  readonly ttl: number
  /** As on the wire, with its names written out. */
  readonly rdata: Uint8Array
}

export interface MessageOption {
  readonly code: number
  readonly data: Uint8Array
}

/** The OPT record (RFC 6891 §6.1.2, §6.1.3). */
export interface MessageOpt {
  readonly udpSize: number
  /** The upper eight bits of the rcode. */
  readonly extendedRcode: number
  readonly version: number
  /** 16 bits: DO is 0x8000. */
  readonly flags: number
  readonly options: readonly MessageOption[]
}

export interface Message {
  readonly id: number
  /** The header's second word: QR, opcode, flags, and the lower four bits of the rcode. */
  readonly flags: number
  readonly questions: readonly MessageQuestion[]
  readonly answers: readonly MessageRecord[]
  readonly authority: readonly MessageRecord[]
  /** Without the OPT. */
  readonly additional: readonly MessageRecord[]
  readonly opt: MessageOpt | undefined
}

/** The most octets a message or a record's data may have. */
const OCTETS_MAX = 0xffff
/** Pointers have 14 bits (RFC 1035 §4.1.4). */
const POINTER_REACH = 0x4000
/** What `readName` follows. */
const POINTERS_MAX = 126

/**
 * The message in `wire`; octets behind it are ignored. `undefined` when a count promises what isn't there, a name or an
 * option can't be read, or there is a second OPT or one that the root doesn't own.
 *
 * Never throws. Everything is checked here in time linear in the octets; names and data are written out only when they
 * are looked at, each time, so that pointers can't make a message larger than it is. `wire` must not change afterwards.
 */
export function readMessage(wire: Uint8Array): Message | undefined {
  return wire.length < HEADER_OCTETS || wire.length > OCTETS_MAX ? undefined : new Reader(wire).read()
}

class WireQuestion implements MessageQuestion {
  readonly #wire: Uint8Array
  readonly #start: number
  readonly #fixed: number

  constructor(wire: Uint8Array, start: number, fixed: number) {
    this.#wire = wire
    this.#start = start
    this.#fixed = fixed
  }

  get name(): Name {
    return readName(this.#wire, this.#start) ?? ROOT
  }

  get qtype(): number {
    return read16(this.#wire, this.#fixed)
  }

  get qclass(): number {
    return read16(this.#wire, this.#fixed + 2)
  }
}

/** A record that was found whole and readable; `fixed` is the offset of its type. */
class WireRecord implements MessageRecord {
  readonly #wire: Uint8Array
  readonly #start: number
  readonly #fixed: number

  constructor(wire: Uint8Array, start: number, fixed: number) {
    this.#wire = wire
    this.#start = start
    this.#fixed = fixed
  }

  get name(): Name {
    return readName(this.#wire, this.#start) ?? ROOT
  }

  get rtype(): number {
    return read16(this.#wire, this.#fixed)
  }

  get rclass(): number {
    return read16(this.#wire, this.#fixed + 2)
  }

  get ttl(): number {
    return read32(this.#wire, this.#fixed + 4)
  }

  get rdata(): Uint8Array {
    const wire = this.#wire
    const start = this.#fixed + 10
    const end = start + read16(wire, this.#fixed + 8)
    // Whatever can't be written out was refused when the message was read.
    return expandRdata(wire, this.rtype, start, end) ?? wire.subarray(start, end)
  }
}

class WireOpt implements MessageOpt {
  readonly #wire: Uint8Array
  /** Offset of the type. */
  readonly #fixed: number

  constructor(wire: Uint8Array, fixed: number) {
    this.#wire = wire
    this.#fixed = fixed
  }

  get udpSize(): number {
    return read16(this.#wire, this.#fixed + 2)
  }

  get extendedRcode(): number {
    return this.#wire[this.#fixed + 4] as number
  }

  get version(): number {
    return this.#wire[this.#fixed + 5] as number
  }

  get flags(): number {
    return read16(this.#wire, this.#fixed + 6)
  }

  get options(): readonly MessageOption[] {
    const wire = this.#wire
    const options: MessageOption[] = []
    const end = this.#fixed + 10 + read16(wire, this.#fixed + 8)
    for (let at = this.#fixed + 10; at < end;) {
      const next = at + 4 + read16(wire, at + 2)
      options.push({ code: read16(wire, at), data: wire.subarray(at + 4, next) })
      at = next
    }
    return options
  }
}

class Reader {
  readonly #wire: Uint8Array
  /** Of names that pointers may lead to: octets written out, and pointers followed above bit 8; 0 while unknown. */
  readonly #measured: Uint16Array
  /** Offsets of the labels and pointers of the name being measured. */
  readonly #under = new Uint16Array(NAME_OCTETS_MAX + POINTERS_MAX)
  #at = HEADER_OCTETS
  #opt: WireOpt | undefined

  constructor(wire: Uint8Array) {
    this.#wire = wire
    this.#measured = new Uint16Array(Math.min(wire.length, POINTER_REACH))
  }

  read(): Message | undefined {
    const wire = this.#wire
    const questions = this.#questions(read16(wire, 4))
    const answers = questions && this.#records(read16(wire, 6), false)
    const authority = answers && this.#records(read16(wire, 8), false)
    const additional = authority && this.#records(read16(wire, 10), true)
    if (additional === undefined) return undefined
    return {
      id: read16(wire, 0),
      flags: read16(wire, 2),
      questions: questions as MessageQuestion[],
      answers: answers as MessageRecord[],
      authority: authority as MessageRecord[],
      additional,
      opt: this.#opt
    }
  }

  #questions(count: number): MessageQuestion[] | undefined {
    const questions: MessageQuestion[] = []
    for (; count > 0; count--) {
      const fixed = endOfName(this.#wire, this.#at)
      if (fixed < 0 || fixed + 4 > this.#wire.length || this.#measure(this.#at) === 0) return undefined
      questions.push(new WireQuestion(this.#wire, this.#at, fixed))
      this.#at = fixed + 4
    }
    return questions
  }

  #records(count: number, isAdditional: boolean): MessageRecord[] | undefined {
    const wire = this.#wire
    const records: MessageRecord[] = []
    for (; count > 0; count--) {
      const start = this.#at
      const fixed = endOfName(wire, start)
      if (fixed < 0 || fixed + 10 > wire.length || this.#measure(start) === 0) return undefined
      const end = fixed + 10 + read16(wire, fixed + 8)
      if (end > wire.length) return undefined
      this.#at = end
      if (isAdditional && read16(wire, fixed) === Rtype.OPT) {
        if (this.#opt !== undefined || wire[start] !== 0 || !this.#hasOptions(fixed + 10, end))
          return undefined
        this.#opt = new WireOpt(wire, fixed)
      } else {
        if (!this.#hasNames(read16(wire, fixed), fixed + 10, end)) return undefined
        records.push(new WireRecord(wire, start, fixed))
      }
    }
    return records
  }

  #hasOptions(start: number, end: number): boolean {
    let at = start
    while (at + 4 <= end) at += 4 + read16(this.#wire, at + 2)
    return at === end
  }

  /** Whether the names that the data of a type holds can be written out, and the data then has a length it can say. */
  #hasNames(rtype: number, start: number, end: number): boolean {
    const wire = this.#wire
    const shape = rdataShape(rtype)
    if (shape === undefined || start === end) return true
    let at = startOfNames(shape, wire, start, end)
    if (at < 0) return false
    let octets = end - start
    for (let left = shape.names; left > 0; left--) {
      const after = endOfName(wire, at)
      const length = this.#measure(at)
      if (after < 0 || after > end || length === 0) return false
      octets += length - (after - at)
      at = after
    }
    return octets <= OCTETS_MAX
  }

  /**
   * How many octets the name at `start` has when it is written out; 0 when `readName` would not read it. Remembers what
   * it learns of each label on the way, so that every octet is looked at once however many pointers lead to it.
   */
  #measure(start: number): number {
    const wire = this.#wire
    const measured = this.#measured
    const under = this.#under
    let depth = 0
    let known = 0
    for (let at = start; known === 0;) {
      if (at >= wire.length || depth === under.length) return 0
      known = at < measured.length ? (measured[at] as number) : 0
      if (known !== 0) break
      const label = wire[at] as number
      if (label === 0) known = 1
      else if (label >= 0xc0) {
        if (at + 1 >= wire.length) return 0
        under[depth++] = at
        at = ((label & 0x3f) << 8) | (wire[at + 1] as number)
      } else {
        if (label >= 0x40) return 0
        under[depth++] = at
        at += label + 1
      }
    }
    while (depth > 0) {
      const at = under[--depth] as number
      const label = wire[at] as number
      known += label >= 0xc0 ? 0x100 : label + 1
      if (label < 0xc0 && (known & 0xff) <= label) return 0 // over 255: it ran into the count of pointers
      if (known >> 8 > POINTERS_MAX) return 0
      if (at < measured.length) measured[at] = known
    }
    return known & 0xff
  }
}

/**
 * The octets of a message. Owner names, and names in the data of the types of RFC 1035 (RFC 3597 §4), are compressed
 * against what stands before them in the same letter case. The OPT goes last, but before a TSIG.
 *
 * Throws RangeError when the message is over 65,535 octets, a name in a record's data isn't whole and uncompressed, or
 * `additional` holds an OPT.
 */
export function encodeMessage(message: Message): Buffer {
  const writer = new Writer()
  const { questions, answers, authority, additional, opt } = message
  const counts = [
    questions.length,
    answers.length,
    authority.length,
    additional.length + (opt === undefined ? 0 : 1)
  ]
  writer.number16(message.id)
  writer.number16(message.flags)
  for (const count of counts) {
    if (count > OCTETS_MAX) throw new RangeError(`a section of a message holds 65535 at most, not ${count}`)
    writer.number16(count)
  }
  for (const question of questions) {
    writer.name(question.name)
    writer.number16(question.qtype)
    writer.number16(question.qclass)
  }
  for (const record of answers) writer.record(record)
  for (const record of authority) writer.record(record)
  const signed = additional.at(-1)?.rtype === Rtype.TSIG ? additional.length - 1 : additional.length
  for (const [at, record] of additional.entries()) {
    if (record.rtype === Rtype.OPT)
      throw new RangeError('an OPT record belongs in `opt`, not in `additional`')
    if (at === signed) writer.opt(opt)
    writer.record(record)
  }
  if (signed === additional.length) writer.opt(opt)
  return writer.finish()
}

class Writer {
  #octets = Buffer.allocUnsafe(512)
  #at = 0
  /** Where names stand already, by their octets. */
  readonly #names = new Map<string, number>()

  number16(value: number): void {
    const at = this.#claim(2)
    write16(this.#octets, at, value)
  }

  number32(value: number): void {
    const at = this.#claim(4)
    write32(this.#octets, at, value)
  }

  copy(source: Uint8Array): void {
    const at = this.#claim(source.length)
    this.#octets.set(source, at)
  }

  name(name: Uint8Array): void {
    let from = 0
    for (; name[from] !== 0; from += (name[from] as number) + 1) {
      const key = Buffer.from(name.buffer, name.byteOffset + from, name.length - from).toString('latin1')
      const known = this.#names.get(key)
      if (known !== undefined) {
        this.number16(0xc000 | known)
        return
      }
      if (this.#at < POINTER_REACH) this.#names.set(key, this.#at)
      this.copy(name.subarray(from, from + 1 + (name[from] as number)))
    }
    this.copy(ROOT)
  }

  record(record: MessageRecord): void {
    this.name(record.name)
    this.number16(record.rtype)
    this.number16(record.rclass)
    this.number32(record.ttl)
    const lengthAt = this.#claim(2)
    this.#data(record.rtype, record.rdata)
    write16(this.#octets, lengthAt, this.#at - lengthAt - 2)
  }

  #data(rtype: number, rdata: Uint8Array): void {
    const shape = rdataShape(rtype)
    if (shape === undefined || rdata.length === 0) {
      this.copy(rdata)
      return
    }
    let at = startOfNames(shape, rdata, 0, rdata.length)
    const namesAt = at
    const ends: number[] = []
    for (let left = shape.names; left > 0 && at >= 0; left--) ends.push((at = endOfPlainName(rdata, at)))
    if (at < 0)
      throw new RangeError(
        `the data of a record of type ${rtype} holds no whole, uncompressed name where it should`
      )
    if (shape.mayCompress) {
      this.copy(rdata.subarray(0, namesAt))
      let start = namesAt
      for (const end of ends) {
        this.name(rdata.subarray(start, end))
        start = end
      }
      this.copy(rdata.subarray(at))
    } else this.copy(rdata)
  }

  opt(opt: MessageOpt | undefined): void {
    if (opt === undefined) return
    this.copy(ROOT)
    this.number16(Rtype.OPT)
    this.number16(opt.udpSize)
    this.number16((opt.extendedRcode << 8) | opt.version)
    this.number16(opt.flags)
    const lengthAt = this.#claim(2)
    for (const option of opt.options) {
      this.number16(option.code)
      this.number16(option.data.length)
      this.copy(option.data)
    }
    write16(this.#octets, lengthAt, this.#at - lengthAt - 2)
  }

  finish(): Buffer {
    return this.#octets.subarray(0, this.#at)
  }

  /** Makes room for so many octets and returns where they go. */
  #claim(octets: number): number {
    const at = this.#at
    this.#at += octets
    if (this.#at > OCTETS_MAX) throw new RangeError('a message has 65535 octets at most')
    if (this.#at > this.#octets.length) {
      const larger = Buffer.allocUnsafe(Math.min(OCTETS_MAX, Math.max(this.#at, this.#octets.length * 2)))
      this.#octets.copy(larger, 0, 0, at)
      this.#octets = larger
    }
    return at
  }
}

/** Offset after the name at `start`, which must have no pointers; -1 when there is none. */
function endOfPlainName(wire: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const label = wire[at]
    if (label === undefined || label >= 0x40) return -1
    at += label + 1
    if (at - start > NAME_OCTETS_MAX) return -1
    if (label === 0) return at
  }
}
