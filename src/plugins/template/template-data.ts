// What a template is filled from (corefile-and-plugins.md §8.14).
import type { Pattern } from '../../corefile/pattern.ts'
import type { Query } from '../../dns/query.ts'
import { formatName } from '../../wire/name.ts'
import { Flag, Rclass, Rtype, rclassName, rtypeName } from '../../wire/numbers.ts'
import type { TemplateData } from './go/execute.ts'
import { Struct, type Value } from './go/format.ts'

/** What a query matched. */
export interface Matched {
  readonly query: Query
  /** The zone of the template, as text. */
  readonly zone: string
  /** Lower-cased, with its final dot. */
  readonly name: string
  /** Of the line: what stands for a query's ANY. */
  readonly qclass: number
  readonly qtype: number
  readonly pattern: Pattern
}

export function templateData(matched: Matched): TemplateData {
  const { query, pattern } = matched
  const groups = pattern.find(matched.name) ?? []
  const byName: Record<string, Value> = Object.create(null) as Record<string, Value>
  groups.forEach((group, number) => (byName[String(number)] = group))
  for (const [name, number] of pattern.groupNumbers) byName[name] = groups[number] ?? ''
  const question = new Struct({ Name: formatName(query.name), Qtype: query.qtype, Qclass: query.qclass })
  return {
    fields: new Struct({
      Zone: matched.zone,
      Name: matched.name,
      Class: className(matched),
      Type: typeName(matched),
      Match: groups,
      Group: byName,
      Message: message(query, question),
      Question: question,
      Remote: query.peer.address
    }),
    methods: {
      Meta: ([label]) => (typeof label === 'string' ? (query.metadata?.get(label) ?? '') : '')
    }
  }
}

export const className = ({ query, qclass }: Matched): string =>
  rclassName(query.qclass === Rclass.ANY ? qclass : query.qclass)

export const typeName = ({ query, qtype }: Matched): string =>
  rtypeName(query.qtype === Rtype.ANY ? qtype : query.qtype)

/** The query's header and question; its other sections are not shown. */
function message(query: Query, question: Value): Struct {
  const { flags } = query
  const has = (flag: number) => (flags & flag) !== 0
  return new Struct({
    Id: query.id,
    Response: has(Flag.QR),
    Opcode: query.opcode,
    Authoritative: has(Flag.AA),
    Truncated: has(Flag.TC),
    RecursionDesired: has(Flag.RD),
    RecursionAvailable: has(Flag.RA),
    Zero: has(Flag.Z),
    AuthenticatedData: has(Flag.AD),
    CheckingDisabled: has(Flag.CD),
    Rcode: flags & 0xf,
    Question: [question],
    Answer: [],
    Ns: [],
    Extra: []
  })
}
