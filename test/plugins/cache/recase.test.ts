// Answers to questions in other letters, against the copier that writes every name anew.
import packet, { type Answer as Resource } from 'dns-packet'
import fc from 'fast-check'
import t from 'tap'
import { copyMessage } from '../../../src/dns/message-copier.ts'
import { KEEP_TTLS, recasedMessage, type RecasedMessage } from '../../../src/plugins/cache/recase.ts'
import { encodeName } from '../../../src/wire/name.ts'
import { messageText } from '../../support/wire-text.ts'

/** A compressed message with this question of type A. */
function message(name: string, answers: readonly Resource[]): Buffer {
  const wire = packet.encode({
    type: 'response',
    id: 7,
    questions: [{ type: 'A', name }],
    answers: [...answers]
  })
  return copyMessage(wire).octets
}

function recased(wire: Buffer, asked: string, ttl = KEEP_TTLS, room = 0): RecasedMessage | undefined {
  const name = Buffer.from(encodeName(`${asked}.`))
  const question = Buffer.concat([Buffer.alloc(12), name, Buffer.from([0, 1, 0, 1])])
  return recasedMessage(wire, wire.length, question, 12 + name.length, ttl, room)
}

const a = (name: string): Resource => ({ type: 'A', name, ttl: 60, data: '10.0.0.1' })

t.test('the question has the letters that were asked for, the records keep theirs', async t => {
  const cname = (name: string, data: string): Resource => ({ type: 'CNAME', name, ttl: 60, data })
  for (const [name, asked, answers, records] of [
    ['a.org', 'A.org', [a('a.org')], ['a.org 5 A 10.0.0.1']],
    ['a.org', 'A.ORG', [a('a.org'), a('a.org')], ['a.org 5 A 10.0.0.1', 'a.org 5 A 10.0.0.1']],
    ['WWW.a.org', 'www.a.org', [a('WWW.a.org')], ['WWW.a.org 5 A 10.0.0.1']],
    [
      'www.a.org',
      'www.A.org',
      [cname('www.a.org', 'edge.www.a.org'), a('edge.www.a.org')],
      ['www.a.org 5 CNAME edge.www.a.org.', 'edge.www.a.org 5 A 10.0.0.1']
    ],
    ['a.org', 'A.org', [], []]
  ] as const) {
    const { octets, length } = recased(message(name, answers), asked, 5)!
    const text = messageText(octets.subarray(0, length))
    t.equal(text.question[0]?.name, `${asked}.`)
    const plain = (line: string) => line.replaceAll(/\.(?= |$)/g, '').replaceAll(' IN ', ' ')
    t.strictSame(text.answer.map(plain), records.map(plain))
  }
  t.equal(recased(message('a.org', [a('a.org')]), 'A.org', 5, 40)!.octets.length, 12 + 11 + 16 + 7 + 40)
})

t.test('what is too large, or can point nowhere, is left to the copier', async t => {
  const text = (octets: number): Resource => ({
    type: 'TXT',
    name: 'x.org',
    ttl: 1,
    data: Array.from({ length: octets / 40 }, () => Buffer.alloc(39, 0x61))
  })
  t.equal(recased(message('a.org', [text(65_480), a('a.org')]), 'A.org'), undefined, 'no room for the name')
  t.ok(recased(message('a.org', [text(16_000), a('a.org')]), 'A.org'))
  const far = message('a.org', [text(16_400), a('b.org'), a('b.org'), a('a.org')])
  t.ok(recased(far, 'A.org'), 'nothing points beyond')
  const twoParts = message('a.b.org', [a('b.org'), a('a.b.org')])
  t.equal(recased(twoParts, 'A.B.org'), undefined, 'the longer name comes after the shorter one')
})

const LABELS = ['www', 'web', 'org', 'example', 'a', 'b']
const name = fc
  .array(fc.constantFrom(...LABELS), { minLength: 1, maxLength: 4 })
  .map(labels => labels.join('.'))
const record = (owner: fc.Arbitrary<string>): fc.Arbitrary<Resource> =>
  fc.oneof(
    owner.map(a),
    fc.tuple(owner, owner).map(([of, data]): Resource => ({ type: 'CNAME', name: of, ttl: 9, data })),
    fc.tuple(owner, owner).map(([of, data]): Resource => ({ type: 'NS', name: of, ttl: 9, data })),
    fc.tuple(owner, owner).map(([of, exchange]): Resource => ({
      type: 'MX',
      name: of,
      ttl: 9,
      data: { preference: 1, exchange }
    })),
    fc
      .tuple(owner, owner)
      .map(([of, target]): Resource => ({ type: 'SRV', name: of, ttl: 9, data: { port: 1, target } })),
    owner.map((of): Resource => ({ type: 'TXT', name: of, ttl: 9, data: 'text' }))
  )
const mixed = (text: string, bits: number): string =>
  Array.from(text, (letter, at) => ((bits >> (at % 31)) & 1 ? letter.toUpperCase() : letter)).join('')

t.test('it says what the copier says', async t => {
  let fast = 0
  let all = 0
  fc.assert(
    fc.property(name, fc.nat(), fc.nat(), fc.context(), (asked, bits, other, context) => {
      const owner = fc.oneof(
        { weight: 3, arbitrary: fc.constant(asked) },
        { weight: 1, arbitrary: name.map(first => `${first}.${asked}`) },
        { weight: 1, arbitrary: fc.constant(asked.split('.').slice(1).join('.') || 'org') },
        { weight: 1, arbitrary: name }
      )
      const [records = []] = fc.sample(fc.array(record(owner), { maxLength: 5 }), { numRuns: 1, seed: other })
      const wire = message(asked, records)
      const client = mixed(asked, bits)
      const copy = recased(wire, client)
      all++
      if (copy === undefined) return true
      fast++
      const found = copyMessage(copy.octets.subarray(0, copy.length)).octets
      const wanted = copyMessage(wire, encodeName(`${client}.`)).octets
      context.log(`${wire.toString('hex')} for ${client}`)
      return found.equals(wanted)
    }),
    { numRuns: 1000, seed: 11 }
  )
  t.ok(fast > all * 0.75, `${fast} of ${all} in the short way`)
})
