// dns64 beyond what was recorded: mistakes, who is translated for, what is left alone.
import t from 'tap'
import type { Handler } from '../../../src/dns/plugin.ts'
import { derivedQuery } from '../../../src/dns/query.ts'
import { writeSections } from '../../../src/dns/sections.ts'
import { embed } from '../../../src/plugins/dns64/dns64.ts'
import { dns64Plugin } from '../../../src/plugins/dns64/setup.ts'
import { formatIPv6, parseAddress, parsedAddress } from '../../../src/wire/address.ts'
import { Flag, Rcode, rtypeName } from '../../../src/wire/numbers.ts'
import { parseRecord } from '../../../src/wire/rdata.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'
import { compareErrors } from '../../support/recorded-errors.ts'

t.test('what CoreDNS was seen to say', t => {
  compareErrors(t, dns64Plugin, 3)
  t.equal(
    setupMessage('dns64 2001:db8::/33', dns64Plugin),
    'Corefile:2 - Error during parsing: invalid prefix length "2001:db8::/33"'
  )
  t.equal(setupMessage('dns64 64:ff9b::/96', dns64Plugin), '')
  t.end()
})

// The table of RFC 6052 §2.4.
const rfc6052: readonly (readonly [prefix: string, bits: number, address: string])[] = [
  ['2001:db8::', 32, '2001:db8:c000:221::'],
  ['2001:db8:100::', 40, '2001:db8:1c0:2:21::'],
  ['2001:db8:122::', 48, '2001:db8:122:c000:2:2100::'],
  ['2001:db8:122:300::', 56, '2001:db8:122:3c0:0:221::'],
  ['2001:db8:122:344::', 64, '2001:db8:122:344:c0:2:2100:0'],
  ['2001:db8:122:344::', 96, '2001:db8:122:344::c000:221']
]

for (const [prefix, bits, address] of rfc6052) {
  t.test(`${prefix}/${bits}`, t => {
    parseAddress(prefix)
    const octets = embed(parsedAddress.slice(), bits, Uint8Array.of(192, 0, 2, 33))
    // The same octets, however the text is shortened.
    parseAddress(address)
    t.equal(formatIPv6(octets), formatIPv6(parsedAddress.slice()))
    t.end()
  })
}

/** Records by type; NODATA with a SOA for others; `fails` has no answer at all. */
function chainOf(stanza: string, records: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = []
  const last: Handler = {
    answer: query => {
      const type = rtypeName(query.qtype)
      asked.push(type)
      const answer = (records[type] ?? []).map(line => {
        const record = parseRecord(line)
        return { ...record, owner: record.name }
      })
      const soa = parseRecord('org. 30 IN SOA ns.org. h.org. 1 2 3 4 5')
      const authority = answer.length === 0 ? [{ ...soa, owner: soa.name }] : []
      const rcode = records['rcode'] === undefined ? Rcode.NOERROR : Rcode.NXDOMAIN
      return writeSections(query, { answer, authority, additional: [] }, rcode, Flag.AA | Flag.RA)
    }
  }
  let chain = last
  const shared = testShared(testRuntime(), {
    lookup: (name, qtype, query) => chain.answer(derivedQuery(query, name, qtype))
  })
  chain = setupBlocks(`.:53 {\n${stanza}\n}`, [dns64Plugin], shared, last)[0]!.chain
  return { asked, chain }
}

const A = { A: ['a.org. 300 IN A 192.0.2.33'] }

t.test('IPv4 clients are left alone unless allow_ipv4 is set', async t => {
  const { chain, asked } = chainOf('dns64', A)
  t.same((await askHandler(chain, 'a.org', 'AAAA')).answer, [])
  t.same(asked, ['AAAA'])
  const reply = await askHandler(chain, 'a.org', 'AAAA', { from: '2001:db8::7' })
  t.has(reply, { answer: ['a.org 30 AAAA 64:ff9b::c000:221'], flags: 'qr rd', authority: [] })
})

t.test('translate_all leaves a name its own addresses out', async t => {
  const both = { ...A, AAAA: ['a.org. 300 IN AAAA 2001:db8::1'] }
  const own = chainOf('dns64 {\nallow_ipv4\n}', both)
  t.same((await askHandler(own.chain, 'a.org', 'AAAA')).answer, ['a.org 300 AAAA 2001:db8::1'])
  const all = chainOf('dns64 {\nallow_ipv4\ntranslate_all\n}', both)
  t.same((await askHandler(all.chain, 'a.org', 'AAAA')).answer, ['a.org 300 AAAA 64:ff9b::c000:221'])
})

t.test('a name error, and a name without any address, keep their answer', async t => {
  const missing = chainOf('dns64 {\nallow_ipv4\n}', { rcode: [] })
  t.has(await askHandler(missing.chain, 'a.org', 'AAAA'), { rcode: 'NXDOMAIN' })
  t.same(missing.asked, ['AAAA'])
  const bare = chainOf('dns64 {\nallow_ipv4\n}', {})
  const reply = await askHandler(bare.chain, 'a.org', 'AAAA')
  t.equal(reply.authority.length, 1, 'its SOA included')
  t.same(bare.asked, ['AAAA', 'A'])
})

t.test('other classes and types pass', async t => {
  const { chain, asked } = chainOf('dns64 {\nallow_ipv4\n}', {})
  await askHandler(chain, 'a.org', 'A')
  await askHandler(chain, 'a.org', 'AAAA', { rclass: 'CH' })
  t.same(asked, ['A', 'AAAA'])
})

t.test('a block behind a prefix is left unread, and a warning says so', t => {
  const runtime = testRuntime()
  setupBlocks('.:53 {\ndns64 64:ff9b::/96 {\nallow_ipv4\n}\n}', [dns64Plugin], testShared(runtime))
  t.match(runtime.log.lines, [/leaves its block unread/])
  t.end()
})
