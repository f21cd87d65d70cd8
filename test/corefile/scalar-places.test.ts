import t from 'tap'
import { parseDocument, type Scalar } from 'yaml'
import { scalarLocate, TextPlaces } from '../../src/corefile/scalar-places.ts'

t.test('lines and columns of offsets', t => {
  const places = new TextPlaces('\ufeffab\r\n\u{1f600}c\n\nd', 'x')
  const at = (offset: number): string => `${places.at(offset).line}:${places.at(offset).column}`
  t.same([0, 1, 2, 5, 7, 8, 9, 10].map(at), ['1:1', '1:1', '1:2', '2:1', '2:2', '2:3', '3:1', '4:1'])
  t.equal(at(1), '1:1', 'going back is possible too')
  t.equal(at(100), '4:2', 'behind the end')
  t.end()
})

/** Where each character of the scalar's text stands, as `LINE:COLUMN`. */
function placesOf(yaml: string): { readonly value: string; readonly places: readonly string[] } {
  const scalar = parseDocument(yaml).contents as Scalar<string>
  const locate = scalarLocate(scalar, scalar.value, yaml, new TextPlaces(yaml, 'x'))
  let line = 1
  let column = 1
  const places = scalar.value.split('').map((character, offset) => {
    const at = locate(offset, line, column)
    if (character === '\n') {
      line++
      column = 1
    } else column++
    return `${at.line}:${at.column}`
  })
  return { value: scalar.value, places }
}

const cases: readonly { name: string; yaml: string; value: string; places: string }[] = [
  { name: 'plain', yaml: 'ab', value: 'ab', places: '1:1 1:2' },
  { name: 'plain on two lines', yaml: 'a\n  b', value: 'a b', places: '1:1 1:2 2:3' },
  { name: 'plain with an empty line', yaml: 'a  \n\n b', value: 'a\nb', places: '1:1 1:4 3:2' },
  {
    name: 'double quotes',
    yaml: '"a\\nb\\u00e9\\x41\\U0001f600c"',
    value: 'a\nb\u00e9A\u{1f600}c',
    places: '1:2 1:3 1:5 1:6 1:12 1:16 1:16 1:26'
  },
  {
    name: 'every escape',
    yaml: '"\\0\\a\\b\\t\\v\\f\\r\\e\\ \\"\\/\\\\\\N\\_\\L\\P"',
    value: '\0\x07\b\t\v\f\r\x1b "/\\\x85\xa0\u2028\u2029',
    places: '1:2 1:4 1:6 1:8 1:10 1:12 1:14 1:16 1:18 1:20 1:22 1:24 1:26 1:28 1:30 1:32'
  },
  { name: 'a line break behind a backslash', yaml: '"a\\\n   b"', value: 'ab', places: '1:2 2:4' },
  { name: 'kept blanks around it', yaml: '"a \\\n  \\ b"', value: 'a  b', places: '1:2 1:3 2:3 2:5' },
  { name: 'folded quotes', yaml: '"a\n\n  b"', value: 'a\nb', places: '1:2 1:3 3:3' },
  { name: 'single quotes', yaml: "'a''b'", value: "a'b", places: '1:2 1:3 1:5' },
  {
    name: 'a literal block',
    yaml: '|\n  a\n\n   b\n',
    value: 'a\n\n b\n',
    places: '2:3 2:4 3:3 4:3 4:4 4:5'
  },
  { name: 'a literal block with its indent', yaml: '|1-\n  a\n', value: ' a', places: '2:2 2:3' },
  { name: 'a literal block of nothing', yaml: '|+\n\n\n', value: '\n\n', places: '2:1 3:1' },
  { name: 'a folded block', yaml: '>\n  a\n  b\n', value: 'a b\n', places: '1:1 1:1 1:1 1:1' }
]

for (const { name, yaml, value, places } of cases) {
  t.test(name, t => {
    t.same(placesOf(yaml), { value, places: places.split(' ') })
    t.end()
  })
}
