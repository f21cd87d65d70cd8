import t from 'tap'
import { Whoami } from '../../../src/plugins/whoami/whoami.ts'
import { ask } from '../../support/ask.ts'
import { makeQuery, type QueryFields } from '../../support/messages.ts'

interface Case {
  readonly title: string
  readonly question: readonly [name: string, type: string]
  readonly fields?: QueryFields
  readonly flags?: string
  readonly additional: readonly string[]
}

const srv = (port: number) => `priority=0 weight=0 port=${port} target=.`

const cases: readonly Case[] = [
  {
    title: 'tells an IPv4 client over UDP',
    question: ['a.org', 'A'],
    fields: { from: '192.0.2.7', port: 40212 },
    additional: ['a.org 0 A 192.0.2.7', `_udp.a.org 0 SRV ${srv(40212)}`]
  },
  {
    title: 'tells an IPv6 client over TCP',
    question: ['a.org', 'A'],
    fields: { from: '2001:db8::7', port: 1, transport: 'tcp' },
    additional: ['a.org 0 AAAA 2001:db8::7', `_tcp.a.org 0 SRV ${srv(1)}`]
  },
  {
    title: 'counts TLS as TCP and leaves the interface of an address out',
    question: ['a.org', 'TXT'],
    fields: { from: 'fe80::1%eth0', port: 65535, transport: 'tls' },
    additional: ['a.org 0 AAAA fe80::1', `_tcp.a.org 0 SRV ${srv(65535)}`]
  },
  {
    title: 'keeps the letter case of the name',
    question: ['A.oRg', 'AAAA'],
    fields: { port: 5 },
    additional: ['A.oRg 0 A 192.0.2.7', `_udp.A.oRg 0 SRV ${srv(5)}`]
  },
  {
    title: 'answers for the root',
    question: ['.', 'NS'],
    fields: { port: 5 },
    additional: ['. 0 A 192.0.2.7', `_udp 0 SRV ${srv(5)}`]
  },
  {
    title: 'copies RD and CD',
    question: ['a.org', 'A'],
    fields: { port: 5, flags: 0x0010 },
    flags: 'qr aa cd',
    additional: ['a.org 0 A 192.0.2.7', `_udp.a.org 0 SRV ${srv(5)}`]
  },
  {
    title: 'leaves the SRV record out where its owner would be too long',
    question: [`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(57)}`, 'A'],
    additional: [`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(57)} 0 A 192.0.2.7`]
  }
]

for (const { title, question, fields, flags = 'qr aa rd', additional } of cases) {
  t.test(title, async t => {
    const response = await ask([new Whoami()], ...question, fields)
    t.has(response, { rcode: 'NOERROR', flags, answer: [], authority: [], additional, edns: undefined })
  })
}

t.test('gives clients with EDNS an OPT', async t => {
  const response = await ask([new Whoami()], 'a.org', 'A', { edns: 4096, dnssecOk: true })
  t.same(response.edns, { size: 4096, do: true, options: [] })
  t.equal(response.additional.length, 2)
})

t.test('answers at once, and knows its length without compression', async t => {
  const answer = new Whoami().answer(makeQuery('a.org', 'A'))
  t.notOk(answer instanceof Promise)
  // A header, a question, an A record, an SRV record with a longer owner.
  t.equal(answer.plainLength, 12 + (7 + 4) + (7 + 10 + 4) + (12 + 10 + 7))
})
