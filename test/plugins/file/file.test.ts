import t from 'tap'
import { filePlugin } from '../../../src/plugins/file/setup.ts'
import { whoamiPlugin } from '../../../src/plugins/whoami/setup.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const zone = (serial: number, address: string) => `@ 60 SOA ns root ${serial} 2 3 4 5\nx 60 A ${address}\n`
const settle = () => new Promise(resolve => setTimeout(resolve, 5))

t.test('mistakes', t => {
  const files = { '/db': zone(1, '10.0.0.1'), '/bad': 'garbage\n', '/none': 'x 60 A 10.0.0.1\n' }
  const cases: readonly (readonly [text: string, message: string])[] = [
    [
      'file',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'file'"
    ],
    ['file /db a..b', ''],
    ['file /db a.org {\n reload x\n }', 'plugin/file: time: invalid duration "x"'],
    ['file /db a.org {\n reload\n }', 'reload duration value is expected'],
    ['file /db a.org {\n foo\n }', "Corefile:3 - Error during parsing: unknown property 'foo'"],
    ['file /gone a.org', ''],
    ['file /gone a.org {\n reload 0\n }', 'plugin/file: open /gone: no such file or directory'],
    [
      'file /bad a.org',
      'failed to parse file "/bad" for origin a.org. with error /bad: dns: not a TTL: "garbage" at line: 1:7'
    ],
    ['file /none a.org', 'file "/none" has no SOA record for origin a.org.']
  ]
  for (const [text, message] of cases)
    t.equal(setupMessage(text, filePlugin, testRuntime(files)), message, text)
  t.end()
})

t.test('a file that is not there yet, then is, then breaks, then changes', async t => {
  const files: Record<string, string> = {}
  const runtime = testRuntime(files)
  const [block] = setupBlocks(
    '. {\n file /db a.org b.org {\n reload 1s\n }\n}\n',
    [filePlugin],
    testShared(runtime)
  )
  await block!.start()
  const address = async (name: string) => {
    const { rcode, answer } = await askHandler(block!.chain, name)
    return answer[0]?.split(' ').at(-1) ?? rcode
  }
  const tick = async () => {
    runtime.log.lines.length = 0
    runtime.clock.advance(1000)
    await settle()
    return [...runtime.log.lines]
  }
  t.strictSame(runtime.log.lines, [
    '[WARNING] plugin/file: Failed to open "open /db: no such file or directory": trying again in 1s'
  ])
  t.equal(await address('x.a.org'), 'SERVFAIL')
  t.equal(await address('x.c.org'), 'REFUSED')
  t.strictSame(await tick(), [
    '[ERROR] plugin/file: Failed to open zone "a.org." in "/db": open /db: no such file or directory',
    '[ERROR] plugin/file: Failed to open zone "b.org." in "/db": open /db: no such file or directory'
  ])
  files['/db'] = zone(1, '10.0.0.1')
  t.strictSame(await tick(), [
    '[INFO] plugin/file: Successfully reloaded zone "a.org." in "/db" with 1 SOA serial',
    '[INFO] plugin/file: Successfully reloaded zone "b.org." in "/db" with 1 SOA serial'
  ])
  t.equal(await address('x.b.org'), '10.0.0.1')
  files['/db'] = zone(1, '10.0.0.2')
  t.strictSame(await tick(), [], 'the serial is the same')
  t.equal(await address('x.a.org'), '10.0.0.1')
  files['/db'] = 'garbage\n'
  t.match((await tick())[0], /^\[ERROR\] plugin\/file: Parsing zone "a\.org\.": failed to parse file/)
  t.equal(await address('x.a.org'), '10.0.0.1')
  files['/db'] = zone(2, '10.0.0.3')
  await tick()
  t.equal(await address('x.a.org'), '10.0.0.3')
  await block!.stop()
  t.equal(runtime.clock.pending, 0)
})

t.test('what the zone lacks falls through, and only that', async t => {
  const runtime = testRuntime({ '/db': `${zone(1, '10.0.0.1')}a.ent 60 A 10.0.0.2\n` })
  const [block] = setupBlocks(
    '. {\n file /db a.org {\n fallthrough sub.a.org ent.a.org\n }\n whoami\n}\n',
    [filePlugin, whoamiPlugin],
    testShared(runtime)
  )
  await block!.start()
  const passes = async (name: string, type = 'A') =>
    (await askHandler(block!.chain, name, type)).additional.length === 2
  t.equal(await passes('none.a.org'), false, 'not in the zones of fallthrough')
  t.equal(await passes('none.sub.a.org'), true)
  t.equal(await passes('ent.a.org'), true, 'an empty non-terminal, as in CoreDNS')
  t.equal(await passes('x.a.org', 'MX'), false, 'the name exists')
  t.equal(await passes('b.org'), true, 'another zone')
  await block!.stop()
})
