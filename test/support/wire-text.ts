// Messages as text, one record a line as in a zone file, for comparing with recorded ones. Written apart from the code
// that makes our answers.
import { formatIPv4, formatIPv6 } from '../../src/wire/address.ts'
import { endOfName, formatName, readName } from '../../src/wire/name.ts'
import { rclassName, rtypeName } from '../../src/wire/numbers.ts'

export interface MessageText {
  readonly id: number
  readonly rcode: number
  /** Of aa tc rd ra ad cd, those that are set. */
  readonly flags: string
  readonly question: { readonly name: string; readonly type: number }[]
  readonly answer: string[]
  readonly ns: string[]
  readonly extra: string[]
  /** `none`, or size, version, DO and options in hex. */
  readonly opt: string
}

const FLAGS: readonly (readonly [string, number])[] = [
  ['aa', 0x400],
  ['tc', 0x200],
  ['rd', 0x100],
  ['ra', 0x80],
  ['ad', 0x20],
  ['cd', 0x10]
]

const nameAt = (wire: Buffer, at: number): string => {
  const name = readName(wire, at)
  if (name === undefined) throw new Error(`no name at octet ${at}`)
  return formatName(name)
}

function rdataText(wire: Buffer, type: string, at: number, end: number): string {
  switch (type) {
    case 'A':
      return formatIPv4(wire, at)
    case 'AAAA':
      return formatIPv6(wire, at)
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return nameAt(wire, at)
    case 'SRV':
      return `${wire.readUInt16BE(at)} ${wire.readUInt16BE(at + 2)} ${wire.readUInt16BE(at + 4)} ${nameAt(wire, at + 6)}`
    case 'MX':
      return `${wire.readUInt16BE(at)} ${nameAt(wire, at + 2)}`
    case 'SOA': {
      const rnameAt = endOfName(wire, at)
      const numbersAt = endOfName(wire, rnameAt)
      const numbers = [0, 4, 8, 12, 16].map(offset => wire.readUInt32BE(numbersAt + offset))
      return `${nameAt(wire, at)} ${nameAt(wire, rnameAt)} ${numbers.join(' ')}`
    }
    case 'TXT': {
      const texts: string[] = []
      for (; at < end; at += 1 + (wire[at] as number))
        texts.push(`"${wire.toString('latin1', at + 1, at + 1 + (wire[at] as number))}"`)
      return texts.join(' ')
    }
    default:
      return `\\# ${end - at} ${wire.toString('hex', at, end)}`
  }
}

/** Reads a whole message. Throws when it is malformed or has octets left over. */
export function messageText(wire: Buffer): MessageText {
  const word = wire.readUInt16BE(2)
  let rcode = word & 15
  let at = 12
  const question: MessageText['question'] = []
  for (let left = wire.readUInt16BE(4); left > 0; left--) {
    const end = endOfName(wire, at)
    question.push({ name: nameAt(wire, at), type: wire.readUInt16BE(end) })
    at = end + 4
  }
  let opt = 'none'
  const sections = [6, 8, 10].map(countAt => {
    const lines: string[] = []
    for (let left = wire.readUInt16BE(countAt); left > 0; left--) {
      const end = endOfName(wire, at)
      const type = wire.readUInt16BE(end)
      const length = wire.readUInt16BE(end + 8)
      const dataAt = end + 10
      if (type === 41) {
        rcode |= (wire[end + 4] as number) << 4
        const options = wire.toString('hex', dataAt, dataAt + length)
        const dnssecOk = ((wire[end + 6] as number) & 0x80) === 0 ? 0 : 1
        opt = `size=${wire.readUInt16BE(end + 2)} version=${wire[end + 5] as number} do=${dnssecOk}${options === '' ? '' : ` options=${options}`}`
      } else {
        const name = rtypeName(type)
        const text = rdataText(wire, name, dataAt, dataAt + length)
        lines.push(
          `${nameAt(wire, at)} ${wire.readUInt32BE(end + 4)} ${rclassName(wire.readUInt16BE(end + 2))} ${name} ${text}`
        )
      }
      at = dataAt + length
    }
    return lines
  })
  if (at !== wire.length) throw new Error(`${wire.length - at} octets after the last record`)
  const [answer = [], ns = [], extra = []] = sections
  const flags = FLAGS.filter(([, bit]) => (word & bit) !== 0)
    .map(([name]) => name)
    .join(' ')
  return { id: wire.readUInt16BE(0), rcode, flags, question, answer, ns, extra, opt }
}
