// Between resolver models and messages: a query's octets from what a model sends, and a reply's parts from octets.
import { replyKind, type Outgoing, type Reply } from '../../resolver/network.ts'
import { formatAddress } from '../../wire/address.ts'
import { encodeMessage, readMessage, type Message } from '../../wire/message.ts'
import { formatName, nameKey, parseName, readName } from '../../wire/name.ts'
import { Flag, Rclass, Rtype, rtypeNumber } from '../../wire/numbers.ts'

/** The octets of a query; undefined when no message can ask it. `ednsSize`: what the OPT offers; undefined: none. */
export function queryOctets(message: Outgoing, id: number, ednsSize: number | undefined): Buffer | undefined {
  const name = message.name === null ? undefined : parseName(message.name)
  const qtype = message.type === null ? undefined : rtypeNumber(message.type)
  if (name === undefined || qtype === undefined) return undefined
  const flags = (message.rd === false ? 0 : Flag.RD) | (message.ad === true ? Flag.AD : 0)
  return encodeMessage({
    ...{ id, flags, questions: [{ name, qtype, qclass: Rclass.IN }] },
    ...{ answers: [], authority: [], additional: [] },
    opt:
      ednsSize === undefined
        ? undefined
        : { udpSize: ednsSize, extendedRcode: 0, version: 0, flags: 0, options: [] }
  })
}

/** What stub resolvers look at in a reply; undefined when it can't be read. */
export function replyOf(octets: Buffer, detail: unknown): Reply | undefined {
  const message = readMessage(octets)
  if (message === undefined) return undefined
  const { flags, answers, additional, opt, questions } = message
  const parts = {
    rcode: flags & 0xf,
    answers: answers.length,
    addresses: addressesIn(message, questions[0]?.qtype ?? 0),
    truncated: (flags & Flag.TC) !== 0,
    authoritative: (flags & Flag.AA) !== 0,
    recursionAvailable: (flags & Flag.RA) !== 0,
    additional: additional.length + (opt === undefined ? 0 : 1)
  }
  const alias = aliasIn(message)
  const whole = { ...parts, ...(alias === undefined ? {} : { alias }), detail }
  return { ...whole, kind: replyKind(whole) }
}

function addressesIn({ answers }: Message, qtype: number): string[] {
  if (qtype !== Rtype.A && qtype !== Rtype.AAAA) return []
  return answers
    .filter(({ rtype }) => rtype === qtype)
    .map(({ rdata }) => formatAddress(rdata, 0, qtype === Rtype.A ? 4 : 16))
}

/** Where the aliases lead that begin at the question's name. */
function aliasIn({ answers, questions }: Message): string | undefined {
  const [question] = questions
  if (question === undefined) return undefined
  let owner = nameKey(question.name)
  let alias: string | undefined
  for (let hops = 0; hops < answers.length; hops++) {
    const next = answers.find(({ rtype, name }) => rtype === Rtype.CNAME && nameKey(name) === owner)
    const target = next === undefined ? undefined : readName(next.rdata, 0)
    if (target === undefined) break
    owner = nameKey(target)
    alias = formatName(target)
  }
  return alias
}
