import t from 'tap'
import { readCache } from '../../../src/plugins/cache/options.ts'
import { cachePlugin } from '../../../src/plugins/cache/setup.ts'
import { controllerOf, setupMessage } from '../../support/blocks.ts'

const argument = (line: number, word: string) =>
  `Corefile:${line} - Error during parsing: Wrong argument count or unexpected line ending after '${word}'`
const option = (line: string) => `cache {\n ${line}\n }`

const good: readonly string[] = [
  'cache',
  'cache 30',
  'cache 30 example.org',
  'cache example.org',
  'cache {\n }',
  option('success 10000'),
  option('success 10000 3600 5'),
  option('denial 1000 30 0'),
  option('success 10 10 20'),
  option('prefetch 10'),
  option('prefetch 10 1m 20%'),
  option('serve_stale'),
  option('serve_stale 1h'),
  option('serve_stale 1h IMMEDIATE 30s 1m'),
  option('serve_stale 1h verify 2s 30s 1m'),
  option('serve_stale_policy prefer_positive\n serve_stale'),
  option('servfail 0'),
  option('servfail 5m'),
  option('disable success'),
  option('disable denial example.org'),
  option('keepttl')
]

for (const directive of good) {
  t.test(directive, async t => t.equal(setupMessage(directive, cachePlugin), ''))
}

const bad: readonly (readonly [directive: string, message: string])[] = [
  ['cache 30\n cache', 'this plugin can only be used once per Server Block'],
  ['cache 0', 'cache TTL can not be zero or negative: 0'],
  ['cache -1', 'cache TTL can not be zero or negative: -1'],
  [option('foo'), argument(3, 'foo')],
  [option('success'), argument(3, 'success')],
  [option('success x'), 'strconv.Atoi: parsing "x": invalid syntax'],
  [option('success 10 x'), 'strconv.Atoi: parsing "x": invalid syntax'],
  [option('success 10 0'), 'cache TTL can not be zero or negative: 0'],
  [option('denial 10 10 -1'), 'cache min TTL can not be negative: -1'],
  [option('prefetch'), argument(3, 'prefetch')],
  [option('prefetch 1 1m 10% x'), argument(3, 'x')],
  [option('prefetch x'), 'strconv.Atoi: parsing "x": invalid syntax'],
  [option('prefetch -1'), 'prefetch amount should be positive: -1'],
  [option('prefetch 1 x'), 'time: invalid duration "x"'],
  [option('prefetch 1 1m 5%'), 'percentage should fall in range [10, 90]: 5'],
  [option('prefetch 1 1m 95%'), 'percentage should fall in range [10, 90]: 95'],
  [option('prefetch 1 1m 20'), "last character of percentage should be `%`, but is: '0'"],
  [option('prefetch 1 1m x%'), 'strconv.Atoi: parsing "x": invalid syntax'],
  [option('serve_stale x'), 'time: invalid duration "x"'],
  [option('serve_stale -1s'), 'invalid negative duration for serve_stale'],
  [option('serve_stale 1h bad'), 'invalid value for serve_stale refresh mode: bad'],
  [option('serve_stale 1h verify x'), 'invalid serve_stale verify timeout: time: invalid duration "x"'],
  [option('serve_stale 1h verify -1s'), 'invalid negative timeout for serve_stale verify'],
  [option('serve_stale 1h immediate x'), 'invalid serve_stale response TTL: time: invalid duration "x"'],
  [option('serve_stale 1h immediate -1s'), 'invalid negative response TTL for serve_stale'],
  [option('serve_stale 1h immediate 1500ms'), 'serve_stale response TTL must be a whole number of seconds'],
  [option('serve_stale 1h immediate 2000000h'), 'serve_stale response TTL exceeds the DNS TTL range'],
  [
    option('serve_stale 1h immediate 1s x'),
    'invalid serve_stale failure recheck: time: invalid duration "x"'
  ],
  [option('serve_stale 1h immediate 1s -1s'), 'invalid negative failure recheck for serve_stale'],
  [option('serve_stale 1h verify 1s 1s 6m'), 'serve_stale failure recheck cannot exceed 5 minutes'],
  [option('serve_stale 1h immediate 1s 1s x'), argument(3, 'x')],
  [option('serve_stale 1h verify 1s 1s 1s x'), argument(3, 'x')],
  [option('serve_stale_policy prefer_positive'), 'serve_stale_policy requires serve_stale'],
  [
    option('serve_stale_policy prefer_positive\n serve_stale_policy prefer_positive'),
    'serve_stale_policy can only be specified once'
  ],
  [option('serve_stale_policy bad'), 'invalid serve_stale_policy: bad'],
  [option('serve_stale_policy'), argument(3, 'serve_stale_policy')],
  [option('servfail'), argument(3, 'servfail')],
  [option('servfail x'), 'time: invalid duration "x"'],
  [option('servfail -1s'), 'invalid negative ttl for servfail'],
  [option('servfail 6m'), 'caching SERVFAIL responses over 5 minutes is not permitted'],
  [option('disable'), argument(3, 'disable')],
  [option('disable bad'), 'cache type for disable must be "success" or "denial"'],
  [option('keepttl x'), argument(3, 'x')]
]

for (const [directive, message] of bad) {
  t.test(directive, async t => t.equal(setupMessage(directive, cachePlugin), message))
}

t.test('reads what is there', async t => {
  const text =
    'cache 30 Example.org {\n denial 5 6 7\n serve_stale 2h verify 1s 30s\n disable success a.org b.org\n }'
  const options = readCache(controllerOf(text), [])
  t.same(
    options.zones.map(zone => zone.zone),
    ['example.org.']
  )
  t.has(options, {
    success: { capacity: 10_000, ttlMax: 30, ttlMin: 5 },
    denial: { capacity: 5, ttlMax: 6, ttlMin: 7, disabled: [] },
    staleMs: 7_200_000,
    staleVerify: true,
    staleVerifyMs: 1000,
    staleTtlSeconds: 30,
    servfailMs: 5000
  })
  t.same(
    options.success.disabled.map(zone => zone.zone),
    ['a.org.', 'b.org.']
  )
})
