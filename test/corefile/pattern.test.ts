// Patterns: RE2's syntax and texts, linear time.
import t from 'tap'
import { compilePattern } from '../../src/corefile/pattern.ts'

const compiled = (text: string) => {
  const pattern = compilePattern(text)
  if (pattern.error !== undefined) throw new Error(pattern.error)
  return pattern.value
}

t.test('groups, by number and by name', t => {
  const pattern = compiled('^n-(?P<n>[0-9]+)(x)?\\.')
  t.same(pattern.find('n-12.org.'), ['n-12.', '12', ''])
  t.equal(pattern.find('m.org.'), undefined)
  t.equal(pattern.groupCount, 2)
  t.same([...pattern.groupNumbers], [['n', 1]])
  t.ok(compiled('(?i)WEB').test('a web'))
  t.end()
})

// As Go's regexp package says it.
const bad: readonly (readonly [pattern: string, error: string])[] = [
  ['(', 'error parsing regexp: missing closing ): `(`'],
  ['[a', 'error parsing regexp: missing closing ]: `[a`'],
  ['*', 'error parsing regexp: missing argument to repetition operator: `*`'],
  ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
  ['\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
  ['\\', 'error parsing regexp: trailing backslash at end of expression: ``']
]

for (const [pattern, error] of bad) {
  t.test(pattern, t => {
    t.equal(compilePattern(pattern).error, error)
    t.end()
  })
}

t.test('time is linear in the text', t => {
  const text = `${'a'.repeat(20_000)}b`
  // Backtracking would take longer than the age of the universe.
  t.equal(compiled('^(a+)+$').test(text), false)
  t.equal(compiled('(a|aa)*c').find(text), undefined)
  t.end()
})
