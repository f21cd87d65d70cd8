// A reply in the words of the recorded cases: empty sections left out, records in text.
import { rcodeName, rclassName, rtypeName } from '../../src/wire/numbers.ts'
import { readMessage, type MessageRecord } from '../../src/wire/message.ts'
import { formatName } from '../../src/wire/name.ts'
import { formatRecord } from '../../src/wire/rdata.ts'

export interface ReplyText {
  readonly rcode: string
  readonly flags: string
  readonly question: string
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly additional?: readonly string[]
  readonly edns?: {
    readonly size: number
    readonly do: boolean
    readonly opts?: readonly (readonly [number, string])[]
  }
}

const FLAGS = [
  ['qr', 0x8000],
  ['aa', 0x400],
  ['tc', 0x200],
  ['rd', 0x100],
  ['ra', 0x80],
  ['z', 0x40],
  ['ad', 0x20],
  ['cd', 0x10]
] as const

export function readReply(wire: Buffer): ReplyText {
  const message = readMessage(wire)
  if (message === undefined) throw new Error(`not a message: ${wire.toString('hex')}`)
  const question = message.questions[0]!
  const section = (name: 'answer' | 'authority' | 'additional', records: readonly MessageRecord[]) =>
    records.length === 0 ? {} : { [name]: records.map(formatRecord).sort() }
  const { opt } = message
  const opts = opt?.options.map(({ code, data }) => [code, Buffer.from(data).toString('hex')] as const)
  return {
    rcode: rcodeName((message.flags & 0xf) | ((opt?.extendedRcode ?? 0) << 4)),
    flags: FLAGS.filter(([, bit]) => (message.flags & bit) !== 0)
      .map(([name]) => name)
      .join(' '),
    question: `${formatName(question.name)} ${rclassName(question.qclass)} ${rtypeName(question.qtype)}`,
    ...section('answer', message.answers),
    ...section('authority', message.authority),
    ...section('additional', message.additional),
    ...(opt === undefined
      ? {}
      : {
          edns: {
            size: opt.udpSize,
            do: (opt.flags & 0x8000) !== 0,
            ...(opts === undefined || opts.length === 0 ? {} : { opts })
          }
        })
  }
}
