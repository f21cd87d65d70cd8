import t from 'tap'
import { tooDeepAt } from '../../../src/cluster/manifests/depth.ts'
import { readYaml } from '../../../src/cluster/manifests/yaml-document.ts'

const steps = Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')
const deep: readonly (readonly [string, string])[] = [
  ['brackets', '['.repeat(100_000)],
  ['braces', '{a: '.repeat(100_000)],
  ['both, closed', `${'[{a: '.repeat(20_000)}${'}]'.repeat(20_000)}`],
  ['brackets on lines', '[\n'.repeat(100_000)],
  ['lists in lists', `${'- '.repeat(100_000)}x`],
  ['lists in lists of nothing', '- '.repeat(100_000)],
  ['keys of keys', `${'? '.repeat(100_000)}x`],
  [
    'lists in lists, over lines',
    Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}-`).join('\n')
  ],
  ['indentation', steps],
  ['indentation with tabs', steps.replaceAll('  ', ' \t')],
  [
    'indentation behind dashes',
    Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(2 * depth)}- a:`).join('\n')
  ]
]
for (const [name, text] of deep) {
  t.ok(tooDeepAt(text) >= 0, name)
  t.equal(readYaml(text).flaw?.code, 'TOO_DEEP', `${name}: read without harm`)
}

const manyDashes = Array.from(
  { length: 100 },
  (_, line) => `${' '.repeat(200 * line)}${'- '.repeat(99)}a:`
).join('\n')
t.ok(tooDeepAt(manyDashes) >= 0, 'many dashes on lines below each other')
t.equal(readYaml(manyDashes).flaw?.code, 'TOO_DEEP')

const fine: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a long line of dashes', `a: |\n  ${'-'.repeat(150)}\n`],
  ['many brackets, closed', '[]{}'.repeat(1000)],
  ['closing brackets', ']'.repeat(1000)],
  ['many lines', 'a:\n  b:\n    - c\n'.repeat(1000)],
  [
    'a schema of 60 levels',
    Array.from({ length: 60 }, (_, depth) => `${'  '.repeat(depth)}properties:`).join('\n')
  ]
]
for (const [name, text] of fine) t.equal(tooDeepAt(text), -1, name)
