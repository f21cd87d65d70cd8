import t from 'tap'
import { viewPlugin } from '../../../src/plugins/view/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'
import { askUdp } from '../../support/dns-client.ts'
import { fakeFiles } from '../../support/fake-files.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { decodeText, makeQuery, queryWire } from '../../support/messages.ts'
import { runApp, testRuntime as machine } from '../../support/running-app.ts'

t.test('mistakes', t => {
  const cases: readonly (readonly [text: string, message: string])[] = [
    [
      'view',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'view'"
    ],
    [
      'view a b',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'b'"
    ],
    ['view a {\n foo\n }', "Corefile:3 - Error during parsing: unknown property 'foo'"],
    ['view a {\n expr\n }', 'unexpected token EOF'],
    ['view a {\n expr foo()\n }', 'unknown name foo (1:1)\n | foo()\n | ^'],
    ['view a\n view b', 'this plugin can only be used once per Server Block'],
    ['view a {\n expr do()\n }', '']
  ]
  for (const [text, message] of cases) t.equal(setupMessage(text, viewPlugin), message, text)
  t.end()
})

t.test('every expression must be true, and none means always', t => {
  const blocks = setupBlocks(
    ". {\n view one {\n expr type() == 'A'\n expr do()\n }\n}\norg {\n view two\n}\n",
    [viewPlugin],
    testShared(testRuntime())
  )
  const [one, two] = blocks
  t.equal(one?.takes(makeQuery('a.org', 'A', { dnssecOk: true })), true)
  t.equal(one?.takes(makeQuery('a.org', 'A')), false)
  t.equal(one?.takes(makeQuery('a.org', 'AAAA', { dnssecOk: true })), false)
  t.equal(two?.takes(makeQuery('a.org', 'AAAA')), true)
  t.equal(one?.context.viewName(), 'one')
  t.end()
})

t.test('blocks of one zone are chosen by their views, from top to bottom', async t => {
  const zone = (address: string) => `@ 60 SOA ns root 1 2 3 4 5\nx 60 A ${address}\nx 60 TXT ${address}\n`
  const files = fakeFiles({ '/one': zone('10.0.0.1'), '/two': zone('10.0.0.2'), '/org': zone('10.0.0.3') })
  const corefile = `
    example.org:0 {
        view never {
            expr client_ip() == '192.0.2.1'
        }
        file /two
    }
    example.org:0 {
        view addresses {
            expr type() in ['A', 'AAAA']
        }
        file /one
    }
    org:0 {
        file /org example.org
    }
    net:0 {
        view never {
            expr false
        }
        file /one
    }`
  const server = await runApp(corefile, new MemorySource(), machine({ files }))
  const ask = async (name: string, type: string) =>
    decodeText(await askUdp(server.port, queryWire(name, type)))
  t.strictSame((await ask('x.example.org', 'A')).answer, ['x.example.org 60 A 10.0.0.1'])
  // No view of example.org takes it: the shorter zone's block does.
  t.match((await ask('x.example.org', 'TXT')).answer, [/10\.0\.0\.3/])
  t.equal((await ask('x.net', 'A')).rcode, 'REFUSED')
  t.strictSame(
    server.app.zoneLines.map(line => line.replace(/:\d+.*/, '')),
    ['example.org.', 'net.', 'org.']
  )
  await server.stop()
})
