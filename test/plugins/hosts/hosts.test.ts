import t from 'tap'
import { hostsPlugin } from '../../../src/plugins/hosts/setup.ts'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import {
  setupBlocks,
  testRuntime,
  testShared,
  type TestBlock,
  type TestRuntime
} from '../../support/blocks.ts'
import { askHandler } from '../../support/ask.ts'

interface Bench {
  readonly block: TestBlock
  readonly runtime: TestRuntime
  readonly texts: Record<string, string>
  /** Answers as `NOERROR 192.0.2.1,192.0.2.2`; `next` where the next plugin is asked. */
  readonly ask: (name: string, type?: string) => Promise<string>
  readonly entries: () => number
}

async function bench(hosts: string, texts: Record<string, string> = {}, keys = '.'): Promise<Bench> {
  const runtime = testRuntime(texts)
  const shared = testShared(runtime)
  const next = {
    answer: () => {
      throw new Error('next')
    }
  }
  const [block] = setupBlocks(`${keys} {\n${hosts}\n}\n`, [hostsPlugin], shared, next)
  await block!.start()
  return {
    block: block!,
    runtime,
    texts,
    async ask(name, type = 'A') {
      try {
        const { rcode, answer, authority, flags } = await askHandler(block!.chain, name, type)
        if (rcode === 'NOERROR') t.same([flags, authority], ['qr aa rd', []], 'authoritative, without an SOA')
        return [rcode, answer.map(line => line.split(' ').at(-1)).join(',')].filter(Boolean).join(' ')
      } catch (error) {
        return (error as Error).message
      }
    },
    entries: () =>
      metricsOf(shared)
        .collect()
        .find(({ name }) => name === 'coredns_hosts_entries')?.samples[0]?.value ?? NaN
  }
}

const FILE = [
  '192.0.2.1 a.org',
  '2001:db8::1%eth0 a.org',
  '192.0.2.2 *.wild.org',
  '192.0.2.3 x.wild.org',
  '2001:db8::2 *.wild.org',
  '::ffff:192.0.2.4 mapped.org',
  '192.0.2.5\ttabs.org\r',
  '192.0.2.6 comment.org#no.org'
].join('\n')

const cases: readonly (readonly [block: string, name: string, type: string, outcome: string])[] = [
  ['', 'a.org', 'A', 'NOERROR 192.0.2.1'],
  ['', 'a.org', 'AAAA', 'NOERROR 2001:db8::1'],
  ['', 'a.org', 'TXT', 'NOERROR'],
  ['', 'none.org', 'A', 'SERVFAIL'],
  ['fallthrough', 'none.org', 'A', 'next'],
  ['fallthrough net', 'none.org', 'A', 'SERVFAIL'],
  ['fallthrough net', 'none.net', 'A', 'next'],
  ['fallthrough', 'a.org', 'TXT', 'NOERROR'],
  ['fallthrough\n fallthrough_unsupported', 'a.org', 'TXT', 'next'],
  ['fallthrough net\n fallthrough_unsupported', 'a.org', 'TXT', 'NOERROR'],
  ['fallthrough\n fallthrough_unsupported', 'a.org', 'AAAA', 'NOERROR 2001:db8::1'],
  ['', 'y.wild.org', 'A', 'NOERROR 192.0.2.2'],
  ['', 'x.wild.org', 'A', 'NOERROR 192.0.2.3'],
  // A name of its own hides the wildcard of the same family only.
  ['', 'x.wild.org', 'AAAA', 'NOERROR 2001:db8::2'],
  ['', 'a.b.wild.org', 'A', 'SERVFAIL'],
  ['', 'mapped.org', 'A', 'NOERROR 192.0.2.4'],
  ['', 'tabs.org', 'A', 'NOERROR 192.0.2.5'],
  ['', 'comment.org', 'A', 'NOERROR 192.0.2.6'],
  ['', 'no.org', 'A', 'SERVFAIL'],
  ['', '1.2.0.192.in-addr.arpa', 'PTR', 'NOERROR a.org'],
  ['', '2.2.0.192.in-addr.arpa', 'PTR', 'next'],
  ['', '4.2.0.192.in-addr.arpa', 'PTR', 'NOERROR mapped.org'],
  ['no_reverse', '1.2.0.192.in-addr.arpa', 'PTR', 'next'],
  ['', '01.2.0.192.in-addr.arpa', 'PTR', 'next'],
  ['', 'a.org', 'PTR', 'next'],
  // The file's addresses, then those of the Corefile.
  ['192.0.2.7 a.org', 'a.org', 'A', 'NOERROR 192.0.2.1,192.0.2.7'],
  ['192.0.2.1 b.org', '1.2.0.192.in-addr.arpa', 'PTR', 'NOERROR a.org,b.org'],
  ['192.0.2.8 y.wild.org', 'y.wild.org', 'A', 'NOERROR 192.0.2.2,192.0.2.8']
]

for (const [block, name, type, outcome] of cases) {
  t.test(`${JSON.stringify(block)}: ${name} ${type}`, async t => {
    const { ask } = await bench(`hosts /h {\n ${block}\n}`, { '/h': FILE })
    t.equal(await ask(name, type), outcome)
  })
}

t.test('owners are in lower case, and take no more room than they must', async t => {
  const { block } = await bench('hosts /h', {
    '/h': '192.0.2.1 MiXed.org\n192.0.2.2 mixed.org\n192.0.2.9 ptr.org\n'
  })
  const lower = await askHandler(block.chain, 'mixed.org', 'A')
  const upper = await askHandler(block.chain, 'MIXED.org', 'A')
  t.same(upper.answer, ['mixed.org 3600 A 192.0.2.1', 'mixed.org 3600 A 192.0.2.2'])
  t.same(upper.answer, lower.answer)
  t.equal(upper.size, lower.size + 'mixed.org'.length + 2 - 2, 'the owner stands there once')
  const { answer } = await askHandler(block.chain, '9.2.0.192.IN-addr.arpa', 'PTR')
  t.same(answer, ['9.2.0.192.in-addr.arpa 3600 PTR ptr.org'])
})

t.test(
  'without a file named it reads /etc/hosts, and names outside of its zones are passed over',
  async t => {
    const { ask, entries } = await bench('hosts', { '/etc/hosts': '192.0.2.1 a.org a.net\n' }, 'org')
    t.equal(await ask('a.org'), 'NOERROR 192.0.2.1')
    t.equal(await ask('a.net'), 'next')
    t.equal(entries(), 2)
  }
)

t.test('looks at the file every few seconds', async t => {
  const { ask, runtime, texts, block, entries } = await bench('hosts /h {\n 192.0.2.9 inline.org\n}', {
    '/h': '192.0.2.1 a.org\n'
  })
  t.equal(entries(), 4, 'the lines of the Corefile are counted too')
  texts['/h'] = '192.0.2.22 a.org\n'
  t.equal(await ask('a.org'), 'NOERROR 192.0.2.1')
  runtime.clock.advance(4999)
  t.equal(await ask('a.org'), 'NOERROR 192.0.2.1')
  runtime.clock.advance(1)
  t.equal(await ask('a.org'), 'NOERROR 192.0.2.22')
  delete texts['/h']
  runtime.clock.advance(5000)
  t.equal(await ask('a.org'), 'NOERROR 192.0.2.22', 'a file that is gone keeps its last contents')
  texts['/h'] = ''
  runtime.clock.advance(5000)
  t.equal(await ask('a.org'), 'SERVFAIL', 'an empty one does not')
  t.equal(await ask('inline.org'), 'NOERROR 192.0.2.9')
  await block.stop()
  t.equal(runtime.clock.pending, 0)
})

t.test('reload 0 turns that off', async t => {
  const { runtime } = await bench('hosts /h {\n reload 0s\n}', { '/h': '' })
  t.equal(runtime.clock.pending, 0)
})

t.test('a long file is read bit by bit, and the old contents answer meanwhile', async t => {
  const line = (at: number) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255} n${at}.org\n`
  const long = Array.from({ length: 9000 }, (_, at) => line(at)).join('')
  const { ask, runtime, texts } = await bench('hosts /h', { '/h': '192.0.2.1 old.org\n' })
  texts['/h'] = long
  runtime.clock.advance(5000)
  t.equal(await ask('old.org'), 'NOERROR 192.0.2.1')
  let turns = 0
  while ((await ask('n8999.org')) === 'SERVFAIL' && turns < 100) {
    await new Promise(setImmediate)
    turns++
  }
  t.ok(turns >= 15 && turns <= 20, `${turns} turns`)
  t.equal(await ask('old.org'), 'SERVFAIL')
})

t.test('an address of very many names answers with some of them', async t => {
  const long = Array.from({ length: 5000 }, (_, at) => `0.0.0.0 n${at}.ads.example.org\n`).join('')
  const { block, entries } = await bench('hosts /h', { '/h': long })
  t.equal(entries(), 10_000)
  const { rcode, answer } = await askHandler(block.chain, '0.0.0.0.in-addr.arpa', 'PTR', { transport: 'tcp' })
  t.equal(rcode, 'NOERROR')
  t.ok(answer.length > 1000 && answer.length < 5000, `${answer.length} records`)
})

t.test('says how much it read where debug lines are shown', async t => {
  const { runtime } = await bench('hosts /h', { '/h': '192.0.2.1 a.org\n' })
  t.same(runtime.log.lines, ['[DEBUG] plugin/hosts: Parsed hosts file into 2 entries'])
})

t.test('a file that may not be read is told, and is no end', async t => {
  const runtime = testRuntime()
  const files = {
    ...runtime.files,
    kind: () => 'file' as const,
    stat: () => ({ modifiedMs: 1, octets: 1 }),
    read: () => {
      throw Object.assign(new Error('no'), { code: 'EACCES', syscall: 'open' })
    }
  }
  const [block] = setupBlocks('. {\n hosts /h\n}\n', [hostsPlugin], testShared({ ...runtime, files }))
  await block!.start()
  t.same(runtime.log.lines, [
    '[WARNING] labdns: hosts: open /h: permission denied; its last contents stay in use'
  ])
})
