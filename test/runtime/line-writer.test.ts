import t from 'tap'
import { LineWriter } from '../../src/runtime/line-writer.ts'

type Done = (error: NodeJS.ErrnoException | null, written: number) => void

/** A reader that takes only what a test lets it. */
function reader(charactersMax?: number) {
  const held: { readonly octets: Buffer; readonly done: Done }[] = []
  const writer = new LineWriter((octets, done) => void held.push({ octets, done }), charactersMax)
  return { held, writer }
}

const failure = (code: string) => Object.assign(new Error(code), { code })

t.test('one write at a time, and what came meanwhile goes with the next', async t => {
  const { held, writer } = reader()
  writer.write('a\n')
  writer.write('b\n')
  writer.write('c\n')
  t.same(
    held.map(each => each.octets.toString()),
    ['a\n']
  )
  held[0]!.done(null, 2)
  t.same(
    held.map(each => each.octets.toString()),
    ['a\n', 'b\nc\n']
  )
})

t.test('lines gather after a write, and flush waits for none of that', async t => {
  const held: { readonly octets: Buffer; readonly done: Done }[] = []
  const writer = new LineWriter((octets, done) => void held.push({ octets, done }), 1000, 1)
  const texts = () => held.map(each => each.octets.toString())
  writer.write('a\n')
  t.same(texts(), ['a\n'], 'the first one is written at once')
  writer.write('b\n')
  held[0]!.done(null, 2)
  writer.write('c\n')
  t.equal(held.length, 1)
  while (held.length < 2) await new Promise(setImmediate)
  t.same(texts(), ['a\n', 'b\nc\n'])
  writer.write('d\n')
  held[1]!.done(null, 4)
  const flushed = writer.flush(10_000)
  t.equal(held.length, 3)
  writer.write('e\n')
  held[2]!.done(null, 2)
  t.equal(held.length, 4)
  held[3]!.done(null, 2)
  await flushed
  t.same(texts().slice(2), ['d\n', 'e\n'])
})

t.test('goes on where a short write ended', async t => {
  const { held, writer } = reader()
  writer.write('abcdef\n')
  held[0]!.done(null, 3)
  t.equal(held[1]!.octets.toString(), 'def\n')
})

t.test('a reader that stands still costs a bound, and is told what it missed', async t => {
  const { held, writer } = reader(30)
  writer.write('first\n')
  for (let line = 0; line < 100; line++) writer.write('0123456789\n')
  t.equal(held.length, 1)
  t.equal(writer.dropped, 98)
  held[0]!.done(null, 6)
  t.equal(
    held[1]!.octets.toString(),
    '0123456789\n0123456789\n[WARNING] labdns: 98 log lines were dropped: nobody read the log fast enough\n'
  )
  held[1]!.done(null, held[1]!.octets.length)
  writer.write('after\n')
  t.equal(held[2]!.octets.toString(), 'after\n')
})

t.test('a full pipe is tried again', async t => {
  const { held, writer } = reader()
  writer.write('a\n')
  held[0]!.done(failure('EAGAIN'), 0)
  const flushed = writer.flush(5000)
  while (held.length < 2) await new Promise(setImmediate)
  t.equal(held[1]!.octets.toString(), 'a\n')
  held[1]!.done(null, 2)
  await flushed
  t.equal(writer.dropped, 0)
})

t.test('a reader that is gone ends the writing and nothing else', async t => {
  const { held, writer } = reader()
  writer.write('a\n')
  writer.write('b\n')
  held[0]!.done(failure('EPIPE'), 0)
  writer.write('c\n')
  t.equal(held.length, 1)
  t.equal(writer.dropped, 3)
  await writer.flush(1000)
})

t.test('flush settles at once when there is nothing, and in the end when nobody reads', async t => {
  const { held, writer } = reader()
  await writer.flush(10_000)
  writer.write('a\n')
  await writer.flush(10)
  t.equal(held.length, 1)
})
