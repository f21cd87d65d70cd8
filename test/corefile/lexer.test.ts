import t from 'tap'
import { isOnLaterLine, isOnSameLine, readWords } from '../../src/corefile/lexer.ts'
import { wordsOf } from './support.ts'

const at = (text: string): readonly string[] =>
  wordsOf(text).map(word => `${word.at.line}:${word.at.column} ${word.text}`)

const cases: readonly { name: string; text: string; words: readonly string[] }[] = [
  { name: 'nothing', text: '', words: [] },
  { name: 'only blanks', text: ' \t\r\n\n', words: [] },
  { name: 'words and lines', text: 'a bc\n  d', words: ['1:1 a', '1:3 bc', '2:3 d'] },
  { name: 'a byte order mark takes no column', text: '\ufeffa', words: ['1:1 a'] },
  { name: 'a byte order mark elsewhere is a character', text: 'a \ufeff', words: ['1:1 a', '1:3 \ufeff'] },
  { name: 'a tab is one column', text: '\ta\tb', words: ['1:2 a', '1:4 b'] },
  { name: 'carriage returns end no word', text: 'a\rb c\r\nd', words: ['1:1 ab', '1:5 c', '2:1 d'] },
  { name: 'columns count characters', text: '\u{1f600}é x', words: ['1:1 \u{1f600}é', '1:4 x'] },
  { name: 'columns count characters in quotes', text: '"\u{1f600}" x', words: ['1:1 \u{1f600}', '1:5 x'] },
  { name: 'a comment to the end of the line', text: 'a # b "c\nd', words: ['1:1 a', '2:1 d'] },
  { name: 'a comment at the end of the text', text: 'a #', words: ['1:1 a'] },
  { name: 'a comment inside a word ends with it', text: 'a#b#c d\n', words: ['1:1 a', '1:7 d'] },
  { name: 'a comment inside a word at the end', text: 'a#b', words: ['1:1 a'] },
  { name: 'a comment does not end at a carriage return', text: 'a#b\rc d', words: ['1:1 a', '1:7 d'] },
  { name: 'quotes hold blanks, lines and comments', text: '"a b\n# c" d', words: ['1:1 a b\n# c', '2:6 d'] },
  { name: 'quotes end a word', text: '"a"b', words: ['1:1 a', '1:4 b'] },
  { name: 'quotes inside a word are characters', text: 'a"b c"', words: ['1:1 a"b', '1:5 c"'] },
  { name: 'empty quotes are a word', text: '"" x', words: ['1:1 ', '1:4 x'] },
  { name: 'an escaped quotation mark', text: '"a\\"b" c', words: ['1:1 a"b', '1:8 c'] },
  { name: 'other backslashes stay', text: '"a\\nb\\\\" \\"', words: ['1:1 a\\nb\\\\', '1:10 \\"'] },
  { name: 'a backslash protects a backslash', text: '"a\\\\"b', words: ['1:1 a\\\\', '1:6 b'] },
  { name: 'quotes that never end', text: 'a "b\nc', words: ['1:1 a', '1:3 b\nc'] },
  { name: 'quotes that never end, nothing in them', text: 'a "', words: ['1:1 a'] },
  { name: 'quotes that end in a backslash', text: '"a\\', words: ['1:1 a'] },
  { name: 'quotes that hold only a backslash', text: '"\\', words: [] },
  {
    name: 'blanks of Unicode',
    text: 'a\u00a0b\u0085c\u2003d\u3000e\u2028f',
    words: ['1:1 a', '1:3 b', '1:5 c', '1:7 d', '1:9 e', '1:11 f']
  },
  { name: 'characters that are no blanks', text: 'a\u200bb\u180ec\0', words: ['1:1 a\u200bb\u180ec\0'] },
  { name: 'braces are words', text: '{}{ } {', words: ['1:1 {}{', '1:5 }', '1:7 {'] },
  { name: 'half a surrogate pair', text: '\udc00 \ud800', words: ['1:1 \udc00', '1:2 \ud800'] }
]

for (const { name, text, words } of cases) {
  t.test(name, t => {
    t.same(at(text), words)
    t.end()
  })
}

t.test('tells of words that follow a comment on their line', t => {
  const list = readWords('a#b c d\ne # f g\nh#\ni "j#k" l\n', '', (_, line, column) => ({
    file: 'x',
    line,
    column
  }))
  t.same(
    list.afterComment.map(word => word.text),
    ['c', 'd']
  )
  t.end()
})

t.test('hands the offset to whoever says where words stand', t => {
  const offsets: number[] = []
  readWords('\ufeffa "b c"\n d', '', (offset, line, column) => {
    offsets.push(offset)
    return { file: 'x', line, column }
  })
  t.same(offsets, [1, 3, 10])
  t.end()
})

t.test('same line and later line', t => {
  const words = wordsOf('"x\ny" b\nc')
  const [a, b, c] = [words[0]!, words[1]!, words[2]!]
  const other = { ...b, source: '/other' }
  t.equal(isOnSameLine(a, b), true, 'the line where a quoted word ends')
  t.equal(isOnLaterLine(a, b), false)
  t.equal(isOnSameLine(b, c), false)
  t.equal(isOnLaterLine(b, c), true)
  t.equal(isOnSameLine(c, b), false, 'backwards, as with snippets, it is neither')
  t.equal(isOnLaterLine(c, b), false)
  t.equal(isOnSameLine(a, other), false, 'another file')
  t.equal(isOnLaterLine(a, other), true)
  t.end()
})
