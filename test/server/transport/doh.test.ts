import packet, { type Answer, type Packet } from 'dns-packet'
import t from 'tap'
import {
  BAD_REQUEST,
  freshSeconds,
  messageReply,
  NOT_FOUND,
  readRequest
} from '../../../src/server/transport/doh.ts'

const message = Buffer.from('any octets, and \xff some more', 'latin1')
const value = message.toString('base64url')

t.test('what a request asks', t => {
  const cases: readonly (readonly [what: string, method: string, target: string, found: unknown])[] = [
    ['a GET', 'GET', `/dns-query?dns=${value}`, message],
    ['a GET with more', 'GET', `/dns-query?a=b&dns=${value}&c`, message],
    ['a POST', 'POST', '/dns-query', 'body'],
    ['a POST with a query', 'POST', `/dns-query?dns=${value}`, 'body'],
    ['a GET without dns', 'GET', '/dns-query', BAD_REQUEST],
    ['two messages', 'GET', `/dns-query?dns=${value}&dns=${value}`, BAD_REQUEST],
    ['a message and an empty one', 'GET', `/dns-query?dns=${value}&dns`, BAD_REQUEST],
    ['names that begin alike', 'GET', `/dns-query?dnss=x&dn=x&dns=${value}&xdns=x`, message],
    ['percents', 'GET', `/dns-query?a=%20&%64ns=${value}`, message],
    ['percents and two messages', 'GET', `/dns-query?%64ns=${value}&dns=${value}`, BAD_REQUEST],
    ['a plus sign', 'GET', '/dns-query?dns=AA+A', BAD_REQUEST],
    ['padding', 'GET', '/dns-query?dns=AAA=', BAD_REQUEST],
    ['the other alphabet', 'GET', '/dns-query?dns=AA%2BA', BAD_REQUEST],
    ['an impossible length', 'GET', '/dns-query?dns=AAAAA', BAD_REQUEST],
    ['a message of no octets', 'GET', '/dns-query?dns=', Buffer.alloc(0)],
    ['another method', 'PUT', '/dns-query', BAD_REQUEST],
    ['HEAD', 'HEAD', `/dns-query?dns=${value}`, BAD_REQUEST],
    ['another path', 'GET', `/?dns=${value}`, NOT_FOUND],
    ['a path below', 'POST', '/dns-query/', NOT_FOUND],
    ['another method elsewhere', 'DELETE', '/', NOT_FOUND],
    ['no path', 'OPTIONS', '*', NOT_FOUND]
  ]
  for (const [what, method, target, found] of cases) {
    t.same(readRequest(method, target, undefined), found, what)
  }
  const standard = (query: string) => {
    const values = new URLSearchParams(query).getAll('dns')
    return values.length === 1 ? readRequest('GET', `/dns-query?dns=${values[0]}`, undefined) : BAD_REQUEST
  }
  for (const query of [
    'dns',
    '&dns=AAAA',
    'dns=AAAA&',
    '=dns',
    'dns=AAAA&&',
    'dns&dns',
    '&',
    '',
    'a=dns&dns=AA',
    'dns=A=A'
  ])
    t.same(readRequest('GET', `/dns-query?${query}`, undefined), standard(query), `as the standard: ${query}`)
  t.equal(readRequest('POST', '/dns-query', '65535'), 'body')
  t.equal(readRequest('POST', '/dns-query', '65536'), BAD_REQUEST, 'too long is told before it is sent')
  t.end()
})

const a = (ttl: number): Answer => ({ type: 'A', name: 'a.example', ttl, data: '192.0.2.1' })
const ns = (ttl: number): Answer => ({ type: 'NS', name: 'example', ttl, data: 'ns.example' })
const soa = (ttl: number): Answer => ({
  type: 'SOA',
  name: 'example',
  ttl,
  data: { mname: 'ns.example', rname: 'root.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 7 }
})
const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0 }
const NXDOMAIN = 3
const SERVFAIL = 2

t.test('how long a response is fresh', t => {
  const cases: readonly (readonly [what: string, seconds: number, fields: Packet, rcode?: number])[] = [
    [
      'the smallest TTL of all sections',
      20,
      { answers: [a(60), a(30)], authorities: [ns(20)], additionals: [a(40)] }
    ],
    ['0', 0, { answers: [a(60), a(0)] }],
    ['an hour at most', 3600, { answers: [a(86_400)] }],
    ['OPT has none', 60, { answers: [a(60)], additionals: [opt as Answer] }],
    ['no records', 5, {}],
    ['OPT alone', 5, { additionals: [opt as Answer] }],
    ['NODATA', 30, { authorities: [soa(30)] }],
    ['a name error', 30, { authorities: [soa(30)] }, NXDOMAIN],
    ['a referral', 5, { authorities: [ns(3000)], additionals: [a(3000)] }],
    ['additional records alone', 50, { additionals: [a(50)] }],
    ['a name error with an answer', 5, { answers: [a(60)] }, NXDOMAIN],
    ['an error', 5, { authorities: [soa(30)] }, SERVFAIL],
    ['a transfer', 5, { questions: [{ type: 'AXFR', name: 'example' }], answers: [soa(30), soa(30)] }]
  ]
  for (const [what, seconds, fields, rcode = 0] of cases) {
    const questions = fields.questions ?? [{ type: 'A', name: 'a.example' }]
    const wire = packet.encode({ type: 'response', ...fields, questions, flags: rcode })
    t.equal(freshSeconds(wire), seconds, what)
    t.equal(messageReply(wire).headers['cache-control'], `max-age=${seconds}`, what)
  }
  const cut = packet.encode({ type: 'response', answers: [a(60)] })
  for (let length = 0; length < cut.length; length++) t.equal(freshSeconds(cut.subarray(0, length)), 5)
  t.end()
})
