import { randomInt } from 'node:crypto'
import t from 'tap'
import { FrameReader, FrameWriter } from '../../../src/server/transport/framing.ts'
import { framed, unframed } from './support.ts'

/** What comes out when a stream goes in by these chunks. */
function read(chunks: readonly Buffer[]): { readonly messages: Buffer[]; readonly reader: FrameReader } {
  const reader = new FrameReader()
  const messages: Buffer[] = []
  for (const chunk of chunks) {
    reader.push(chunk)
    for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message)
  }
  return { messages, reader }
}

const large = Buffer.alloc(65_535, 'large')
const sent = ['a', '', 'message', large, '', 'b'].map(each => Buffer.from(each))
const stream = Buffer.concat(sent.map(framed))
const expected = sent.filter(each => each.length > 0)

const cuts: readonly { readonly name: string; readonly size: () => number }[] = [
  { name: 'in one chunk', size: () => stream.length },
  { name: 'octet by octet', size: () => 1 },
  { name: 'by two', size: () => 2 },
  { name: 'by three', size: () => 3 },
  { name: 'by 1460', size: () => 1460 },
  { name: 'by any size', size: () => randomInt(1, 50) }
]

for (const { name, size } of cuts) {
  t.test(`the same messages ${name}`, t => {
    const chunks: Buffer[] = []
    for (let at = 0; at < stream.length;) {
      const end = at + size()
      chunks.push(Buffer.from(stream.subarray(at, end)))
      at = end
    }
    const { messages, reader } = read(chunks)
    t.ok(Buffer.concat(messages.map(framed)).equals(Buffer.concat(expected.map(framed))))
    t.same([reader.pending, reader.partialLength, reader.heldOctets], [false, 0, 0])
    t.end()
  })
}

t.test('a message that is whole in a chunk is a view of it', t => {
  const chunk = framed('message')
  const { messages } = read([chunk])
  t.equal(messages[0]?.buffer, chunk.buffer)
  t.end()
})

t.test('a promised length takes no room before its octets come', t => {
  const { messages, reader } = read([Buffer.of(0xff), Buffer.of(0xff), Buffer.of(1), Buffer.of(2)])
  t.same(messages, [])
  t.equal(reader.partialLength, 4)
  t.ok(reader.heldOctets <= 64, `${reader.heldOctets} octets`)
  reader.clear()
  t.same([reader.pending, reader.partialLength, reader.heldOctets], [false, 0, 0])
  t.end()
})

t.test('the few octets at the end of a chunk do not hold all of it', t => {
  const { reader } = read([Buffer.concat([framed(large), Buffer.of(0)])])
  t.equal(reader.partialLength, 1)
  t.equal(reader.heldOctets, 1)
  t.end()
})

t.test('chunks that come before all messages are taken', t => {
  const reader = new FrameReader()
  reader.push(Buffer.concat([framed('a'), framed('b')]))
  t.equal(reader.next()?.toString(), 'a')
  reader.push(framed('c'))
  t.equal(reader.pending, true)
  t.same([reader.next()?.toString(), reader.next()?.toString(), reader.next()], ['b', 'c', undefined])
  t.equal(reader.pending, false)
  t.end()
})

t.test('what is gathered leaves framed, and as a copy', t => {
  const writer = new FrameWriter(100)
  t.equal(writer.add(Buffer.from('one')), true)
  t.equal(writer.add(Buffer.alloc(0)), true)
  t.equal(writer.add(large), true, 'the message that reaches the bound fits')
  t.equal(writer.length, 5 + 2 + 65_537)
  const taken = writer.take()
  t.equal(writer.length, 0)
  t.equal(writer.add(Buffer.from('two')), true)
  t.same(unframed(taken), [Buffer.from('one'), Buffer.alloc(0), large])
  t.same(unframed(writer.take()), [Buffer.from('two')])
  t.end()
})

t.test('a message that no length can say is refused and leaves no trace', t => {
  const writer = new FrameWriter(100)
  t.equal(writer.add(Buffer.alloc(65_536)), false)
  t.equal(writer.length, 0)
  t.end()
})
