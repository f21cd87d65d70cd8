// Which messages are taken in. Each row is one message of the wire probe, with what CoreDNS 1.14.7 answered it; what we do
// follows from that, but for the rows that docs/differences.md explains.
import t from 'tap'
import { accept, type Rejection } from '../../src/dns/accept.ts'
import type { Query } from '../../src/dns/query.ts'
import { formatName } from '../../src/wire/name.ts'
import { queryWire, testListener } from '../support/messages.ts'

const ZONE = 'cluster.local'
const NAME = 'svc-1.default.svc.cluster.local'

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255)
const cat = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts)
const label = (octets: string | Buffer): Buffer =>
  cat(Buffer.of(octets.length), Buffer.from(octets as string, 'latin1'))
const name = (text: string): Buffer => cat(...text.split('.').map(label), Buffer.of(0))
const hex = (text: string): Buffer => Buffer.from(text.replace(/\s+/g, ''), 'hex')

interface Head {
  readonly id?: number
  /** The word of flags; RD alone by default. */
  readonly flags?: number
  readonly op?: number
  readonly qd?: number
  readonly an?: number
  readonly ns?: number
  readonly ar?: number
}
const header = (head: Head = {}): Buffer =>
  cat(
    ...[head.id ?? 0x1000, (head.flags ?? 0x0100) | ((head.op ?? 0) << 11)].map(u16),
    ...[head.qd ?? 1, head.an ?? 0, head.ns ?? 0, head.ar ?? 0].map(u16)
  )
const question = (owner: string | Buffer, type = 1, rclass = 1): Buffer =>
  cat(typeof owner === 'string' ? name(owner) : owner, u16(type), u16(rclass))
const plain = (owner: string | Buffer = NAME, type = 1, head: Head = {}, rclass = 1): Buffer =>
  cat(header(head), question(owner, type, rclass))
const record = (owner: Buffer, type: number, rclass: number, ttl: number, rdata: Buffer): Buffer =>
  cat(owner, u16(type), u16(rclass), u16(0), u16(ttl), u16(rdata.length), rdata)
const root = Buffer.of(0)
const opt = (
  options: Buffer = Buffer.alloc(0),
  size = 1232,
  ttl = '00000000',
  length = options.length
): Buffer => cat(root, u16(41), u16(size), hex(ttl), u16(length), options)
const option = (code: number, data: Buffer = Buffer.alloc(0), length = data.length): Buffer =>
  cat(u16(code), u16(length), data)
const withOpt = (...fields: Parameters<typeof opt>): Buffer => cat(plain(NAME, 1, { ar: 1 }), opt(...fields))
const bits = (mask: number): Buffer => plain(NAME, 1, { flags: 0x0100 | mask })
const a = (count: number): Buffer => Buffer.alloc(count, 0x61)
const long = (last: number): Buffer => cat(label(a(63)), label(a(63)), label(a(63)), label(a(last)))
const repeat = (count: number, part: Buffer): Buffer => cat(...Array<Buffer>(count).fill(part))

type Row = readonly [what: string, wire: Buffer, coredns: string]

const rows: readonly Row[] = [
  ['hdr/plain A', plain(), 'NOERROR aa rd 1/1/0/0'],
  ['hdr/0 bytes', Buffer.alloc(0), 'drop'],
  ['hdr/1 bytes', plain().subarray(0, 1), 'drop'],
  ['hdr/2 bytes', plain().subarray(0, 2), 'drop'],
  ['hdr/11 bytes', plain().subarray(0, 11), 'drop'],
  ['hdr/header only, QD=0', header({ qd: 0 }), 'FORMERR rd 0/0/0/0'],
  ['hdr/header only, QD=1', header(), 'SERVFAIL rd 0/0/0/0'],
  ['hdr/QR=1 (a response)', plain(NAME, 1, { flags: 0x8100 }), 'drop'],
  ['hdr/QR=1 FORMERR header only', header({ flags: 0x8101, qd: 0 }), 'drop'],
  ...[1, 2, 3, 6, 7, 15].map((op): Row => [`hdr/opcode ${op}`, plain(NAME, 1, { op }), 'NOTIMP rd 0/0/0/0']),
  ['hdr/opcode 15 header only', header({ op: 15, qd: 0 }), 'NOTIMP rd 0/0/0/0'],
  ['hdr/NOTIFY (4)', plain(ZONE, 6, { op: 4, flags: 0x0500 }), 'NOERROR aa 1/1/0/0'],
  [
    'hdr/UPDATE (5) add A',
    cat(header({ op: 5, ns: 1 }), question(ZONE, 6), record(name(`evil.${ZONE}`), 1, 1, 5, hex('01020304'))),
    'NOTIMP rd 0/0/0/0'
  ],
  ['hdr/query flag aa', bits(0x0400), 'NOERROR aa rd 1/1/0/0'],
  ['hdr/query flag tc', bits(0x0200), 'NOERROR aa rd 1/1/0/0'],
  ['hdr/query flag ra', bits(0x0080), 'NOERROR aa rd 1/1/0/0'],
  ['hdr/query flag z', bits(0x0040), 'NOERROR aa rd 1/1/0/0'],
  ['hdr/query flag ad', bits(0x0020), 'NOERROR aa rd 1/1/0/0'],
  ['hdr/query flag cd', bits(0x0010), 'NOERROR aa rd cd 1/1/0/0'],
  ['hdr/query rcode=5', bits(0x0005), 'NOERROR aa rd 1/1/0/0'],
  ['hdr/RD=0', plain(NAME, 1, { flags: 0 }), 'NOERROR aa 1/1/0/0'],

  ['cnt/QD=0 but a question follows', plain(NAME, 1, { qd: 0 }), 'FORMERR rd 0/0/0/0'],
  [
    'cnt/QD=2, two questions',
    cat(header({ qd: 2 }), question(NAME), question(`svc-2.default.svc.${ZONE}`)),
    'FORMERR rd 0/0/0/0'
  ],
  [
    'cnt/QD=2, same question twice',
    cat(header({ qd: 2 }), question(NAME), question(NAME)),
    'FORMERR rd 0/0/0/0'
  ],
  ['cnt/QD=2, one question', plain(NAME, 1, { qd: 2 }), 'FORMERR rd 0/0/0/0'],
  ['cnt/QD=65535, one question', plain(NAME, 1, { qd: 65_535 }), 'FORMERR rd 0/0/0/0'],
  ['cnt/AN=1 missing', plain(NAME, 1, { an: 1 }), 'NOERROR aa rd 1/1/0/0'],
  [
    'cnt/AN=1 present',
    cat(plain(NAME, 1, { an: 1 }), record(name(NAME), 1, 1, 5, hex('09090909'))),
    'NOERROR aa rd 1/1/0/0'
  ],
  ['cnt/NS=1 missing', plain(NAME, 1, { ns: 1 }), 'NOERROR aa rd 1/1/0/0'],
  ['cnt/AR=1 missing', plain(NAME, 1, { ar: 1 }), 'NOERROR aa rd 1/1/0/0'],
  ['cnt/AR=65535 missing', plain(NAME, 1, { ar: 65_535 }), 'FORMERR rd 0/0/0/0'],
  [
    'cnt/AR=3 of 20k compressed RRs, 60 kB',
    cat(plain(NAME, 1, { ar: 3 }), Buffer.alloc(1000, 0xc0)),
    'FORMERR rd 0/0/0/0'
  ],
  [
    'cnt/AN=1 SOA in IXFR query UDP',
    cat(plain(ZONE, 251, { ns: 1 }), record(name(ZONE), 6, 1, 0, Buffer.alloc(22))),
    'REFUSED rd 1/0/0/0'
  ],

  ['name/no terminator', cat(header(), hex('03 616263')), 'FORMERR rd 0/0/0/0'],
  ['name/label length past end', cat(header(), hex('3f 6162')), 'FORMERR rd 0/0/0/0'],
  ['name/label type 0x40', cat(header(), hex('41 61 00 0001 0001')), 'FORMERR rd 0/0/0/0'],
  ['name/label type 0x80', cat(header(), hex('81 61 00 0001 0001')), 'FORMERR rd 0/0/0/0'],
  ['name/pointer to itself', cat(header(), hex('c00c 0001 0001')), 'FORMERR rd 0/0/0/0'],
  ['name/two-pointer loop', cat(header(), hex('c00e c00c 0001 0001')), 'FORMERR rd 0/0/0/0'],
  ['name/label then pointer back to it', cat(header(), hex('01 61 c00c 0001 0001')), 'FORMERR rd 0/0/0/0'],
  ['name/forward pointer', cat(header(), hex('c012 0001 0001'), name(NAME)), 'NOERROR aa rd 1/1/0/0'],
  ['name/pointer past end', cat(header(), hex('ffff 0001 0001')), 'FORMERR rd 0/0/0/0'],
  ['name/pointer into header', cat(header({ id: 0x0161 }), hex('c000 0001 0001')), 'SERVFAIL rd 1/0/0/0'],
  ['name/half a pointer', cat(header(), hex('c0')), 'FORMERR rd 0/0/0/0'],
  ['name/255-byte name', plain(cat(long(62 - 15), name(ZONE))), 'NXDOMAIN aa rd 1/0/1/0'],
  ['name/256-byte name', plain(cat(long(62), root)), 'FORMERR rd 0/0/0/0'],
  ['name/127 one-byte labels', plain(cat(repeat(127, label('a')), root)), 'SERVFAIL rd 1/0/0/0'],
  ['name/128 one-byte labels', plain(cat(repeat(128, label('a')), root)), 'FORMERR rd 0/0/0/0'],
  ['name/root A', plain(root), 'SERVFAIL rd 1/0/0/0'],
  ['name/NUL in label', plain(cat(label('a\0b'), name(ZONE))), 'NXDOMAIN aa rd 1/0/1/0'],
  ['name/dot in label (a.b)', plain(cat(label('default.svc'), name(ZONE))), 'NXDOMAIN aa rd 1/0/1/0'],
  [
    'name/dot in label that would match',
    plain(cat(label('svc-1.default'), name(`svc.${ZONE}`))),
    'NXDOMAIN aa rd 1/0/1/0'
  ],
  ['name/backslash in label', plain(cat(label('a\\b'), name(ZONE))), 'NXDOMAIN aa rd 1/0/1/0'],
  ['name/bytes 0xff in label', plain(cat(label('\xff\xfe\xc8'), name(ZONE))), 'NXDOMAIN aa rd 1/0/1/0'],
  ['name/upper case', plain(NAME.toUpperCase()), 'NOERROR aa rd 1/1/0/0'],

  ['q/no type/class', cat(header(), name(NAME)), 'NOERROR aa rd 1/0/1/0'],
  ['q/3 bytes of type/class', cat(header(), name(NAME), hex('000100')), 'FORMERR rd 0/0/0/0'],
  ['q/1 byte trailing', cat(plain(), root), 'NOERROR aa rd 1/1/0/0'],
  ['q/400 bytes trailing', cat(plain(), Buffer.alloc(400, 0xff)), 'NOERROR aa rd 1/1/0/0'],
  ...[0, 41, 249, 250, 253, 255, 65, 64, 65_280, 65_535].map((type): Row => [
    `q/type ${type}`,
    plain(NAME, type),
    'NOERROR aa rd 1/0/1/0'
  ]),
  ['q/IXFR over UDP', plain(NAME, 251), 'REFUSED rd 1/0/0/0'],
  ['q/AXFR over UDP', plain(NAME, 252), 'REFUSED rd 1/0/0/0'],
  ...[0, 3, 4, 254, 255].map((rclass): Row => [
    `q/class ${rclass}`,
    plain(NAME, 1, {}, rclass),
    'NOERROR aa rd 1/1/0/0'
  ]),
  ['q/CH TXT version.bind', plain('version.bind', 16, {}, 3), 'SERVFAIL rd 1/0/0/0'],

  ...[1232, 0, 511, 512, 4096, 65_535].map((size): Row => [
    `edns/size ${size}`,
    withOpt(Buffer.alloc(0), size),
    `NOERROR aa rd 1/1/0/1 opt=${size}`
  ]),
  ['edns/DO', withOpt(Buffer.alloc(0), 1232, '00008000'), 'NOERROR aa rd 1/1/0/1 opt=1232 do'],
  ['edns/Z bits 0x0080', withOpt(Buffer.alloc(0), 1232, '00000080'), 'NOERROR aa rd 1/1/0/1 opt=1232'],
  ...['01', '64', 'ff'].map((version): Row => [
    `edns/version 0x${version}`,
    withOpt(Buffer.alloc(0), 1232, `00${version}0000`),
    'BADVERS rd 1/0/0/1 opt=0'
  ]),
  ['edns/version 1 + unknown option', withOpt(option(100), 1232, '00010000'), 'BADVERS rd 1/0/0/1 opt=0'],
  ['edns/unknown option 100', withOpt(option(100)), 'NOERROR aa rd 1/1/0/1 opt=1232'],
  [
    'edns/unknown option 65001, 1000 bytes',
    withOpt(option(65_001, Buffer.alloc(1000))),
    'FORMERR rd 1/0/0/0'
  ],
  ['edns/100 empty options', withOpt(repeat(100, option(100))), 'NOERROR aa rd 1/1/0/1 opt=1232'],
  ['edns/NSID', withOpt(option(3)), 'NOERROR aa rd 1/1/0/1 opt=1232[3]'],
  ['edns/EXPIRE', withOpt(option(9)), 'NOERROR aa rd 1/1/0/1 opt=1232[9]'],
  ['edns/padding 128', withOpt(option(12, Buffer.alloc(128))), 'NOERROR aa rd 1/1/0/1 opt=1232[12]'],
  ...[8, 7, 41, 24].map((octets): Row => [
    `edns/cookie ${octets}`,
    withOpt(option(10, Buffer.alloc(octets, 1))),
    'NOERROR aa rd 1/1/0/1 opt=1232[10]'
  ]),
  ['edns/ECS 0.0.0.0/0', withOpt(option(8, hex('00010000'))), 'NOERROR aa rd 1/1/0/1 opt=1232'],
  ['edns/ECS family 9', withOpt(option(8, hex('00091800010203'))), 'FORMERR rd 1/0/0/0'],
  ['edns/ECS 1 byte', withOpt(option(8, hex('00'))), 'FORMERR rd 1/0/0/0'],
  ['edns/tcp-keepalive over UDP', withOpt(option(11)), 'NOERROR aa rd 1/1/0/1 opt=1232[11]'],
  ['edns/option length past rdata', withOpt(option(100, Buffer.alloc(4), 400)), 'FORMERR rd 1/0/0/0'],
  ['edns/rdlen past packet', withOpt(Buffer.alloc(0), 1232, '00000000', 500), 'FORMERR rd 1/0/0/0'],
  ['edns/two OPTs', cat(plain(NAME, 1, { ar: 2 }), opt(), opt()), 'NOERROR aa rd 1/1/0/1 opt=1232'],
  [
    'edns/OPT owner not root',
    cat(plain(NAME, 1, { ar: 1 }), name('a'), opt().subarray(1)),
    'NOERROR aa rd 1/1/0/1 opt=1232'
  ],
  ['edns/OPT in answer section', cat(plain(NAME, 1, { an: 1 }), opt()), 'NOERROR aa rd 1/1/0/0'],
  [
    'edns/extended rcode 0xff in query',
    withOpt(Buffer.alloc(0), 1232, 'ff000000'),
    'NOERROR aa rd 1/1/0/1 opt=1232'
  ],
  [
    'edns/OPT before an A in additional',
    cat(plain(NAME, 1, { ar: 2 }), opt(), record(name('x'), 1, 1, 0, Buffer.alloc(4))),
    'NOERROR aa rd 1/1/0/1 opt=1232'
  ],
  [
    'edns/TSIG, unknown key',
    cat(
      plain(NAME, 1, { ar: 1 }),
      record(
        name('nokey'),
        250,
        255,
        0,
        cat(name('hmac-sha256'), hex('0000655f0000 012c 0020'), Buffer.alloc(32, 7), hex('0001 0000 0000'))
      )
    ),
    'NOERROR aa rd 1/1/0/0'
  ],
  [
    'edns/TSIG not last',
    cat(
      plain(NAME, 1, { ar: 2 }),
      record(
        name('nokey'),
        250,
        255,
        0,
        cat(name('hmac-sha256'), hex('000000000000 012c 0000 0001 0000 0000'))
      ),
      opt()
    ),
    'NOERROR aa rd 1/1/0/1 opt=1232'
  ],
  ['tcp/length 5', Buffer.alloc(5, 1), 'drop'],
  ['tcp/garbage 65535', Buffer.alloc(65_535, 0xaa), 'drop']
]

type Outcome = Rejection | 'query'

/** What we do otherwise: docs/differences.md, section 1. */
const differences: ReadonlyMap<string, Outcome> = new Map([
  // "the counts promise records that aren't there"; the first has not even the question.
  ['hdr/header only, QD=1', 'formerr'],
  ['cnt/AN=1 missing', 'formerr with question'],
  ['cnt/NS=1 missing', 'formerr with question'],
  ['cnt/AR=1 missing', 'formerr with question'],
  // "the question is missing, or cut after the name or the type"
  ['q/no type/class', 'formerr'],
  // "a query over 512 octets over UDP"
  ['edns/unknown option 65001, 1000 bytes', 'query'],
  ['edns/two OPTs', 'formerr with question'],
  ['edns/OPT owner not root', 'formerr with question']
])

/** What a server that answered like this must have made of the message. */
function outcomeOf(coredns: string): Outcome {
  if (coredns === 'drop') return 'ignore'
  if (coredns.startsWith('NOTIMP')) return 'notimp'
  if (coredns.startsWith('FORMERR')) return coredns.includes(' 1/') ? 'formerr with question' : 'formerr'
  return 'query'
}

const take = (wire: Buffer): Query | Rejection =>
  accept(wire, 'udp', { address: '192.0.2.7', port: 40_000 }, testListener)

t.test('each message of the wire probe', async t => {
  for (const [what, wire, coredns] of rows) {
    const before = Buffer.from(wire)
    const accepted = take(wire)
    t.equal(
      typeof accepted === 'string' ? accepted : 'query',
      differences.get(what) ?? outcomeOf(coredns),
      what
    )
    t.ok(wire.equals(before), 'and it is left as it was')
    if (typeof accepted === 'string') continue
    const optShown = /opt=(\d+)/.exec(coredns)
    if (optShown !== null && !coredns.startsWith('BADVERS')) {
      t.equal(accepted.ednsSize, Number(optShown[1]), 'EDNS size')
      t.equal(accepted.dnssecOk, coredns.endsWith(' do'), 'DO')
    }
    if (/^NOERROR.*\/0$/.test(coredns)) t.notOk(accepted.hasEdns, 'no EDNS')
  }
  for (const what of differences.keys())
    t.ok(
      rows.some(row => row[0] === what),
      `${what} is a row`
    )
})

t.test('what is read of a query', async t => {
  const query = (wire: Buffer) => {
    const accepted = take(wire)
    if (typeof accepted === 'string') throw new Error(accepted)
    return accepted
  }
  const odd = query(
    queryWire('a\\.b.ORG', 'SRV', {
      id: 0xbeef,
      rclass: 'CH',
      edns: 4096,
      dnssecOk: true,
      options: [
        [3, ''],
        [100, 'abcd']
      ]
    })
  )
  t.equal(odd.questionText, 'a\\.b.ORG. SRV CH')
  t.equal(odd.id, 0xbeef)
  t.same([odd.qtype, odd.qclass, odd.ednsSize, odd.dnssecOk], [33, 3, 4096, true])
  t.equal(odd.wire.toString('hex', odd.optionsStart, odd.optionsEnd), '00030000' + '00640002abcd')

  const behind = query(
    cat(
      plain(NAME, 1, { an: 1, ns: 1, ar: 2 }),
      repeat(3, record(name('x'), 1, 1, 0, Buffer.alloc(4))),
      opt()
    )
  )
  t.equal(behind.ednsSize, 1232, 'an OPT behind records of every section')

  // The question's pointer is written out; the OPT behind it is still found.
  const forward = query(
    cat(header({ ar: 1 }), hex('01 58 c023 0001 0001'), opt(option(3), 900), name('svc.local'))
  )
  t.equal(formatName(forward.name), 'X.svc.local.')
  t.equal(forward.ednsSize, 900)
  t.equal(forward.optionsEnd - forward.optionsStart, 4)

  t.equal(
    take(cat(header(), long(57), hex('c10d 0001 0001'), name('1234'))),
    'formerr',
    'written out it is over 255 octets'
  )
})

t.test('sizes that a response may have', async t => {
  for (const [transport, size, max] of [
    ['udp', undefined, 512],
    ['udp', 0, 512],
    ['udp', 511, 512],
    ['udp', 513, 513],
    ['udp', 65_535, 65_535],
    ['tcp', 512, 65_535],
    ['tcp', undefined, 65_535]
  ] as const) {
    const wire = queryWire('a', 'A', size === undefined ? {} : { edns: size })
    const query = accept(wire, transport, { address: '::1', port: 1 }, testListener) as Query
    t.equal(query.sizeMax, max, `${transport} ${size}`)
  }
})
