import t from 'tap'
import { environmentExpander } from '../../src/corefile/environment.ts'

const environment = {
  A: 'a',
  EMPTY: '',
  TO_A: '{$A}',
  PERCENT: '{%A%}',
  SPLIT: '{',
  SELF: '{$SELF}',
  PING: '{$PONG}',
  PONG: 'x{$PING}',
  GROWS: '{$GROWS}{$GROWS}',
  'WITH BLANK': 'w',
  DOLLARS: '$& $1',
  UNDEFINED: undefined
}

const cases: readonly (readonly [text: string, expanded: string | undefined])[] = [
  ['plain', 'plain'],
  ['$A', '$A'],
  ['{$A}', 'a'],
  ['{%A%}', 'a'],
  ['x{$A}y{$A}z', 'xayaz'],
  ['{$NOTHING}', ''],
  ['{$EMPTY}x', 'x'],
  ['{$UNDEFINED}x', 'x'],
  ['{$TO_A}', 'a'],
  ['{$PERCENT}', '{%A%}'],
  ['{%TO_A%}', 'a'],
  ['{$WITH BLANK}', 'w'],
  ['{$SPLIT}$A}', 'a'],
  ['{$DOLLARS}', '$& $1'],
  ['{$}', '{$}'],
  ['{$}{$A}', '{$}{$A}'],
  ['{$A}{$}{$A}{$EMPTY}', 'a{$}a{$EMPTY}'],
  ['{%%}{%A%}', '{%%}{%A%}'],
  ['{%}', '{%}'],
  ['{$A', '{$A'],
  ['{$A {$TO_A}', ''],
  ['{{$A}}', '{a}'],
  ['{$toString}', ''],
  ['{$SELF}', undefined],
  ['{$PING}', undefined],
  ['{$GROWS}', undefined]
]

for (const [text, expanded] of cases) {
  t.test(`${text} is ${expanded ?? 'endless'}`, t => {
    t.equal(environmentExpander(environment)(text), expanded)
    t.end()
  })
}

t.test('all words of a configuration share the bound', t => {
  const expand = environmentExpander({ BIG: 'x'.repeat(1024 * 1024) })
  let answered = 0
  while (answered < 1000 && expand('{$BIG}') !== undefined) answered++
  t.ok(answered > 10 && answered < 100, `${answered} words of a mebioctet`)
  t.end()
})
