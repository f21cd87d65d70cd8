import t from 'tap'
import { foreignAnswer } from '../../src/dns/foreign-answer.ts'
import { answerClass, answerType } from '../../src/dns/classify.ts'
import { makeQuery, type QueryFields } from '../support/messages.ts'

const NOW = 1_700_000_000
const seconds = (offset: number) => ((NOW + offset) >>> 0).toString(16).padStart(8, '0')

/** An RRSIG of the question's name, valid between two offsets from now. */
const signature = (from: number, to: number): string => {
  const data = `0001 08 02 0000003c ${seconds(to)} ${seconds(from)} 0001 00 c0ffee`.replace(/ /g, '')
  return `c00c 002e 0001 0000003c ${(data.length / 2).toString(16).padStart(4, '0')} ${data}`
}
const OPT_DO = '00 0029 04d0 00008000 0000'
const OPT = '00 0029 04d0 00000000 0000'
const NS = 'c00c 0002 0001 0000003c 0002 c00e'
const TXT = 'c00c 0010 0001 0000003c 0002 0161'

interface Case {
  readonly title: string
  readonly type?: string
  readonly fields?: QueryFields
  readonly rcode?: number
  readonly sections: readonly [answers: string[], authority: string[], additional: string[]]
  readonly expected: string
}

const cases: readonly Case[] = [
  { title: 'data', sections: [[TXT], [], []], expected: 'NOERROR success' },
  { title: 'a referral', sections: [[], [NS], []], expected: 'DELEGATION success' },
  {
    title: 'something else in the authority section',
    sections: [[], [TXT], []],
    expected: 'NOERROR success'
  },
  { title: 'nothing at all', sections: [[], [], []], expected: 'NOERROR success' },
  { title: 'a name error', rcode: 3, sections: [[], [], []], expected: 'NXDOMAIN denial' },
  { title: 'a name error with answers', rcode: 3, sections: [[TXT], [], []], expected: 'OTHERERROR error' },
  { title: 'a failure', rcode: 2, sections: [[], [], []], expected: 'SERVERERROR error' },
  { title: 'not implemented', rcode: 4, sections: [[], [], []], expected: 'SERVERERROR error' },
  { title: 'refused', rcode: 5, sections: [[], [], []], expected: 'OTHERERROR error' },
  { title: 'a transfer', type: 'AXFR', sections: [[TXT], [], []], expected: 'META error' },
  { title: 'an incremental transfer', type: 'IXFR', sections: [[TXT], [], []], expected: 'META error' },
  { title: 'a notification', fields: { opcode: 4 }, sections: [[], [], []], expected: 'META error' },
  {
    title: 'a signature that is valid',
    sections: [[TXT, signature(-60, 60)], [], [OPT_DO]],
    expected: 'NOERROR success'
  },
  {
    title: 'a signature that is over',
    sections: [[TXT, signature(-60, -1)], [], [OPT_DO]],
    expected: 'OTHERERROR error'
  },
  {
    title: 'a signature to come',
    sections: [[], [NS, signature(10, 60)], [OPT_DO]],
    expected: 'OTHERERROR error'
  },
  {
    title: 'a signature that is over, without DO',
    sections: [[signature(-60, -1)], [], [OPT]],
    expected: 'NOERROR success'
  },
  // Serial times wrap around in 2106: one of 2^31 - 1 s ahead is in the future, one farther is in the past.
  {
    title: 'a signature far ahead',
    sections: [[signature(-60, 0x7fff_fff0)], [], [OPT_DO]],
    expected: 'NOERROR success'
  },
  {
    title: 'a signature too far ahead',
    sections: [[signature(-60, 0x8000_0010)], [], [OPT_DO]],
    expected: 'OTHERERROR error'
  }
]

for (const { title, type = 'TXT', fields, rcode = 0, sections, expected } of cases) {
  t.test(title, async t => {
    const query = makeQuery('a.org', type, fields)
    const counts = sections.map(section => section.length.toString(16).padStart(4, '0')).join('')
    const head = Buffer.from(`0007818${rcode}0001${counts}`, 'hex')
    const records = Buffer.from(sections.flat().join('').replace(/ /g, ''), 'hex')
    const answer = foreignAnswer(
      query,
      Buffer.concat([head, query.wire.subarray(12, query.questionEnd), records])
    )!
    const kind = answerType(query, answer, NOW * 1000)
    t.equal(`${kind} ${answerClass(kind)}`, expected)
  })
}
