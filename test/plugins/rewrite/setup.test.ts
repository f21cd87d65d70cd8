// The rewrite directive: mistakes and their messages.
import t from 'tap'
import { rewritePlugin } from '../../../src/plugins/rewrite/setup.ts'
import { setupMessage } from '../../support/blocks.ts'
import { compareErrors } from '../../support/recorded-errors.ts'

t.test('what CoreDNS was seen to say', t => {
  compareErrors(t, rewritePlugin, 19)
  t.end()
})

const mistakes: readonly (readonly [line: string, message: string])[] = [
  ['rewrite', 'no rule type specified for rewrite'],
  ['rewrite continue', 'continue rule must begin with a rule type'],
  // kubespray's documented option (corefile-and-plugins.md §8.13)
  [
    'rewrite name stop a b',
    'name rule supports only exact, prefix, suffix, substring, and regex name matching, received: stop'
  ],
  ['rewrite answer name a b', 'response rewrites must begin with a name rule'],
  ['rewrite type A', 'type rules must have exactly two arguments'],
  ['rewrite type A NOPE', 'invalid type "NOPE"'],
  [
    'rewrite name regex (a)(b) {1}{2}{3}',
    'the rewrite regex pattern ({1}{2}{3}) uses more subexpressions than its corresponding matching regex pattern ((a)(b))'
  ],
  ['rewrite name regex (?=a) b', 'invalid regex matching pattern: (?=a)'],
  ['rewrite ttl a.org -', "invalid TTL '-' for a ttl rule"],
  ['rewrite ttl a.org 60-30', "invalid TTL '60-30' for a ttl rule"],
  ['rewrite ttl a.org 4294967296', "invalid TTL '4294967296' for a ttl rule"],
  ['rewrite edns0 local set 65536 a', 'strconv.ParseUint: parsing "65536": value out of range'],
  ['rewrite edns0 local set 0xffee {nope}', 'unsupported variable name "{nope}"'],
  ['rewrite edns0 local set 0xffee 0xabc', 'encoding/hex: odd length hex string'],
  ['rewrite edns0 local set 0xffee 0xzz', "encoding/hex: invalid byte: U+007A 'z'"],
  ['rewrite rcode a.org NOERROR', 'too few (2) arguments for a rcode rule'],
  ['rewrite rcode a.org BAD NOERROR', "invalid matching RCODE 'BAD' for a rcode rule"]
]

for (const [line, message] of mistakes) {
  t.test(line, t => {
    t.equal(setupMessage(line, rewritePlugin), message)
    t.end()
  })
}

for (const line of [
  'rewrite continue name a.org b.org',
  'rewrite name regex (.*)\\.a\\.org {1}.b.org answer name (.*)\\.b\\.org {1}.a.org value (.*)\\.b\\.org {1}.a.org',
  'rewrite ttl a.org -60',
  'rewrite ttl regex .*\\.a\\.org\\. 30-',
  'rewrite edns0 local set 0o17 {kubernetes/namespace}',
  'rewrite edns0 subnet unset',
  'rewrite stop {\nname regex a b\nanswer auto\n}'
]) {
  t.test(line, t => {
    t.equal(setupMessage(line, rewritePlugin), '')
    t.end()
  })
}
