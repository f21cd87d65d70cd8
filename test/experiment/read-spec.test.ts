// The file of an experiment: what it says, and every mistake with its line and column.
import t from 'tap'
import { readAssertion, holds, type Assertion } from '../../src/experiment/assertions.ts'
import { ExperimentMistake } from '../../src/experiment/mistake.ts'
import { readNamesFile } from '../../src/experiment/names-file.ts'
import { readSpec } from '../../src/experiment/read-spec.ts'
import { settingText, settingsOf, type ExperimentSpec } from '../../src/experiment/spec.ts'

const mistakeOf = (act: () => unknown): string => {
  try {
    act()
    return ''
  } catch (error) {
    if (error instanceof ExperimentMistake) return error.message
    throw error
  }
}

t.test('everything a file may say', async t => {
  const text = `
title: Ours
names: [web, web.shop, 10]
names-file: names.txt
ndots: [1, 5]
search:
  shop: [shop.svc.cluster.local, svc.cluster.local]
  short: cluster.local corp.example
  none:
resolvers: [glibc, c-ares]
family: inet
autopath: [off, on]
upstream:
  - { delay: 20ms, loss: 1.5% }
  - { delay: 1s }
exists: www.example.com
network: 0.5ms
assert: ['queries_per_lookup<=2.5']
`
  t.same(readSpec(text, 'e.yaml'), {
    title: 'Ours',
    names: ['web', 'web.shop', '10'],
    namesFile: 'names.txt',
    ndots: [1, 5],
    search: new Map([
      ['shop', ['shop.svc.cluster.local', 'svc.cluster.local']],
      ['short', ['cluster.local', 'corp.example']],
      ['none', []]
    ]),
    resolvers: ['glibc-2.36', 'cares-1.34.5'],
    family: 'inet',
    autopath: [false, true],
    upstreams: [
      { delayMs: 20, loss: 0.015 },
      { delayMs: 1000, loss: 0 }
    ],
    exists: ['www.example.com'],
    networkMs: 0.5,
    assertions: ['queries_per_lookup<=2.5']
  })
  t.same(readSpec('search: [a.b, c]\n', 'e').search, new Map([['default', ['a.b', 'c']]]))
  t.same(readSpec('server: 127.0.0.1:53', 'e').server, '127.0.0.1:53')
})

const mistakes: readonly (readonly [text: string, message: string | RegExp])[] = [
  ['', 'e.yaml:1:1: expected keys and values, as in `names: [web, web.shop]`'],
  ['- a', 'e.yaml:1:1: expected keys and values, as in `names: [web, web.shop]`'],
  ['names: [a]\nndot: 5', `e.yaml:2:1: unknown key "ndot": did you mean 'ndots'?`],
  ['zzzzzzzzzz: 5', /^e\.yaml:1:1: unknown key "zzzzzzzzzz": one of title, names,/],
  ['names: []', 'e.yaml:1:8: expected at least one item'],
  ['names:', 'e.yaml:1:1: names: expected a value'],
  ['names: {a: b}', 'e.yaml:1:8: expected a single value'],
  ['names: [[a]]', 'e.yaml:1:9: expected a single value'],
  ['names: [true]', 'e.yaml:1:9: expected a text'],
  ['ndots: five', 'e.yaml:1:8: ndots: expected a whole number from 0 to 255, found "five"'],
  ['ndots: [1, 256]', 'e.yaml:1:12: ndots: expected a whole number from 0 to 255, found "256"'],
  ['ndots: -1', 'e.yaml:1:8: ndots: expected a whole number from 0 to 255, found "-1"'],
  ['ndots: 1.5', 'e.yaml:1:8: ndots: expected a whole number from 0 to 255, found "1.5"'],
  ['resolvers: [bind]', /^e\.yaml:1:13: no resolver "bind": expected one of glibc-2\.36, /],
  ['family: ipv4', 'e.yaml:1:9: family: expected unspec, inet or inet6, found "ipv4"'],
  ['autopath: maybe', 'e.yaml:1:11: autopath: expected on or off, found "maybe"'],
  ['upstream: 20ms', 'e.yaml:1:11: upstream: expected delay and loss, as in {delay: 20ms, loss: 1%}'],
  ['upstream: {delay: 20}', 'e.yaml:1:19: expected a duration from 0 to 1m, as in 20ms, found "20"'],
  ['upstream: {delay: 61s}', 'e.yaml:1:19: expected a duration from 0 to 1m, as in 20ms, found "61s"'],
  ['upstream: {delay: -1s}', 'e.yaml:1:19: expected a duration from 0 to 1m, as in 20ms, found "-1s"'],
  ['upstream: {loss: 0.1}', 'e.yaml:1:18: loss: expected a share from 0% to 100%, found "0.1"'],
  ['upstream: {loss: 101%}', 'e.yaml:1:18: loss: expected a share from 0% to 100%, found "101%"'],
  ['upstream: {lost: 1%}', `e.yaml:1:12: unknown key "lost": did you mean 'loss'?`],
  ['search: {}', 'e.yaml:1:9: expected at least one list'],
  ['assert: queries<=2', /^e\.yaml:1:9: no figure "queries": (did you mean|one of) /],
  ['assert: fast', /^e\.yaml:1:9: expected FIGURE<=NUMBER, as in queries_per_lookup<=2\.5, found "fast"/],
  ['names: [a\nndots: 1', /^e\.yaml:\d+:\d+: /],
  ['a: 1\na: 2', /^e\.yaml:2:1: /]
]
for (const [text, message] of mistakes) {
  t.test(`mistake: ${JSON.stringify(text)}`, async t => {
    const found = mistakeOf(() => readSpec(text, 'e.yaml'))
    if (typeof message === 'string') t.equal(found, message)
    else t.match(found, message)
  })
}

t.test('files that are large or no text', async t => {
  t.match(
    mistakeOf(() => readSpec(`names: [${'a,'.repeat(100_001)}]`, 'e')),
    /more than 100000 names/
  )
  t.match(
    mistakeOf(() => readSpec('a'.repeat(9 << 20), 'e')),
    /longer than/
  )
  const octets = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 131) & 0xff)).toString('latin1')
  t.match(
    mistakeOf(() => readSpec(octets, 'e')),
    /^e:\d+:\d+: /
  )
  // One list a thousand deep, and an anchor that doubles itself, as YAML bombs do.
  t.match(
    mistakeOf(() => readSpec(`names: ${'['.repeat(1000)}`, 'e')),
    /^e:\d+:\d+: /
  )
  t.match(
    mistakeOf(() => readSpec('a: &a [x,x]\nb: &b [*a,*a]\nnames: [*b,*b]', 'e')),
    /unknown key "a"/
  )
})

t.test('names of a file, and of a query log', async t => {
  t.same(readNamesFile('web\n# all\n\n web.shop # ours\nweb\n', 'n'), {
    names: ['web', 'web.shop'],
    kind: 'names'
  })
  const line = (name: string, type = 'A') =>
    `[INFO] 10.244.0.7:40000 - 29008 "${type} IN ${name}. udp 41 false 512" NXDOMAIN qr,aa,rd 134 0.0001s\n`
  const log = [
    line('web.shop.svc.cluster.local'),
    line('www.example.com.shop.svc.cluster.local', 'AAAA'),
    line('www.example.com.svc.cluster.local'),
    line('www.example.com.cluster.local'),
    line('www.example.com'),
    line('7.0.96.10.in-addr.arpa', 'PTR'),
    '[INFO] plugin/reload: Running configuration SHA512 = 00\n'
  ].join('')
  const list = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local']
  t.same(readNamesFile(log, 'n', [list]), { names: ['web', 'www.example.com'], kind: 'query log' })
  t.equal(
    mistakeOf(() => readNamesFile('', 'n')),
    'n: no name in it'
  )
  t.match(
    mistakeOf(() => readNamesFile('web\ntwo words\n', 'n')),
    /^n:2:1: expected one name, or a line of a query log/
  )
  t.match(
    mistakeOf(() => readNamesFile(Array.from({ length: 100_001 }, (_, at) => `n${at}`).join('\n'), 'n')),
    /^n:100001:1: more than 100000 different names/
  )
})

t.test('assertions', async t => {
  const value = (text: string, figure: number) => holds(readAssertion(text) as Assertion, figure)
  for (const [text, good, bad] of [
    ['p99_ms<=5', 5, 5.01],
    ['p99_ms < 5', 4.99, 5],
    ['failures==0', 0, 1],
    ['broken_names>0', 1, 0],
    ['nxdomain_share>=0.5', 0.5, 0.49]
  ] as const) {
    t.equal(value(text, good), true, text)
    t.equal(value(text, bad), false, text)
  }
})

t.test('settings and their words', async t => {
  const spec: ExperimentSpec = {
    ...{ title: '', names: ['a'], ndots: [1, 5], search: new Map([['x', []]]), resolvers: ['r', 's'] },
    ...{ family: 'unspec', autopath: [false, true], upstreams: [{ delayMs: 20, loss: 0.01 }] },
    ...{ exists: undefined, networkMs: 1, server: undefined, assertions: [] }
  }
  const settings = settingsOf(spec)
  t.equal(settings.length, 8)
  t.same(
    settings.slice(0, 2).map(each => settingText(each, spec)),
    ['r, ndots 1, no autopath', 'r, ndots 5, no autopath']
  )
  const both = { ...spec, upstreams: [...spec.upstreams, { delayMs: 0, loss: 0 }], autopath: [false] }
  t.equal(settingText(settingsOf(both)[0]!, both), 'r, ndots 1, upstream 20 ms, 1% lost')
})
