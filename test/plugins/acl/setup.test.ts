import t from 'tap'
import { aclPlugin } from '../../../src/plugins/acl/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['acl', ''],
  ['acl {\n }', ''],
  [
    'acl example.org {\n block\n }\n acl {\n Allow NET 10.0.0.0/8 2001:db8::1 TYPE A AAAA\n drop type * net *\n }',
    ''
  ],
  ['acl {\n foo\n }', parsing(3, `unexpected token "foo"; expect 'allow', 'block', 'filter' or 'drop'`)],
  ['acl {\n block foo\n }', parsing(3, `unexpected token "foo"; expect 'type | net'`)],
  ['acl {\n block type\n }', parsing(3, 'no token specified in "type" section')],
  ['acl {\n block type A net\n }', parsing(3, 'no token specified in "net" section')],
  ['acl {\n block type a\n }', parsing(3, 'unexpected token "a"; expect legal QTYPE')],
  ['acl {\n block net x\n }', parsing(3, 'illegal CIDR notation "x/32"')],
  ['acl {\n block net ::x\n }', parsing(3, 'illegal CIDR notation "::x/128"')],
  ['acl {\n block type A net 10.0.0.0/99\n }', parsing(3, 'illegal CIDR notation "10.0.0.0/99"')]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, aclPlugin), message))
}
