import t from 'tap'
import { Fields, listed, shown, shownPath, type Flaw } from '../../src/cluster/fields.ts'

t.test('reads what is there, and takes null for absent', async t => {
  const flaws: Flaw[] = []
  const root = Fields.root(
    {
      name: 'web',
      port: 80,
      ready: false,
      none: null,
      list: ['a', 'b'],
      maps: [{ x: 'y' }],
      labels: { a: 'b' }
    },
    flaws
  )!
  t.equal(root.text('name'), 'web')
  t.equal(root.text('none'), '')
  t.equal(root.text('absent'), '')
  t.ok(root.has('name'))
  t.notOk(root.has('none'))
  t.ok(root.holdsText('name'))
  t.notOk(root.holdsText('port'))
  t.equal(root.number('port', 1, 65535), 80)
  t.equal(root.number('none', 1, 65535), undefined)
  t.equal(root.boolean('ready'), false)
  t.equal(root.boolean('absent'), undefined)
  t.strictSame(root.texts('list'), ['a', 'b'])
  t.equal(root.maps('maps')[0]?.text('x'), 'y')
  t.equal(root.map('absent').map('deeper').text('x'), '')
  t.strictSame(root.textMap('labels'), { a: 'b' })
  t.strictSame(flaws, [])
})

t.test('keys that are special in JavaScript are ordinary keys', async t => {
  const flaws: Flaw[] = []
  const labels = JSON.parse('{"__proto__": "x", "constructor": "y", "toString": "z"}') as unknown
  const texts = Fields.root({ labels }, flaws)!.textMap('labels')
  t.strictSame(Object.entries(texts), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['toString', 'z']
  ])
  t.equal(Object.getPrototypeOf(texts), Object.prototype)
  t.strictSame(flaws, [])
})

const flawed: readonly (readonly [string, unknown, (root: Fields) => unknown, string])[] = [
  [
    'text for a number',
    { a: 80 },
    root => root.text('a'),
    'a: 80 is a number; expected text: write "80" in quotes'
  ],
  ['a list for a text', { a: [1] }, root => root.text('a'), 'a: is a list; expected text'],
  [
    'a map for a list',
    { a: {} },
    root => root.texts('a'),
    'a: is a map; expected a list (lines that begin with "- ")'
  ],
  ['a text for a map', { a: 'b' }, root => root.map('a'), 'a: "b" is text; expected a map (key: value)'],
  [
    'a fraction',
    { a: 1.5 },
    root => root.number('a', 1, 9),
    'a: 1.5 is out of range; expected a number from 1 to 9'
  ],
  [
    'a boolean for a number',
    { a: true },
    root => root.number('a', 1, 9),
    'a: true is a boolean; expected a number from 1 to 9'
  ],
  [
    'a number in a text',
    { a: '7' },
    root => root.number('a', 1, 9),
    'a: "7" is text; expected a number from 1 to 9: write it without quotes'
  ],
  ['text for a boolean', { a: 'yes' }, root => root.boolean('a'), 'a: "yes" is text; expected true or false'],
  [
    'an unknown choice',
    { a: 'x' },
    root => root.choice('a', ['y', 'z']),
    'a: "x" is unknown; expected y or z'
  ],
  [
    'deep down',
    { a: { b: [{ c: 1 }] } },
    root => root.map('a').maps('b')[0]?.text('c'),
    'a.b[0].c: 1 is a number; expected text: write "1" in quotes'
  ],
  [
    'in a map of texts',
    { a: { 'x/y': 1 } },
    root => root.textMap('a'),
    'a["x/y"]: 1 is a number; expected text: write "1" in quotes'
  ]
]
for (const [name, value, read, expected] of flawed) {
  t.test(name, async t => {
    const flaws: Flaw[] = []
    read(Fields.root(value, flaws)!)
    t.strictSame(
      flaws.map(flaw => `${shownPath(flaw.path)}: ${flaw.text}`),
      [expected]
    )
    t.equal(flaws[0]?.level, 'error')
  })
}

for (const value of [null, undefined, 1, 'x', true, [], Symbol.iterator, () => 1]) {
  const flaws: Flaw[] = []
  t.equal(Fields.root(value, flaws), undefined, `${String(value)} is no map`)
  t.equal(flaws.length, 1)
}

t.equal(shown('a'.repeat(80)), `"${'a'.repeat(59)}…`)
t.equal(shown(Infinity), 'Infinity')
t.equal(listed(['a']), 'a')
t.equal(listed(['a', 'b', 'c']), 'a, b or c')
t.equal(shownPath(['spec', 'ports', 0, 'port']), 'spec.ports[0].port')
