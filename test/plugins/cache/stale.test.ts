import t from 'tap'
import { a, CacheBench, soa, type Reply, type Script } from './support.ts'

const corefile = (options: string) =>
  `.:53 {\n cache {\n success 100 5 5\n ${options}\n }\n forward . 192.0.2.1\n}\n`
const good =
  (last: number): Script =>
  () => ({ answers: [a('a.org', 5, `10.0.0.${last}`)] })
const gone: Script = () => ({ rcode: 3, authorities: [soa('org', 5)] })
const broken: Script = () => ({ rcode: 2 })

/** A bench whose answer for a.org has just expired. */
async function expired(options: string): Promise<CacheBench> {
  const bench = new CacheBench(corefile(options), good(1))
  await bench.ask('a.org')
  bench.asked()
  bench.runtime.clock.advance(5_400)
  return bench
}

t.test('immediate: the old answer now, the new one for the next', async t => {
  const bench = await expired('serve_stale 1h immediate')
  bench.script = good(2)
  t.equal(await bench.line('a.org'), 'NOERROR qr aa rd ra | a.org 0 A 10.0.0.1')
  t.same(bench.asked(), ['tcp a.org A ad'])
  t.equal(await bench.line('a.org'), 'NOERROR qr aa rd ra | a.org 5 A 10.0.0.2')
  t.match(bench.metrics(), {
    served_stale_total: 1,
    prefetch_total: 1,
    misses_total: 1,
    'hits_total success': 2
  })
})

t.test('a TTL of its own', async t => {
  const bench = await expired('serve_stale 1h immediate 30s')
  t.match(await bench.line('a.org'), /a\.org 30 A 10\.0\.0\.1/)
})

t.test('not beyond its time', async t => {
  const bench = await expired('serve_stale 10s')
  bench.runtime.clock.advance(10_000)
  bench.script = good(2)
  t.equal(await bench.line('a.org'), 'NOERROR qr rd ra | a.org 5 A 10.0.0.2')
})

t.test('without serve_stale nothing is stale', async t => {
  const bench = await expired('')
  bench.script = broken
  t.equal(await bench.line('a.org'), 'SERVFAIL qr rd ra')
})

t.test('denials are never served stale', async t => {
  for (const mode of ['immediate', 'verify']) {
    const bench = new CacheBench(corefile(`denial 100 5 5\n serve_stale 1h ${mode}`), gone)
    await bench.ask('a.org')
    bench.runtime.clock.advance(5_400)
    bench.script = good(1)
    t.equal(await bench.line('a.org'), 'NOERROR qr rd ra | a.org 5 A 10.0.0.1', mode)
  }
})

/** With `verify`: what upstream says, and what the client gets. */
const verified: readonly (readonly [string, Reply | undefined, RegExp])[] = [
  ['an answer', { answers: [a('a.org', 5, '10.0.0.2')] }, /^NOERROR qr rd ra \| a\.org 5 A 10\.0\.0\.2/],
  ['a denial', { rcode: 3, authorities: [soa('org', 60)] }, /^NXDOMAIN qr rd ra/],
  ['SERVFAIL', { rcode: 2 }, /^NOERROR qr aa rd ra \| a\.org 0 A 10\.0\.0\.1/],
  ['REFUSED', { rcode: 5 }, /^NOERROR qr aa rd ra \| a\.org 0 A 10\.0\.0\.1/],
  ['a cut answer', { flags: 0x0280 }, /^NOERROR qr aa rd ra \| a\.org 0 A 10\.0\.0\.1/],
  ['nothing', undefined, /^NOERROR qr aa rd ra \| a\.org 0 A 10\.0\.0\.1/]
]

for (const [what, reply, line] of verified) {
  t.test(`verify: ${what}`, async t => {
    const bench = await expired('serve_stale 1h verify')
    bench.script = () => reply
    t.match(await bench.line('a.org'), line)
    t.same(bench.asked(), ['udp a.org A ad'])
  })
}

t.test('verify: a plugin that throws, now or later', async t => {
  const bench = await expired('serve_stale 1h verify')
  bench.script = () => {
    throw new Error('broken')
  }
  t.match(await bench.line('a.org'), /10\.0\.0\.1/)
  bench.script = () => Promise.reject(new Error('broken'))
  t.match(await bench.line('a.org'), /10\.0\.0\.1/)
})

t.test('verify with a limit: stale at the limit, the late answer for the next', async t => {
  const bench = await expired('serve_stale 1h verify 200ms')
  let release: (reply: Reply) => void = () => undefined
  bench.script = () => new Promise(resolve => (release = resolve))
  const waiting = bench.line('a.org')
  bench.runtime.clock.advance(200)
  t.match(await waiting, /a\.org 0 A 10\.0\.0\.1/)
  release({ answers: [a('a.org', 5, '10.0.0.2')] })
  await new Promise(setImmediate)
  t.match(await bench.line('a.org'), /a\.org 5 A 10\.0\.0\.2/)
})

t.test('a failed refresh is not tried again before its time', async t => {
  for (const mode of ['immediate 0s 30s', 'verify 0s 0s 30s']) {
    const bench = await expired(`serve_stale 1h ${mode}`)
    bench.script = broken
    t.match(await bench.line('a.org'), /a\.org 0 A 10\.0\.0\.1/)
    t.equal(bench.asked().length, 1)
    bench.runtime.clock.advance(29_000)
    t.match(await bench.line('a.org'), /a\.org 0 A 10\.0\.0\.1/)
    t.equal(bench.asked().length, 0, mode)
    bench.runtime.clock.advance(1_100)
    bench.script = good(2)
    await bench.ask('a.org')
    t.match(await bench.line('a.org'), /10\.0\.0\.2/)
    t.equal(bench.asked().length, 1)
  }
})

t.test('a kept failure does not hide a stale answer', async t => {
  const bench = await expired('serve_stale 1h immediate')
  bench.script = broken
  await bench.ask('a.org')
  t.match(bench.metrics(), { 'entries denial': 1 }, 'the failure is kept')
  t.match(await bench.line('a.org'), /10\.0\.0\.1/)
})

t.test('prefer_positive: a stale answer goes before a denial', async t => {
  for (const mode of ['immediate', 'verify']) {
    const bench = await expired(`serve_stale 1h ${mode}\n serve_stale_policy prefer_positive`)
    bench.script = gone
    t.match(await bench.line('a.org'), /a\.org 0 A 10\.0\.0\.1/, mode)
    t.match(await bench.line('a.org'), /a\.org 0 A 10\.0\.0\.1/, mode)
    bench.script = () => ({})
    t.match(await bench.line('a.org'), /a\.org 0 A 10\.0\.0\.1/, 'nor does an empty answer take its place')
    bench.script = good(2)
    await bench.ask('a.org')
    t.match(await bench.line('a.org'), /a\.org 5 A 10\.0\.0\.2/, mode)
    t.match(bench.metrics(), { 'entries denial': 0 })
  }
})
