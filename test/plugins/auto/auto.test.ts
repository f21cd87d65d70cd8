import t from 'tap'
import { autoPlugin } from '../../../src/plugins/auto/setup.ts'
import { whoamiPlugin } from '../../../src/plugins/whoami/setup.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const zone = (serial: number, address: string) => `@ 60 SOA ns root ${serial} 2 3 4 5\nx 60 A ${address}\n`

/** Lets what was read in turns be read. */
const settle = () => new Promise(resolve => setTimeout(resolve, 5))

t.test('mistakes', t => {
  const cases: readonly (readonly [text: string, message: string])[] = [
    ['auto {\n }', ''],
    ['auto {\n foo\n }', "Corefile:3 - Error during parsing: unknown property 'foo'"],
    ['auto {\n reload x\n }', 'plugin/file: time: invalid duration "x"'],
    ['auto {\n reload -1s\n }', 'plugin/file: invalid duration'],
    ['auto {\n reload\n }', 'reload duration value is expected'],
    [
      'auto {\n directory\n }',
      "Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'directory'"
    ],
    ['auto {\n directory /z ( {1}\n }', 'error parsing regexp: missing closing ): `(`'],
    [
      'auto {\n directory /z a {1}\n }',
      'Corefile:3 - Error during parsing: Need at least one sub expression'
    ],
    [
      'auto {\n directory /z (a)\n }',
      "Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after '(a)'"
    ],
    [
      'auto {\n directory /z (a) {1} b\n }',
      "Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'b'"
    ]
  ]
  for (const [text, message] of cases) t.equal(setupMessage(text, autoPlugin), message, text)
  t.end()
})

t.test('zones come, change and go with their files', async t => {
  const files: Record<string, string> = {
    '/zones/db.a.org': zone(1, '10.0.0.1'),
    '/zones/sub/db.B.org': zone(1, '10.0.0.2'),
    '/zones/..data/db.a.org': zone(1, '10.0.0.9'),
    '/zones/readme': 'no zone',
    '/zones/db.bad.org': 'garbage\n'
  }
  const runtime = testRuntime(files)
  const [block] = setupBlocks(
    'org {\n auto {\n directory /zones\n reload 10s\n }\n}\n',
    [autoPlugin],
    testShared(runtime)
  )
  await block!.start()
  const address = async (name: string) => {
    const { rcode, answer } = await askHandler(block!.chain, name)
    return answer[0]?.split(' ').at(-1) ?? rcode
  }
  t.equal(await address('x.a.org'), '10.0.0.1')
  t.equal(await address('X.B.ORG'), '10.0.0.2')
  t.equal(await address('x.bad.org'), 'REFUSED', 'no zone holds it, and no plugin comes behind')
  t.equal(await address('x.net'), 'SERVFAIL', 'other names go on, to nobody')
  t.strictSame(runtime.log.lines, [
    "[INFO] plugin/auto: Inserting zone `a.org.' from: /zones/db.a.org",
    '[WARNING] plugin/auto: Parse zone `bad.org.\': failed to parse file "/zones/db.bad.org" for origin bad.org. with error /zones/db.bad.org: dns: not a TTL: "garbage" at line: 1:7',
    "[INFO] plugin/auto: Inserting zone `b.org.' from: /zones/sub/db.B.org"
  ])
  runtime.log.lines.length = 0

  files['/zones/db.a.org'] = zone(2, '10.0.0.7')
  files['/zones/db.c.org'] = zone(1, '10.0.0.3')
  delete files['/zones/sub/db.B.org']
  delete files['/zones/db.bad.org']
  runtime.clock.advance(10_000)
  await settle()
  t.equal(await address('x.a.org'), '10.0.0.7')
  t.equal(await address('x.b.org'), 'REFUSED')
  t.equal(await address('x.c.org'), '10.0.0.3')
  t.strictSame([...runtime.log.lines].sort(), [
    "[INFO] plugin/auto: Deleting zone `b.org.'",
    "[INFO] plugin/auto: Inserting zone `c.org.' from: /zones/db.c.org",
    '[INFO] plugin/file: Successfully reloaded zone "a.org." in "/zones/db.a.org" with 2 SOA serial'
  ])
  await block!.stop()
  t.equal(runtime.clock.pending, 0, 'no timer is left')
})

t.test('origins by pattern and template; two files for one zone', async t => {
  const files = {
    '/zones/org_a.zone': zone(1, '10.0.0.1'),
    '/zones/org_a.zone.old': zone(1, '10.0.0.2')
  }
  const runtime = testRuntime(files)
  const [block] = setupBlocks(
    '. {\n auto {\n directory /zones (?P<tld>[a-z]+)_([a-z]+)\\.zone {2}.{tld}\n reload 0\n }\n whoami\n}\n',
    [autoPlugin, whoamiPlugin],
    testShared(runtime)
  )
  await block!.start()
  t.strictSame((await askHandler(block!.chain, 'x.a.org')).answer, ['x.a.org 60 A 10.0.0.1'])
  t.equal((await askHandler(block!.chain, 'x.b.org')).additional.length, 2, 'whoami answers the rest')
  t.match(runtime.log.lines, [
    /^\[WARNING\] plugin\/auto: Multiple zone files match origin "a.org.": using "\/zones\/org_a.zone" instead of/,
    /Inserting/
  ])
  t.equal(runtime.clock.pending, 0, 'read once')
  await block!.stop()
})
