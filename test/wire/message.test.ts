// Which messages can be read, by hand-written octets; properties.test.ts has the round trips.
import t from 'tap'
import { readMessage } from '../../src/wire/message.ts'
import { formatName } from '../../src/wire/name.ts'
import { formatRecord } from '../../src/wire/rdata.ts'

const octets = (hex: string): Buffer => Buffer.from(hex.replace(/\s+/g, ''), 'hex')
const counts = (...numbers: readonly number[]): string =>
  `1234 8400 ${numbers.map(count => count.toString(16).padStart(4, '0')).join('')}`
const QUESTION = '01 61 03 6f7267 00 0001 0001'
const HEAD = '0001 0000003c'
const OPT = '00 0029 04d0 01008000'

t.test('a message in all its parts', async t => {
  const message = readMessage(
    octets(
      `${counts(1, 1, 1, 2)} ${QUESTION} c00c 0005 ${HEAD} 0004 01 62 c00e 00 0001 0003 ffffffff 0001 ff
       ${OPT} 000a 000a 0002 abcd 0003 0000 c00e 0001 ${HEAD} 0004 0a000001`
    )
  )
  t.equal(message?.id, 0x1234)
  t.equal(message?.flags, 0x8400)
  t.same(
    message?.questions.map(each => [formatName(each.name), each.qtype, each.qclass]),
    [['a.org.', 1, 1]]
  )
  t.same(message?.answers.map(formatRecord), ['a.org. 60 IN CNAME b.org.'])
  t.same(message?.authority.map(formatRecord), ['. 4294967295 CH A \\# 1 ff'])
  t.same(message?.additional.map(formatRecord), ['org. 60 IN A 10.0.0.1'], 'the OPT stands apart')
  const opt = message?.opt
  t.same([opt?.udpSize, opt?.extendedRcode, opt?.version, opt?.flags], [1232, 1, 0, 0x8000])
  t.same(
    opt?.options.map(each => [each.code, Buffer.from(each.data).toString('hex')]),
    [
      [10, 'abcd'],
      [3, '']
    ]
  )
})

t.test('what can be read and what cannot', async t => {
  const label63 = `3f${'61'.repeat(63)}`
  /** 254 octets of name and its type and class. */
  const long = `${label63.repeat(3)} 3c${'61'.repeat(60)} 00 0001 0001`
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['a header', counts(0, 0, 0, 0), true],
    ['half a header', '1234 8400 0000', false],
    ['octets behind it', `${counts(0, 0, 0, 0)} ff`, true],
    ['no question', counts(1, 0, 0, 0), false],
    ['a cut question', `${counts(1, 0, 0, 0)} 00 0001 00`, false],
    ['a second question that points back', `${counts(2, 0, 0, 0)} ${QUESTION} c00c 0001 0001`, true],
    ['a question that points at itself', `${counts(1, 0, 0, 0)} c00c 0001 0001`, false],
    ['a pointer past the end', `${counts(1, 0, 0, 0)} c0ff 0001 0001`, false],
    [
      'a pointer into the name of a later record',
      `${counts(1, 1, 0, 0)} c012 0001 0001 01 61 00 0001 ${HEAD} 0000`,
      true
    ],
    ['a pointer into the end of a name: 255 octets', `${counts(2, 0, 0, 0)} ${long} c00c 0001 0001`, true],
    ['256 octets through a pointer', `${counts(2, 0, 0, 0)} ${long} 01 61 c00c 0001 0001`, false],
    ['257 octets through a pointer', `${counts(2, 0, 0, 0)} ${long} 02 6161 c00c 0001 0001`, false],
    ['a missing record', counts(0, 1, 0, 0), false],
    ['a cut record', `${counts(0, 1, 0, 0)} 00 0001 ${HEAD} 0004 0a0000`, false],
    ['a target that runs out of its data', `${counts(0, 1, 0, 0)} 00 0002 ${HEAD} 0001 01 6100`, false],
    ['a target that is a loop', `${counts(0, 1, 0, 0)} 00 0002 ${HEAD} 0002 c017`, false],
    ['a second target that is missing', `${counts(0, 1, 0, 0)} 00 000e ${HEAD} 0001 00`, false],
    [
      'strings that leave no room for a name',
      `${counts(0, 1, 0, 0)} 00 0023 ${HEAD} 0006 00000000 0561`,
      false
    ],
    ['no data where a name is due', `${counts(0, 1, 0, 0)} 00 0002 ${HEAD} 0000`, true],
    ['an OPT', `${counts(0, 0, 0, 1)} ${OPT} 0000`, true],
    ['two OPTs', `${counts(0, 0, 0, 2)} ${OPT} 0000 ${OPT} 0000`, false],
    ['an OPT under a name', `${counts(0, 0, 0, 1)} 01 61 ${OPT} 0000`, false],
    ['an option past its end', `${counts(0, 0, 0, 1)} ${OPT} 0004 0003 0001`, false],
    ['half an option', `${counts(0, 0, 0, 1)} ${OPT} 0003 0003 00`, false]
  ]
  for (const [what, hex, isRead] of cases) t.equal(readMessage(octets(hex)) !== undefined, isRead, what)
  t.equal(readMessage(Buffer.alloc(65_535))?.questions.length, 0)
  t.equal(readMessage(Buffer.alloc(65_536)), undefined, 'larger than a message can be')
})
