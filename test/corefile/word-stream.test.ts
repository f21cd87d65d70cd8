import t from 'tap'
import { WordStream } from '../../src/corefile/word-stream.ts'
import { wordsOf } from './support.ts'

const imported = (text: string, source: string) => wordsOf(text, source).map(word => ({ ...word, source }))

/** Everything that is left, `|` before words that begin a line. */
function rest(stream: WordStream): string {
  const words: string[] = []
  while (stream.next()) words.push(`${stream.startsLine ? '|' : ''}${stream.current?.text ?? ''}`)
  return words.join(' ')
}

t.test('takes words in order', t => {
  const stream = new WordStream(wordsOf('a b\n"c\nd" e\nf'))
  t.equal(stream.current, undefined)
  t.equal(stream.startsLine, true)
  t.equal(rest(stream), '|a b |c\nd e |f')
  t.equal(stream.next(), false)
  t.equal(stream.current?.text, 'f', 'at the end it stays')
  t.equal(stream.taken, 5)
  t.end()
})

t.test('takes words of the same line only', t => {
  const stream = new WordStream(wordsOf('a b\nc'))
  t.equal(stream.nextOnLine(), false, 'there is no line before the first word')
  stream.next()
  t.equal(stream.nextOnLine(), true)
  t.equal(stream.nextOnLine(), false)
  t.equal(stream.current?.text, 'b')
  t.end()
})

t.test('gives a word back', t => {
  const stream = new WordStream(wordsOf('a\nb c'))
  stream.next()
  stream.next()
  stream.back()
  t.equal(stream.current?.text, 'a')
  t.equal(rest(stream), '|b c')
  t.equal(stream.taken, 3)
  t.end()
})

t.test('puts words in the place of others', t => {
  const stream = new WordStream(wordsOf('a\nimport x\nb'))
  stream.next()
  stream.next()
  const before = stream.previous
  stream.next()
  stream.insert(imported('\n\n\nc d', '/x'), before)
  t.equal(stream.current?.text, 'a')
  t.equal(stream.depth, 1)
  t.equal(rest(stream), '|c d |b')
  t.equal(stream.depth, 0)
  t.end()
})

t.test('words of a snippet come from lines further up, and begin none', t => {
  const stream = new WordStream(wordsOf('\n\n\na\nb'))
  stream.next()
  stream.insert(wordsOf('s t\nu'), stream.current)
  t.equal(rest(stream), 's t |u |b')
  t.end()
})

t.test('imports within imports, and empty ones', t => {
  const stream = new WordStream(wordsOf('z'))
  stream.insert([], undefined)
  stream.insert(imported('a', '/a'), undefined)
  stream.insert([], undefined)
  stream.insert(imported('b', '/b'), undefined)
  t.equal(rest(stream), '|b |a |z')
  t.end()
})

t.test('another word in the place of the current one', t => {
  const stream = new WordStream(wordsOf('a\nb'))
  stream.next()
  stream.replace({ ...stream.current!, text: 'x\ny' })
  t.equal(stream.current?.text, 'x\ny')
  stream.next()
  t.equal(stream.startsLine, false, 'its line breaks count')
  t.end()
})
