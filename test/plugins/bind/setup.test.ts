import t from 'tap'
import { bindOn } from '../../../src/plugins/bind/setup.ts'
import type { PluginDefinition } from '../../../src/plugins/definition.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const bind = bindOn(
  () =>
    new Map([
      ['lo', ['127.0.0.1', '::1']],
      ['eth0', ['192.0.2.7', 'fe80::1%eth0']],
      ['down0', []]
    ])
)

const bound = (directives: string): readonly string[] =>
  setupBlocks(`.:53 {\n${directives}\n}`, [bind], testShared(testRuntime()))[0]!.boundTo

t.test('addresses and interfaces become addresses', async t => {
  const cases: readonly (readonly [directives: string, addresses: readonly string[]])[] = [
    ['bind 127.0.0.1', ['127.0.0.1']],
    ['bind 127.0.0.1 ::1', ['127.0.0.1', '::1']],
    ['bind lo', ['127.0.0.1', '::1']],
    ['bind eth0 192.0.2.8', ['192.0.2.7', 'fe80::1%eth0', '192.0.2.8']],
    ['bind 127.0.0.1\n bind 192.0.2.7', ['127.0.0.1', '192.0.2.7']],
    ['bind lo eth0 {\n except ::1 192.0.2.7\n }', ['127.0.0.1', 'fe80::1%eth0']],
    ['bind lo {\n except lo\n }\n bind eth0', ['192.0.2.7', 'fe80::1%eth0']]
  ]
  for (const [directives, addresses] of cases) t.same(bound(directives), addresses, directives)
})

t.test('is seen by plugins that are set up behind it', async t => {
  let seen: readonly string[] = []
  const whoami: PluginDefinition = {
    name: 'whoami',
    setup: (_c, context) => {
      seen = context.boundTo
      return undefined
    }
  }
  setupBlocks('.:53 {\n whoami\n bind 127.0.0.1\n}', [bind, whoami], testShared(testRuntime()))
  t.same(seen, ['127.0.0.1'])
})

const bad: readonly (readonly [directive: string, message: string])[] = [
  ['bind', 'at least one address or interface name is expected'],
  ['bind x', 'not a valid IP address or interface name: "x"'],
  ['bind 127.0.0.1:53', 'not a valid IP address or interface name: "127.0.0.1:53"'],
  ['bind 10.0.0.0/8', 'not a valid IP address or interface name: "10.0.0.0/8"'],
  ['bind 127.0.0.1 {\n foo\n }', 'invalid option "foo"'],
  ['bind lo {\n except\n }', 'at least one address or interface must be given to except subdirective'],
  // An empty list would mean every address.
  ['bind down0', 'no address is left to listen on'],
  ['bind lo {\n except lo\n }', 'no address is left to listen on'],
  ['bind lo {\n except eth9\n }', 'not a valid IP address or interface name: "eth9"']
]

for (const [directive, message] of bad) {
  t.test(directive, async t => t.equal(setupMessage(directive, bind), message))
}
