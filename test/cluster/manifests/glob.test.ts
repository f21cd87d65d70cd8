import t from 'tap'
import { isGlob, partMatcher, splitGlob } from '../../../src/cluster/manifests/glob.ts'

const matches: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['*.yaml', ['a.yaml', 'a.b.yaml'], ['a.yml', '.a.yaml', 'a.yaml~']],
  ['.*.yaml', ['.a.yaml'], ['a.yaml']],
  ['?.yaml', ['a.yaml', 'é.yaml'], ['ab.yaml', '.yaml']],
  ['[a-c].yaml', ['b.yaml'], ['d.yaml', '-.yaml']],
  ['[!a-c].yaml', ['d.yaml'], ['a.yaml']],
  ['[z-a].yaml', ['z.yaml', 'a.yaml', '-.yaml'], ['b.yaml']],
  ['a[', ['a['], ['a']],
  ['*.{yaml,yml}', ['a.yaml', 'a.yml'], ['a.json', 'a.{yaml,yml}']],
  ['a+(b)$^.yaml', ['a+(b)$^.yaml'], ['ab.yaml']],
  ['***', ['a', 'abc'], ['.a']]
]
for (const [pattern, yes, no] of matches) {
  const test = partMatcher(pattern)
  for (const name of yes) t.ok(test(name), `${pattern} matches ${name}`)
  for (const name of no) t.notOk(test(name), `${pattern} does not match ${name}`)
}

t.strictSame(splitGlob('a/b/*.yaml'), { base: 'a/b', parts: ['*.yaml'] })
t.strictSame(splitGlob('*/b/*.yaml'), { base: '.', parts: ['*', 'b', '*.yaml'] })
t.strictSame(splitGlob('/*/x'), { base: '/', parts: ['*', 'x'] })
t.ok(isGlob('a/{b,c}'))
t.notOk(isGlob('a/b.yaml'))
