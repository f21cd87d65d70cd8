// A reply in the words of the recorded cases: empty sections left out, records in text, in the order of the message. Read
// by the tests' own decoder.
import { rcodeName, rclassName, rtypeName } from '../../src/wire/numbers.ts'
import { read16 } from '../../src/wire/records.ts'
import { messageText } from './wire-text.ts'

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

export function readReply(wire: Buffer): ReplyText {
  const { rcode, flags, question, answer, ns, extra, opt } = messageText(wire)
  const [, size = '', dnssecOk = '', options = ''] =
    /^size=(\d+) version=0 do=(\d)(?: options=(\w+))?/.exec(opt) ?? []
  const [asked] = question
  const section = (name: string, lines: readonly string[]) => (lines.length === 0 ? {} : { [name]: lines })
  const opts = options === '' ? {} : { opts: readOptions(Buffer.from(options, 'hex')) }
  return {
    rcode: rcodeName(rcode),
    flags: ['qr', ...flags.split(' ').filter(Boolean)].join(' '),
    question: `${asked!.name} ${rclassName(questionClass(wire))} ${rtypeName(asked!.type)}`,
    ...section('answer', answer),
    ...section('authority', ns),
    ...section('additional', extra),
    ...(opt === 'none' ? {} : { edns: { size: Number(size), do: dnssecOk === '1', ...opts } })
  }
}

/** The question stands uncompressed at octet 12. */
function questionClass(wire: Buffer): number {
  let at = 12
  while (wire[at] !== 0) at += wire[at]! + 1
  return read16(wire, at + 3)
}

function readOptions(octets: Buffer): readonly (readonly [number, string])[] {
  const options: [number, string][] = []
  for (let at = 0; at < octets.length; at += 4 + read16(octets, at + 2)) {
    options.push([read16(octets, at), octets.toString('hex', at + 4, at + 4 + read16(octets, at + 2))])
  }
  return options
}
