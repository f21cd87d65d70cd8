// What a zone says, section by section. Outcomes and sections are those of the RFCs and of recorded CoreDNS answers
// (zonefiles.json, whose zone the first one is).
import t from 'tap'
import { emptyAnswer } from '../../src/dns/response.ts'
import type { Query } from '../../src/dns/query.ts'
import { formatRecord } from '../../src/wire/rdata.ts'
import { encodeName, formatName, readName, type Name } from '../../src/wire/name.ts'
import { Rcode } from '../../src/wire/numbers.ts'
import { read16, read32 } from '../../src/wire/records.ts'
import { readZoneFile } from '../../src/zonefile/zone-file.ts'
import { ZoneBuilder, typeAt, type ZoneData } from '../../src/zones/zone-data.ts'
import { lookUp, type Lookup, type ZoneResult } from '../../src/zones/zone-lookup.ts'
import { makeQuery } from '../support/messages.ts'

function build(text: string, origin = 'example.org'): ZoneData {
  const builder = new ZoneBuilder(encodeName(origin))
  for (const record of readZoneFile(Buffer.from(text), encodeName(origin))) {
    const wrong = builder.add(record)
    if (wrong !== undefined) throw new Error(wrong)
  }
  const zone = builder.build()
  if (zone === undefined) throw new Error('no SOA')
  return zone
}

const asText = (record: Uint8Array): string => {
  const at = typeAt(record)
  return formatRecord({
    name: readName(record, 0) as Name,
    rtype: read16(record, at),
    rclass: 1,
    ttl: read32(record, at + 4),
    rdata: record.subarray(at + 10)
  })
}

const nowhere: Lookup = (_name, _qtype, query) => emptyAnswer(query, Rcode.SERVFAIL)

async function ask(zone: ZoneData, name: string, type = 'A', dnssecOk = false, lookup = nowhere) {
  const result: ZoneResult = await lookUp(zone, makeQuery(name, type, { dnssecOk }), lookup)
  return {
    outcome: result.outcome,
    answer: result.answer.map(asText),
    authority: result.authority.map(asText),
    additional: result.additional.map(asText)
  }
}

const SOA = '@ 60 SOA ns root 1 2 3 4 5\n'

t.test('wildcards: nearest one, empty non-terminals, names that exist (RFC 4592)', async t => {
  // The zone of RFC 4592 §2.2.1, and what §2.2.1 says of each question.
  const zone = build(
    [
      '@ 3600 SOA ns root 1 2 3 4 5',
      '* TXT "this is a wildcard"',
      '* MX 10 host1',
      'sub.* TXT "this is not a wildcard"',
      'host1 A 192.0.2.1',
      '_ssh._tcp.host1 SRV 0 0 22 host1',
      '_ssh._tcp.host2 SRV 0 0 22 host2',
      'subdel NS ns.example.com.'
    ].join('\n'),
    'example'
  )
  const cases: readonly (readonly [name: string, type: string, outcome: string, answers: number])[] = [
    ['host3.example', 'MX', 'success', 1],
    ['host3.example', 'A', 'no data', 0],
    ['foo.bar.example', 'TXT', 'success', 1],
    ['host1.example', 'MX', 'no data', 0],
    ['sub.*.example', 'MX', 'no data', 0],
    ['_telnet._tcp.host1.example', 'SRV', 'name error', 0],
    ['host.subdel.example', 'A', 'delegation', 0],
    ['ghost.*.example', 'MX', 'name error', 0],
    ['_tcp.host1.example', 'A', 'success', 0]
  ]
  for (const [name, type, outcome, answers] of cases) {
    const result = await ask(zone, name, type)
    t.equal(result.outcome, outcome, `${name} ${type}`)
    t.equal(result.answer.length, answers, `${name} ${type}`)
  }
  t.strictSame((await ask(zone, 'Host3.example', 'TXT')).answer, [
    'host3.example. 3600 IN TXT "this is a wildcard"'
  ])
})

t.test('CNAMEs: inside, outside, into a delegation, round and round', async t => {
  const zone = build(
    `${SOA}a CNAME b\nb CNAME c\nc A 10.0.0.1\nout CNAME x.net.\ncut CNAME h.sub\nsub NS ns.sub\nns.sub A 10.0.0.2\nself CNAME self\n`
  )
  t.strictSame((await ask(zone, 'a.example.org')).answer, [
    'a.example.org. 60 IN CNAME b.example.org.',
    'b.example.org. 60 IN CNAME c.example.org.',
    'c.example.org. 60 IN A 10.0.0.1'
  ])
  const cut = await ask(zone, 'cut.example.org')
  t.strictSame(
    [cut.outcome, cut.answer, cut.authority, cut.additional],
    [
      'delegation',
      ['cut.example.org. 60 IN CNAME h.sub.example.org.'],
      ['sub.example.org. 60 IN NS ns.sub.example.org.'],
      ['ns.sub.example.org. 60 IN A 10.0.0.2']
    ]
  )
  t.equal((await ask(zone, 'self.example.org')).answer.length, 10)
  const asked: string[] = []
  const lookup: Lookup = async (name, qtype, query: Query) => {
    asked.push(`${formatName(name)} ${qtype}`)
    await new Promise(setImmediate)
    return emptyAnswer(query, Rcode.NXDOMAIN)
  }
  const out = await ask(zone, 'out.example.org', 'AAAA', false, lookup)
  t.strictSame(asked, ['x.net. 28'])
  t.equal(out.outcome, 'name error')
  t.strictSame(out.answer, ['out.example.org. 60 IN CNAME x.net.'])
  t.equal((await ask(zone, 'out.example.org')).outcome, 'failure', 'SERVFAIL from there is told')
})

t.test('DNAME: below its owner only, and never beyond 255 octets', async t => {
  const long = Array.from({ length: 3 }, () => 'x'.repeat(63)).join('.')
  const zone = build(`${SOA}d DNAME t\nx.t A 10.0.0.1\nd A 10.0.0.2\nlong DNAME ${long}\nself DNAME self\n`)
  t.strictSame((await ask(zone, 'x.d.example.org')).answer, [
    'd.example.org. 60 IN DNAME t.example.org.',
    'x.d.example.org. 60 IN CNAME x.t.example.org.',
    'x.t.example.org. 60 IN A 10.0.0.1'
  ])
  t.strictSame((await ask(zone, 'd.example.org')).answer, ['d.example.org. 60 IN A 10.0.0.2'])
  t.equal((await ask(zone, `${'y'.repeat(63)}.long.example.org`)).outcome, 'failure')
  t.equal((await ask(zone, 'x.self.example.org')).outcome, 'failure')
})

t.test('DNSSEC records are given to those who ask for them', async t => {
  const signature = (covered: string, labels = 2) =>
    `RRSIG ${covered} 13 ${labels} 60 20300101000000 20200101000000 1 @ c2ln`
  const zone = build(
    [
      '$TTL 60',
      '@ SOA ns root 1 2 3 4 5',
      `@ ${signature('SOA')}`,
      '@ NS ns',
      `@ ${signature('NS')}`,
      '@ NSEC a SOA NS RRSIG NSEC',
      `@ ${signature('NSEC')}`,
      'a A 10.0.0.1',
      `a ${signature('A', 3)}`,
      'a NSEC *.w A RRSIG NSEC',
      `a ${signature('NSEC', 3)}`,
      '*.w A 10.0.0.2',
      `*.w ${signature('A', 3)}`,
      '*.w NSEC @ A RRSIG NSEC',
      `*.w ${signature('NSEC', 4)}`
    ].join('\n')
  )
  const types = (records: readonly string[]) => records.map(text => text.split(' ').slice(0, 4).join(' '))
  t.strictSame(types((await ask(zone, 'a.example.org')).answer), ['a.example.org. 60 IN A'])
  t.strictSame(types((await ask(zone, 'a.example.org', 'A', true)).answer), [
    'a.example.org. 60 IN A',
    'a.example.org. 60 IN RRSIG'
  ])
  t.strictSame(types((await ask(zone, 'a.example.org', 'MX', true)).authority), [
    'example.org. 60 IN SOA',
    'example.org. 60 IN RRSIG',
    'a.example.org. 60 IN NSEC',
    'a.example.org. 60 IN RRSIG'
  ])
  t.strictSame(types((await ask(zone, 'b.example.org', 'A', true)).authority), [
    'example.org. 60 IN SOA',
    'example.org. 60 IN RRSIG',
    'a.example.org. 60 IN NSEC',
    'a.example.org. 60 IN RRSIG',
    'example.org. 60 IN NSEC',
    'example.org. 60 IN RRSIG'
  ])
  const wild = await ask(zone, 'x.w.example.org', 'A', true)
  t.strictSame(types(wild.answer), ['x.w.example.org. 60 IN A', 'x.w.example.org. 60 IN RRSIG'])
  t.strictSame(types(wild.authority).slice(2), [
    '*.w.example.org. 60 IN NSEC',
    '*.w.example.org. 60 IN RRSIG'
  ])
})

t.test('what no zone can have is said when it is built', t => {
  const add = (text: string) =>
    new ZoneBuilder(encodeName('example.org')).add(
      [...readZoneFile(Buffer.from(text), encodeName('example.org'))][0]!
    )
  t.equal(add('@ 60 NSEC3PARAM 1 0 0 -\n'), 'NSEC3 zone is not supported')
  t.match(add('a 60 MX \\# 1 00\n'), /shape/)
  t.match(add('a 60 CNAME \\# 2 c00c\n'), /shape/)
  t.match(add('a 60 A \\# 3 0a0000\n'), /shape/)
  t.equal(add('a 60 A 10.0.0.1\n'), undefined)
  t.equal(build(`${SOA}x.net. A 10.0.0.1\n`).outside, 1)
  t.end()
})
