import t from 'tap'
import { a, CacheBench, soa, type Reply, type Script } from './support.ts'

const corefile = (options = '', line = 'cache') =>
  `.:53 {\n ${line} {\n${options}\n }\n forward . 192.0.2.1\n}\n`
const AD = 0x20

/** Each answer names how often the upstream was asked. */
const counting = (ttl = 300): Script => {
  let count = 0
  return question => ({ answers: [a(question.split(' ')[0]!, ttl, `10.0.0.${++count}`)] })
}

t.test('gives an answer again, older by the time that passed', async t => {
  const bench = new CacheBench(corefile(), counting())
  await bench.block.start()
  t.equal(await bench.line('a.org'), 'NOERROR qr rd ra | a.org 300 A 10.0.0.1')
  t.same(bench.asked(), ['udp a.org A ad'])
  bench.runtime.clock.advance(2_900)
  t.equal(await bench.line('a.org'), 'NOERROR qr aa rd ra | a.org 298 A 10.0.0.1')
  bench.runtime.clock.advance(296_900)
  t.equal(await bench.line('a.org'), 'NOERROR qr aa rd ra | a.org 1 A 10.0.0.1')
  t.same(bench.asked(), [])
  bench.runtime.clock.advance(300)
  t.equal(await bench.line('a.org'), 'NOERROR qr rd ra | a.org 300 A 10.0.0.2')
  t.same(bench.metrics(), {
    'entries success': 1,
    'entries denial': 0,
    requests_total: 4,
    'hits_total success': 2,
    misses_total: 2,
    labdns_cache_octets: bench.metrics()['labdns_cache_octets'],
    labdns_cache_octets_max: 32 * 1024 * 1024
  })
})

t.test('nothing is shown before the first query, and nothing that did not happen', async t => {
  const bench = new CacheBench(corefile(), counting())
  t.same(
    Object.keys(bench.metrics()).filter(name => !name.startsWith('labdns')),
    []
  )
})

t.test('the question comes back as it was asked, owners as they were asked first', async t => {
  const bench = new CacheBench(corefile(), question => ({
    answers: [
      { type: 'CNAME', name: question.split(' ')[0]!, ttl: 60, data: 'web.Example.org' },
      a('web.Example.org', 60)
    ]
  }))
  await bench.ask('www.Example.org')
  for (const name of ['www.Example.org', 'WWW.example.ORG', 'www.example.org']) {
    const response = await bench.ask(name)
    t.equal(response.question, `${name} A`)
    t.same(response.answer, ['www.Example.org 60 CNAME web.Example.org', 'web.Example.org 60 A 10.0.0.1'])
  }
  t.equal(bench.asked().length, 1)
})

t.test(
  'type, class, DO and CD make another question; RD, AD, size, options and transport do not',
  async t => {
    const bench = new CacheBench(corefile(), counting())
    await bench.ask('a.org')
    for (const fields of [
      { flags: 0 },
      { flags: 0x0100 | AD },
      { edns: 4096 },
      { options: [[10, '0102030405060708']] as const },
      { transport: 'tcp' as const }
    ])
      t.match(await bench.line('a.org', 'A', fields), /10\.0\.0\.1$/)
    t.equal(bench.asked().length, 1)
    t.match(await bench.line('a.org', 'A', { dnssecOk: true }), /10\.0\.0\.2$/)
    t.match(await bench.line('a.org', 'A', { flags: 0x0110 }), /10\.0\.0\.3$/)
    t.match(await bench.line('a.org', 'A', { flags: 0x0110, dnssecOk: true }), /10\.0\.0\.4$/)
    t.match(await bench.line('a.org', 'A', { rclass: 'HS' }), /10\.0\.0\.5$/)
    t.match(await bench.line('a.org', 'AAAA'), /10\.0\.0\.6$/)
    t.match(await bench.line('a.org', 'A', { flags: 0x0110 }), /10\.0\.0\.3$/)
  }
)

t.test('AD goes to those who ask for it', async t => {
  const bench = new CacheBench(corefile(), () => ({ answers: [a('a.org', 300)], flags: 0x80 | AD }))
  t.match(await bench.line('a.org'), /^NOERROR qr rd ra \|/)
  t.match(await bench.line('a.org'), /^NOERROR qr aa rd ra \|/)
  t.match(await bench.line('a.org', 'A', { flags: 0x0100 | AD }), /^NOERROR qr aa rd ra ad \|/)
  t.match(await bench.line('b.org', 'A', { flags: 0x0100 | AD }), /^NOERROR qr rd ra ad \|/)
})

/** TTLs as upstream gives them, the options, and what everybody gets. */
const lifetimes: readonly (readonly [string, string, string, Reply, string])[] = [
  [
    'the least TTL of all sections',
    '',
    'cache',
    { answers: [a('a.org', 300), a('a.org', 20, '10.0.0.2')], additionals: [a('b.org', 7)] },
    'NOERROR | a.org 7 A 10.0.0.1 | a.org 7 A 10.0.0.2 | b.org 7 A 10.0.0.1'
  ],
  [
    'at most what the line says',
    '',
    'cache 30',
    { answers: [a('a.org', 300)] },
    'NOERROR | a.org 30 A 10.0.0.1'
  ],
  ['at least 5 seconds', '', 'cache 30', { answers: [a('a.org', 0)] }, 'NOERROR | a.org 5 A 10.0.0.1'],
  [
    'a least TTL of its own',
    'success 100 60 10',
    'cache',
    { answers: [a('a.org', 1)] },
    'NOERROR | a.org 10 A 10.0.0.1'
  ],
  [
    'a greatest TTL below the least one wins',
    'success 100 5 10',
    'cache',
    { answers: [a('a.org', 300)] },
    'NOERROR | a.org 5 A 10.0.0.1'
  ],
  [
    'never more than an hour',
    'success 100 86400',
    'cache',
    { answers: [a('a.org', 90_000)] },
    'NOERROR | a.org 3600 A 10.0.0.1'
  ],
  [
    'denials have their own bounds',
    'denial 100 40',
    'cache',
    { rcode: 3, authorities: [soa('org', 300)] },
    'NXDOMAIN | org 40 SOA'
  ],
  [
    'a referral',
    '',
    'cache',
    { authorities: [{ type: 'NS', name: 'org', ttl: 300, data: 'ns.org' }] },
    'NOERROR | org 5 NS ns.org'
  ],
  ['no record at all', '', 'cache', {}, 'NOERROR']
]

for (const [what, options, line, reply, text] of lifetimes) {
  t.test(`lifetime: ${what}`, async t => {
    const bench = new CacheBench(corefile(options, line), () => reply)
    const plain = async () => (await bench.line('a.org')).replace(/ qr.*? ra/, '').replace(/(SOA).*/, '$1')
    t.equal(await plain(), text)
    t.equal(await plain(), text, 'and so from the cache')
    t.equal(bench.asked().length, 1)
  })
}

/** Whether the second question is answered from the cache. */
const kept: readonly (readonly [string, Reply | undefined, boolean])[] = [
  ['an answer', { answers: [a('a.org', 60)] }, true],
  ['NXDOMAIN with SOA', { rcode: 3, authorities: [soa('org', 60)] }, true],
  ['NXDOMAIN without SOA', { rcode: 3 }, false],
  ['NXDOMAIN with answers', { rcode: 3, answers: [a('a.org', 60)], authorities: [soa('org', 60)] }, false],
  ['no data with SOA', { authorities: [soa('org', 60)] }, true],
  [
    'a chain that ends without data, with SOA',
    { answers: [{ type: 'CNAME', name: 'a.org', ttl: 60, data: 'b.org' }], authorities: [soa('org', 60)] },
    true
  ],
  [
    'a chain that ends nowhere',
    { answers: [{ type: 'CNAME', name: 'a.org', ttl: 60, data: 'b.org' }] },
    false
  ],
  ['SERVFAIL from upstream', { rcode: 2 }, true],
  ['SERVFAIL of our own', undefined, false],
  ['NOTIMP', { rcode: 4 }, true],
  ['REFUSED', { rcode: 5 }, false],
  ['FORMERR', { rcode: 1 }, false],
  ['a cut answer', { flags: 0x0280, answers: [a('a.org', 60)] }, false]
]

for (const [what, reply, isKept] of kept) {
  t.test(`${isKept ? 'keeps' : 'does not keep'} ${what}`, async t => {
    const bench = new CacheBench(corefile(), () => reply)
    await bench.ask('a.org')
    await bench.ask('a.org')
    t.equal(bench.asked().length, isKept ? 1 : 2)
  })
}

t.test('failures are kept for 5 seconds, or as long as is said', async t => {
  for (const [options, seconds] of [
    ['', 5],
    ['servfail 60s', 60]
  ] as const) {
    const bench = new CacheBench(corefile(options), () => ({ rcode: 2 }))
    await bench.ask('a.org')
    bench.runtime.clock.advance(seconds * 1000 - 10)
    t.equal(await bench.line('a.org'), 'SERVFAIL qr aa rd ra')
    bench.runtime.clock.advance(20)
    t.equal(await bench.line('a.org'), 'SERVFAIL qr rd ra')
  }
  const bench = new CacheBench(corefile('servfail 0'), () => ({ rcode: 2 }))
  await bench.ask('a.org')
  await bench.ask('a.org')
  t.equal(bench.asked().length, 2)
})

t.test('an expired signature is not kept where DNSSEC is asked for', async t => {
  // Type covered A, algorithm 13, expired 2020.
  const data = Buffer.from('00010d02000012c05e0be1005de45400a1b2036f726700deadbeef', 'hex')
  const bench = new CacheBench(corefile(), () => ({
    answers: [a('a.org', 300), { type: 'UNKNOWN_46', name: 'a.org', ttl: 300, data } as never]
  }))
  bench.script = (_question, query) => ({
    answers: [a('a.org', 300)],
    ...(query.dnssecOk && { answers: [a('a.org', 300), rrsig] })
  })
  const rrsig = {
    type: 'RRSIG' as const,
    name: 'a.org',
    ttl: 300,
    data: {
      typeCovered: 'A' as const,
      algorithm: 13,
      labels: 2,
      originalTTL: 4800,
      expiration: 1_577_836_800,
      inception: 1_575_244_800,
      keyTag: 1,
      signersName: 'org',
      signature: data
    }
  }
  t.match((await bench.ask('a.org', 'A', { dnssecOk: true })).answer[0], 'a.org 5 A')
  await bench.ask('a.org', 'A', { dnssecOk: true })
  t.equal(bench.asked().length, 2)
})

t.test('answers and denials take the place of each other', async t => {
  const bench = new CacheBench(
    corefile('prefetch 1 1m 90%\n success 100 10 10\n denial 100 10 10'),
    counting()
  )
  const denies: Script = () => ({ rcode: 3, authorities: [soa('org', 10)] })
  await bench.ask('a.org')
  bench.script = denies
  bench.runtime.clock.advance(2000)
  await bench.ask('a.org')
  t.match(await bench.line('a.org'), /^NXDOMAIN qr aa/, 'the refresh found that the name is gone')
  t.match(bench.metrics(), { 'entries success': 0, 'entries denial': 1 })
  bench.script = counting()
  bench.runtime.clock.advance(2000)
  await bench.ask('a.org')
  t.match(await bench.line('a.org'), /^NOERROR qr aa/, 'and that it is back')
  t.match(bench.metrics(), { 'entries success': 1, 'entries denial': 0, prefetch_total: 2 })
})

t.test('a failure neither hides nor removes what lives', async t => {
  for (const live of [counting(10), (() => ({ rcode: 3, authorities: [soa('org', 10)] })) as Script]) {
    const bench = new CacheBench(corefile('prefetch 1 1m 90%'), live)
    await bench.ask('a.org')
    bench.script = () => ({ rcode: 2 })
    bench.runtime.clock.advance(2000)
    const first = await bench.line('a.org')
    t.same(bench.asked(), ['udp a.org A ad', 'tcp a.org A ad'], 'the refresh failed')
    t.equal(await bench.line('a.org'), first)
  }
})

t.test('refreshes what is asked for often, near its end, over TCP, once', async t => {
  const bench = new CacheBench(corefile('success 100 10 10\n prefetch 2 5s 50%'), counting())
  await bench.ask('a.org')
  await bench.ask('a.org')
  bench.runtime.clock.advance(4_500)
  await bench.ask('a.org')
  t.same(bench.asked(), ['udp a.org A ad'], 'too early')
  bench.runtime.clock.advance(1000)
  let release: (reply: Reply) => void = () => undefined
  bench.script = () => new Promise(resolve => (release = resolve))
  t.match(await bench.line('a.org'), /^NOERROR qr aa rd ra \| a\.org 5 A 10\.0\.0\.1/)
  await bench.ask('a.org')
  t.same(bench.asked(), ['tcp a.org A ad'])
  release({ answers: [a('a.org', 10, '10.0.0.2')] })
  await new Promise(setImmediate)
  t.match(await bench.line('a.org'), /a\.org 10 A 10\.0\.0\.2/)
  t.equal(bench.metrics()['prefetch_total'], 1)
})

t.test('hits that lie far apart begin anew', async t => {
  const bench = new CacheBench(corefile('success 100 100 100\n prefetch 2 5s 90%'), counting())
  await bench.ask('a.org')
  for (let i = 0; i < 3; i++) {
    bench.runtime.clock.advance(20_000)
    await bench.ask('a.org')
  }
  t.equal(bench.asked().length, 1)
})

t.test('keepttl', async t => {
  const bench = new CacheBench(corefile('keepttl', 'cache 30'), counting())
  await bench.ask('a.org')
  bench.runtime.clock.advance(20_000)
  t.match(await bench.line('a.org'), /a\.org 30 A/)
})

t.test('disabled zones are not kept, and their TTLs are bounded all the same', async t => {
  const bench = new CacheBench(corefile('disable success a.org', 'cache 30'), counting())
  for (const name of ['x.a.org', 'A.org']) {
    t.match(await bench.line(name), / 30 A /)
    await bench.ask(name)
  }
  t.equal(bench.asked().length, 4)
  await bench.ask('ba.org')
  await bench.ask('ba.org')
  t.equal(bench.asked().length, 1)
})

t.test('names outside its zones pass untouched', async t => {
  const bench = new CacheBench(corefile('', 'cache 30 example.org'), counting())
  t.match(await bench.line('a.org'), / 300 A /)
  t.same(bench.asked(), ['udp a.org A'], 'without AD')
  t.match(await bench.line('a.example.org'), / 30 A /)
  t.match(bench.metrics(), { requests_total: 1 })
})

t.test('an answer that is too long for who asks later is cut for that one', async t => {
  const many = Array.from({ length: 60 }, (_, i) => a('big.org', 60, `10.0.0.${i}`))
  const bench = new CacheBench(corefile(), () => ({ answers: many }))
  await bench.ask('big.org', 'A', { transport: 'tcp' })
  t.match(await bench.ask('big.org'), { flags: 'qr aa tc rd ra', size: 505 })
  t.match(await bench.ask('big.org', 'A', { edns: 1232 }), {
    flags: 'qr aa rd ra',
    size: 996,
    answer: { length: 60 }
  })
  t.equal(bench.asked().length, 1)
})

t.test('what an upstream says in its OPT goes no further', async t => {
  const bench = new CacheBench(corefile(), () => ({
    answers: [a('a.org', 60)],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 4096,
        flags: 0,
        options: [{ code: 15, data: Buffer.from([0, 3]) }]
      } as never
    ]
  }))
  for (let i = 0; i < 2; i++)
    t.match((await bench.ask('a.org', 'A', { edns: 1232 })).edns, { size: 1232, options: [] })
  t.equal((await bench.ask('a.org')).edns, undefined)
})

t.test('a plugin that throws leaves the query as it was', async t => {
  const bench = new CacheBench(corefile(), () => {
    throw new Error('broken')
  })
  await t.rejects(bench.ask('a.org'), /broken/)
  bench.script = () => Promise.reject(new Error('later'))
  await t.rejects(bench.ask('a.org'), /later/)
  bench.script = counting()
  t.match(await bench.line('a.org'), /^NOERROR/)
})
