// How each program reads resolv.conf: lines of resolver-semantics.md §1, and what runs of the programs showed.
import t from 'tap'
import type { Environment } from '../../src/resolver/resolv-conf/environment.ts'
import { resolverModel } from '../../src/resolver/registry.ts'

const read = (model: string, text: string, environment?: Environment) =>
  resolverModel(model)!.parse(text, environment)
const long = (count: number) => Array.from({ length: count }, (_, at) => `d${at}.test`)

t.test('search lists', t => {
  const cases: [what: string, text: string, lists: Readonly<Record<string, readonly string[]>>][] = [
    [
      'the last line wins',
      'search a b\nsearch c\n',
      { 'glibc-2.36': ['c'], 'musl-1.2.5': ['c'], 'dig-9.18': ['c'], 'busybox-1.35-nslookup': ['c'] }
    ],
    [
      'domain after search',
      'search a b\ndomain d\n',
      {
        'glibc-2.36': ['d'],
        'musl-1.2.5': ['d'],
        'dig-9.18': ['d'],
        'busybox-1.35-nslookup': ['a', 'b'],
        'cares-1.34.5': ['a', 'b'],
        'cares-1.18.1': ['d']
      }
    ],
    [
      'domain with two words',
      'domain a b\n',
      {
        'glibc-2.36': ['a'],
        'musl-1.2.5': ['a', 'b'],
        'busybox-1.35-nslookup': ['a', 'b'],
        'go-1.24': ['a']
      }
    ],
    [
      'an empty line after a list',
      'search a\nsearch\n',
      { 'glibc-2.36': ['a'], 'musl-1.2.5': [], 'busybox-1.35-nslookup': ['a'] }
    ],
    [
      'a comment behind the list',
      'search a # b\n',
      { 'glibc-2.36': ['a', '#', 'b'], 'musl-1.2.5': ['a', '#', 'b'], 'dig-9.18': ['a'] }
    ],
    [
      'a blank in front',
      ' search a\n',
      { 'glibc-2.36': [], 'musl-1.2.5': [], 'dig-9.18': ['a'], 'busybox-1.35-nslookup': ['a'] }
    ],
    [
      'many domains',
      `search ${long(32).join(' ')}\n`,
      { 'glibc-2.36': long(32), 'dig-9.18': long(8), 'musl-1.2.5': [] }
    ],
    [
      'a line of 254 octets and its newline',
      `search ${'a'.repeat(247)}\n`,
      { 'glibc-2.36': ['a'.repeat(247)], 'musl-1.2.5': ['a'.repeat(247)] }
    ],
    [
      'a line of 255 octets and its newline',
      `search ${'a'.repeat(248)}\n`,
      { 'glibc-2.36': ['a'.repeat(248)], 'musl-1.2.5': [] }
    ],
    [
      'a line over the buffer of busybox',
      `search ${'a'.repeat(500)} ${'b'.repeat(20)}\n`,
      { 'busybox-1.35-nslookup': ['a'.repeat(500), 'b'.repeat(3)] }
    ],
    ['no newline at the end', 'search a', { 'glibc-2.36': ['a'], 'musl-1.2.5': ['a'], 'dig-9.18': ['a'] }],
    ['a NUL within', 'search a\0 b\nsearch c\nsearch d\n', { 'glibc-2.36': ['d'], 'musl-1.2.5': ['d'] }],
    ['a NUL, then a line', 'search a\0 b\nsearch c\n', { 'glibc-2.36': ['c'], 'musl-1.2.5': [] }],
    ['letter case', 'SEARCH a\n', { 'glibc-2.36': [], 'musl-1.2.5': [], 'dig-9.18': [] }]
  ]
  for (const [what, text, lists] of cases)
    for (const [model, list] of Object.entries(lists))
      t.same(read(model, text).search, list, `${model}: ${what}`)
  t.end()
})

t.test('what stands for a missing list', t => {
  const environment = { hostName: 'node1.corp.test' }
  t.same(read('glibc-2.36', '', environment).search, ['corp.test'])
  t.same(read('busybox-1.35-nslookup', '', environment).search, ['corp.test'])
  t.same(read('musl-1.2.5', '', environment).search, [])
  t.same(read('dig-9.18', '', environment).search, [])
  t.same(read('glibc-2.36', '', { hostName: 'plain' }).search, [])
  t.same(read('glibc-2.36', '', { hostName: 'dot.' }).search, [])
  t.end()
})

t.test('numbers', t => {
  const cases: [option: string, model: string, what: 'ndots' | 'timeoutMs' | 'attempts', value: number][] = [
    ['ndots:5', 'glibc-2.36', 'ndots', 5],
    ['ndots:16', 'glibc-2.36', 'ndots', 15],
    ['ndots:-1', 'glibc-2.36', 'ndots', 15],
    ['ndots:x', 'glibc-2.36', 'ndots', 0],
    ['ndots:3x', 'glibc-2.36', 'ndots', 3],
    ['ndots', 'glibc-2.36', 'ndots', 1],
    ['ndots:5 ndots:2', 'glibc-2.36', 'ndots', 2],
    ['ndots:16', 'musl-1.2.5', 'ndots', 15],
    ['ndots:-1', 'musl-1.2.5', 'ndots', 1],
    ['ndots:x', 'musl-1.2.5', 'ndots', 1],
    ['xndots:4', 'musl-1.2.5', 'ndots', 4],
    ['ndots:x ndots:3', 'musl-1.2.5', 'ndots', 1],
    ['ndots:255', 'dig-9.18', 'ndots', 255],
    ['ndots:', 'dig-9.18', 'ndots', 0],
    ['ndots:4', 'busybox-1.35-nslookup', 'ndots', 1],
    ['timeout:31', 'glibc-2.36', 'timeoutMs', 30_000],
    ['timeout:61', 'musl-1.2.5', 'timeoutMs', 60_000],
    ['attempts:6', 'glibc-2.36', 'attempts', 5],
    ['attempts:11', 'musl-1.2.5', 'attempts', 10],
    ['attempts:99999999999999999999', 'glibc-2.36', 'attempts', 5]
  ]
  for (const [option, model, what, value] of cases)
    t.equal(read(model, `options ${option}\n`)[what], value, `${model}: ${option}`)
  t.equal(read('glibc-2.36', 'options ndots:3\noptions timeout:1\n').ndots, 3, 'lines add up')
  t.end()
})

t.test('switches', t => {
  const switches = (model: string, options: string, environment?: Environment) =>
    [...read(model, `options ${options}\n`, environment).switches].sort()
  t.same(switches('glibc-2.36', 'rotatexyz use-vc edns0'), ['edns0', 'rotate', 'use-vc'])
  t.same(switches('glibc-2.36', 'single-request-reopen'), ['single-request-reopen'])
  t.same(switches('glibc-2.36', 'no_tld_query strict-error'), ['no-tld-query'])
  t.same(switches('glibc-2.41', 'strict-error edns0 -edns0'), ['strict-error'])
  t.same(switches('glibc-2.36', 'edns0 -edns0'), ['edns0'])
  t.same(switches('glibc-2.36', '', { variables: { RES_OPTIONS: 'trust-ad' } }), ['trust-ad'])
  t.same(switches('musl-1.2.5', 'rotate edns0'), [])
  t.same(switches('busybox-1.35-nslookup', 'trust-ad edns0'), ['trust-ad'])
  t.end()
})

t.test('servers', t => {
  const three = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
  const four = [...three, '10.0.0.4'].map(server => `nameserver ${server}\n`).join('')
  t.same(read('glibc-2.36', four).servers, three)
  t.same(read('musl-1.2.5', four).servers, three)
  t.same(read('busybox-1.35-nslookup', four).servers, [...three, '10.0.0.4'])
  t.same(read('glibc-2.36', 'nameserver x\nnameserver fe80::1%eth0\n').servers, ['fe80::1%eth0'])
  t.same(read('glibc-2.36', 'nameserver 10.1\n').servers, ['10.0.0.1'])
  t.same(read('glibc-2.36', '').servers, ['127.0.0.1'])
  t.same(read('dig-9.18', '').servers, ['::1', '127.0.0.1'])
  t.same(read('go-1.24', '').servers, ['127.0.0.1', '::1'])
  t.same(read('busybox-1.35-nslookup', 'nameserver dns.test\n').servers, ['dns.test'])
  t.end()
})

t.test('what the tools of BIND refuse to run with', t => {
  const refused = [
    'options ndots:-1',
    'options ndots:256',
    'options ndots:3x',
    'options timeout:-1',
    'options',
    'search',
    'domain',
    'domain a b',
    'nameserver',
    'nameserver x',
    'nameserver 10.0.0.1 10.0.0.2',
    'nameserver 10.0.0.1\r'
  ]
  for (const line of refused) t.type(read('dig-9.18', `${line}\n`).refusal, 'string', JSON.stringify(line))
  for (const line of ['options ndots:0 whatever', 'search .a', 'nameserver 10.0.0.1 # x', 'x y'])
    t.equal(read('dig-9.18', `${line}\n`).refusal, undefined, line)
  t.end()
})

t.test('LOCALDOMAIN takes the place of the lines', t => {
  const environment = { variables: { LOCALDOMAIN: 'x y' } }
  t.same(read('glibc-2.36', 'search a\n', environment).search, ['x', 'y'])
  t.same(read('glibc-2.36', 'search a\n', { variables: { LOCALDOMAIN: '' } }).search, [''])
  t.same(read('musl-1.2.5', 'search a\n', environment).search, ['a'])
  t.end()
})

t.test('what a reader may not expect is said, with its line', t => {
  const { warnings } = read('glibc-2.36', 'search a\n\nsearch b\noptions ndots:20 nonsense\nnameserver x\n')
  t.same(
    warnings.map(({ line }) => line),
    [3, 4, 4, 5, 0]
  )
  t.match(warnings[1]?.message, /20 is over 15/)
  t.match(warnings[2]?.message, /unknown option nonsense/)
  t.match(read('musl-1.2.5', `search ${'a'.repeat(300)}\n`).warnings[0]?.message, /307 octets/)
  t.end()
})
