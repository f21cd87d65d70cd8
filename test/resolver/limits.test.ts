// Whatever stands in resolv.conf and whatever name is asked for: an end in bounded time, and a clear outcome.
import fc from 'fast-check'
import t from 'tap'
import type { Chance, LookupResult } from '../../src/resolver/model.ts'
import type { Fate, Reply, ResolverNetwork } from '../../src/resolver/network.ts'
import { resolverModel, resolverModels } from '../../src/resolver/registry.ts'
import { SENDS_MAX } from '../../src/resolver/session.ts'

const chance: Chance = { integer: limit => Math.floor(limit / 2) }
const nxdomain: Reply = {
  kind: 'NXDOMAIN',
  rcode: 3,
  answers: 0,
  addresses: [],
  truncated: false,
  authoritative: true,
  recursionAvailable: true,
  additional: 0
}
const replying = (reply: Reply): ResolverNetwork => ({
  send: (): Fate => ({ kind: 'reply', afterMs: 1, reply })
})
const nowhere = replying(nxdomain)

function lookUp(model: string, text: string, name: string, network = nowhere): LookupResult {
  const found = resolverModel(model)!
  const result = found.start(found.parse(text), chance).lookup({ name, family: 'unspec' }, network)
  if (result instanceof Promise) throw new Error('an answer at once makes no promise')
  return result
}

/** What must be true of any result. */
function isClear(result: LookupResult): string[] {
  const wrong: string[] = []
  if (result.ok !== (result.error === null)) wrong.push(`ok ${result.ok} with ${result.error ?? 'no error'}`)
  if (result.queries.length > SENDS_MAX) wrong.push(`${result.queries.length} queries`)
  if (!(result.elapsedMs >= 0 && Number.isFinite(result.elapsedMs))) wrong.push(`${result.elapsedMs} ms`)
  if (result.cutShort === true && result.error !== 'too many queries') wrong.push('cut short without a word')
  return wrong
}

const MEGABYTE = 1 << 20
/** Where every octet makes a line or a word, a sixteenth is as good, and takes less time. */
const SOME = MEGABYTE >> 4
const ns = 'nameserver 10.96.0.10\n'
const files: Readonly<Record<string, string>> = {
  'one search line of a megabyte': `${ns}search ${'a.test '.repeat(MEGABYTE / 7)}\n`,
  'many search lines': ns + 'search a.test b.test\n'.repeat(SOME / 21),
  'a megabyte without a newline': 'x'.repeat(MEGABYTE),
  'many newlines': '\n'.repeat(SOME),
  'a megabyte of blanks': `search${' '.repeat(MEGABYTE)}\n`,
  '10,000 options on a line': `${ns}options ${'ndots:3 rotate unknown '.repeat(3333)}ndots:2\n`,
  '5,000 lines of options': `${ns}${'options attempts:2\n'.repeat(5000)}`,
  '5,000 servers': 'nameserver 10.96.0.10\n'.repeat(5000),
  'every octet': ns + Array.from({ length: 65_536 }, (_, at) => String.fromCharCode(at % 256)).join(''),
  NULs: `${ns}search a.test\0b.test\n${'\0'.repeat(10_000)}`
}

/** Models whose grammars differ most. */
const grammars = ['glibc-2.41', 'musl-1.2.5', 'cares-1.34.5', 'dig-9.18', 'busybox-1.37-nslookup']

t.test('large and binary files', t => {
  for (const [what, text] of Object.entries(files)) {
    const wrong: string[] = []
    for (const name of grammars) {
      const model = resolverModel(name)!
      const config = model.parse(text)
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      const printable = config.warnings.every(({ message }) => !/[\0-\x1f\x7f-\x9f]/.test(message))
      if (config.warnings.length > 200) wrong.push(`${name}: ${config.warnings.length} warnings`)
      if (config.warnings.some(({ message }) => message.length > 300)) wrong.push(`${name}: a long warning`)
      if (!printable) wrong.push(`${name}: a warning that can't be printed`)
      if (config.refusal !== undefined && config.refusal.length > 300) wrong.push(`${name}: a long refusal`)
    }
    t.same(wrong, [], what)
  }
  t.end()
})

t.test('a list without end is cut short, and says so', t => {
  const result = lookUp('glibc-2.36', files['one search line of a megabyte']!, 'web')
  t.equal(result.cutShort, true)
  t.equal(result.queries.length, SENDS_MAX)
  t.end()
})

const label = (octets: number) => 'x'.repeat(octets)
const names = [
  '',
  '.',
  '..',
  'foo..',
  '.foo',
  'a..b',
  label(63),
  label(64),
  label(255),
  label(5000),
  'a.'.repeat(5000),
  `${`${label(49)}.`.repeat(5)}abc`,
  `${`${label(49)}.`.repeat(5)}abcd`,
  '_http._tcp.web',
  'bücher.example',
  'straße',
  '☃',
  '\ud800',
  'a b',
  'a\0b',
  'a\nb',
  'a\\.b',
  '*',
  '192.0.2.55',
  '2001:db8::5',
  'fe80::1%eth0',
  '127.1',
  'localhost',
  'abc.onion',
  'xn--bcher-kva.example'
]

t.test('odd names', t => {
  for (const model of resolverModels) {
    const wrong: string[] = []
    for (const ndots of [0, 5]) {
      const text = `${ns}search a.test ${label(60)}.test .x y..z .\noptions ndots:${ndots}\n`
      for (const name of names)
        for (const word of isClear(lookUp(model.name, text, name)))
          wrong.push(`${JSON.stringify(name.slice(0, 40))} ndots:${ndots}: ${word}`)
    }
    t.same(wrong, [], model.name)
  }
  t.end()
})

const line = fc.oneof(
  fc.constantFrom(
    'nameserver 10.96.0.10',
    'nameserver ::1',
    'nameserver',
    'nameserver x',
    'search',
    'search .',
    'search a.test b.test',
    'domain d.test',
    'domain a b',
    'options ndots:-1 timeout:0 attempts:0',
    'options ndots:99999999999999999999 attempts:99999 timeout:99999',
    'options rotate use-vc single-request edns0 no-aaaa',
    '# a comment',
    ' search x.test'
  ),
  fc.string({ maxLength: 40 }),
  fc.string({ maxLength: 20, unit: 'binary' })
)
const kinds = fc.constantFrom('reply', 'silence', 'closed', 'unreachable')
const replies = fc.record({
  rcode: fc.integer({ min: 0, max: 15 }),
  addresses: fc.subarray(['192.0.2.1', '2001:db8::1']),
  truncated: fc.boolean(),
  authoritative: fc.boolean(),
  recursionAvailable: fc.boolean(),
  additional: fc.integer({ min: 0, max: 1 }),
  afterMs: fc.constantFrom(0, 1, 700, 1200, 6000),
  fate: kinds
})

t.test('any file, any name and any network', t => {
  fc.assert(
    fc.property(
      fc.constantFrom(...resolverModels),
      fc.array(line, { maxLength: 8 }),
      fc.oneof(fc.constantFrom('web', 'web.default', 'a.b.c.d.e.', ...names), fc.string({ maxLength: 30 })),
      fc.constantFrom('unspec' as const, 'inet' as const, 'inet6' as const),
      fc.array(replies, { minLength: 1, maxLength: 5 }),
      (model, lines, name, family, possible) => {
        const config = model.parse(lines.join('\n'))
        let at = 0
        const network: ResolverNetwork = {
          send(): Fate {
            const { fate, afterMs, addresses, ...rest } = possible[at++ % possible.length]!
            if (fate === 'silence') return { kind: 'silence' }
            if (fate !== 'reply') return { kind: fate as 'closed', afterMs }
            const reply: Reply = { kind: 'OTHER', answers: addresses.length, addresses, ...rest }
            return { kind: 'reply', afterMs, reply }
          }
        }
        const result = model.start(config, chance).lookup({ name, family }, network) as LookupResult
        return isClear(result).length === 0
      }
    ),
    { numRuns: 200 }
  )
  t.end()
})
