// Queries as they come in, and answers as they would be sent, in text that a failing test can show.
import packet, { type Packet } from 'dns-packet'
import { accept } from '../../src/dns/accept.ts'
import type { Answer } from '../../src/dns/answer.ts'
import type { ListenerInfo, Query, TransportKind } from '../../src/dns/query.ts'
import { encodeResponse } from '../../src/dns/response.ts'
import { encodeName } from '../../src/wire/name.ts'
import { rclassNumber, rcodeName, rtypeNumber } from '../../src/wire/numbers.ts'
import { read16 } from '../../src/wire/records.ts'

export interface QueryFields {
  readonly transport?: TransportKind
  /** `192.0.2.7` by default. */
  readonly from?: string
  readonly port?: number
  readonly id?: number
  /** RD is set unless this says otherwise; a mask of header flags. */
  readonly flags?: number
  readonly opcode?: number
  readonly rclass?: string
  /** Size to advertise in an OPT. */
  readonly edns?: number
  readonly dnssecOk?: boolean
  /** Options of the OPT: code and octets in hex. */
  readonly options?: readonly (readonly [number, string])[]
  readonly listener?: ListenerInfo
  /** Octets behind the message. */
  readonly trailing?: string
}

export const testListener: ListenerInfo = { label: 'dns://:53', address: '[::]', port: 53 }

/** The octets of a query. */
export function queryWire(name: string, type: string, fields: QueryFields = {}): Buffer {
  const hasOpt = fields.edns !== undefined || fields.dnssecOk === true || fields.options !== undefined
  const header = Buffer.alloc(12)
  header.writeUInt16BE(fields.id ?? 0x1234, 0)
  header.writeUInt16BE(((fields.opcode ?? 0) << 11) | (fields.flags ?? 0x0100), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(hasOpt ? 1 : 0, 10)
  const question = Buffer.alloc(4)
  question.writeUInt16BE(rtypeNumber(type)!, 0)
  question.writeUInt16BE(rclassNumber(fields.rclass ?? 'IN')!, 2)
  const parts: Uint8Array[] = [header, encodeName(name), question]
  if (hasOpt) {
    const options = Buffer.concat(
      (fields.options ?? []).map(([code, hex]) => {
        const head = Buffer.alloc(4)
        head.writeUInt16BE(code, 0)
        head.writeUInt16BE(hex.length / 2, 2)
        return Buffer.concat([head, Buffer.from(hex, 'hex')])
      })
    )
    const opt = Buffer.alloc(11)
    opt.writeUInt16BE(41, 1)
    opt.writeUInt16BE(fields.edns ?? 1232, 3)
    opt[7] = fields.dnssecOk === true ? 0x80 : 0
    opt.writeUInt16BE(options.length, 9)
    parts.push(opt, options)
  }
  parts.push(Buffer.from(fields.trailing ?? '', 'hex'))
  return Buffer.concat(parts)
}

/** A query as the server takes it in. */
export function makeQuery(name: string, type: string, fields: QueryFields = {}): Query {
  const peer = { address: fields.from ?? '192.0.2.7', port: fields.port ?? 40_000 }
  const query = accept(
    queryWire(name, type, fields),
    fields.transport ?? 'udp',
    peer,
    fields.listener ?? testListener
  )
  if (typeof query === 'string') throw new Error(`not accepted: ${query}`)
  return query
}

const FLAG_NAMES = [
  ['qr', 15],
  ['aa', 10],
  ['tc', 9],
  ['rd', 8],
  ['ra', 7],
  ['z', 6],
  ['ad', 5],
  ['cd', 4]
] as const

/** A response in the words of `dig`, read by an independent decoder. */
export interface ResponseText {
  readonly rcode: string
  readonly flags: string
  readonly question: string
  readonly answer: readonly string[]
  readonly authority: readonly string[]
  readonly additional: readonly string[]
  readonly edns:
    { readonly size: number; readonly do: boolean; readonly options: readonly string[] } | undefined
  readonly size: number
}

/** What a client would see of an answer. Uses it up: it is encoded in place. */
export function responseText(query: Query, answer: Answer): ResponseText {
  return decodeText(encodeResponse(query, answer))
}

export function decodeText(wire: Buffer): ResponseText {
  const message = packet.decode(wire)
  const flags = read16(wire, 2)
  const opt = message.additionals?.find(record => record.type === 'OPT')
  const question = message.questions?.[0]
  return {
    rcode: rcodeName((flags & 0xf) | ((opt?.extendedRcode ?? 0) << 4)),
    flags: FLAG_NAMES.filter(([, bit]) => ((flags >> bit) & 1) === 1)
      .map(([name]) => name)
      .join(' '),
    question: question === undefined ? '' : `${question.name} ${question.type}`,
    answer: recordTexts(message.answers),
    authority: recordTexts(message.authorities),
    additional: recordTexts(message.additionals),
    edns:
      opt === undefined
        ? undefined
        : {
            size: opt.udpPayloadSize,
            do: (opt.flags & 0x8000) !== 0,
            options: opt.options.map(option => `${option.code}:${dataOf(option).toString('hex')}`)
          },
    size: wire.length
  }
}

const dataOf = (option: object): Buffer =>
  'data' in option && Buffer.isBuffer(option.data) ? option.data : Buffer.alloc(0)

function recordTexts(records: Packet['answers']): readonly string[] {
  return (records ?? [])
    .filter(record => record.type !== 'OPT')
    .map(record => {
      const ttl = 'ttl' in record ? (record.ttl ?? 0) : 0
      return `${record.name} ${ttl} ${record.type} ${dataText('data' in record ? record.data : '')}`
    })
}

function dataText(data: unknown): string {
  if (Buffer.isBuffer(data)) return data.toString('hex')
  if (Array.isArray(data))
    return data.map(each => (Buffer.isBuffer(each) ? `"${each.toString()}"` : String(each))).join(' ')
  if (typeof data !== 'object' || data === null) return String(data)
  return Object.entries(data)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(' ')
}
