import t from 'tap'
import { formatRecord } from '../../src/wire/rdata.ts'
import { encodeName, formatName } from '../../src/wire/name.ts'
import { readRecord, readZoneFile, type ZoneFileOptions } from '../../src/zonefile/zone-file.ts'
import { ZoneFileError } from '../../src/zonefile/zone-file-error.ts'

const ORIGIN = encodeName('example.org.')

const read = (text: string, options?: ZoneFileOptions): string[] =>
  [...readZoneFile(Buffer.from(text), ORIGIN, options)].map(formatRecord)

const fault = (text: string, options?: ZoneFileOptions): string => {
  try {
    return `no error: ${read(text, options).join(' | ')}`
  } catch (error) {
    if (error instanceof ZoneFileError) return error.message
    throw error
  }
}

const accepted: readonly { name: string; text: string; records: readonly string[] }[] = [
  { name: 'an empty file', text: '', records: [] },
  { name: 'comments and empty lines', text: '; nothing\n\n   \n  ; more\n', records: [] },
  {
    name: 'TTL and class in either order, or left out',
    text: '$TTL 300\na 60 IN A 10.0.0.1\nb IN 60 A 10.0.0.2\nc IN A 10.0.0.3\nd 7 A 10.0.0.4\ne A 10.0.0.5\n',
    records: [
      'a.example.org. 60 IN A 10.0.0.1',
      'b.example.org. 60 IN A 10.0.0.2',
      'c.example.org. 300 IN A 10.0.0.3',
      'd.example.org. 7 IN A 10.0.0.4',
      'e.example.org. 300 IN A 10.0.0.5'
    ]
  },
  {
    name: 'without $TTL, the TTL of the record before',
    text: 'a 60 A 10.0.0.1\nb A 10.0.0.2\nc 70 A 10.0.0.3\nd A 10.0.0.4\n',
    records: [
      'a.example.org. 60 IN A 10.0.0.1',
      'b.example.org. 60 IN A 10.0.0.2',
      'c.example.org. 70 IN A 10.0.0.3',
      'd.example.org. 70 IN A 10.0.0.4'
    ]
  },
  {
    name: 'TTL 0 where nothing says one and the class is written',
    text: 'a IN A 10.0.0.1\n',
    records: ['a.example.org. 0 IN A 10.0.0.1']
  },
  {
    name: 'owners left out, `@`, absolute names, escapes, $ORIGIN',
    text: [
      '@ 60 A 10.0.0.1',
      '\tA 10.0.0.2',
      '  60 IN A 10.0.0.3',
      'Web A 10.0.0.4',
      'other.net. A 10.0.0.5',
      'a\\.b A 10.0.0.6',
      'c\\046d A 10.0.0.7',
      '$ORIGIN sub',
      '@ A 10.0.0.8',
      '$ORIGIN .',
      'top A 10.0.0.9'
    ].join('\n'),
    records: [
      'example.org. 60 IN A 10.0.0.1',
      'example.org. 60 IN A 10.0.0.2',
      'example.org. 60 IN A 10.0.0.3',
      'Web.example.org. 60 IN A 10.0.0.4',
      'other.net. 60 IN A 10.0.0.5',
      'a\\.b.example.org. 60 IN A 10.0.0.6',
      'c\\.d.example.org. 60 IN A 10.0.0.7',
      'sub.example.org. 60 IN A 10.0.0.8',
      'top. 60 IN A 10.0.0.9'
    ]
  },
  {
    name: 'TTLs with units',
    text: '$TTL 1h30m\na A 10.0.0.1\nb 2D A 10.0.0.2\nc 1w1s A 10.0.0.3\n',
    records: [
      'a.example.org. 5400 IN A 10.0.0.1',
      'b.example.org. 172800 IN A 10.0.0.2',
      'c.example.org. 604801 IN A 10.0.0.3'
    ]
  },
  {
    name: 'parentheses, with comments and line breaks in them',
    text: '@ 60 SOA ns root (\n  7 ; serial\n\t1h 15m ; refresh, retry\n  1w\n60 )\na 60 ( A\n 10.0.0.1 )\n',
    records: [
      'example.org. 60 IN SOA ns.example.org. root.example.org. 7 3600 900 604800 60',
      'a.example.org. 60 IN A 10.0.0.1'
    ]
  },
  {
    name: 'strings, quoted or not',
    text: 'a 60 TXT "x y" z "" "\\"q\\" ; \\\\ ( \\065"\nb 60 TXT one;comment\nc 60 TXT "a""b"\n',
    records: [
      'a.example.org. 60 IN TXT "x y" "z" "" "\\"q\\" ; \\\\ ( A"',
      'b.example.org. 60 IN TXT "one"',
      'c.example.org. 60 IN TXT "a" "b"'
    ]
  },
  {
    name: 'a string over 255 octets becomes several',
    text: `a 60 TXT "${'x'.repeat(300)}"\n`,
    records: [`a.example.org. 60 IN TXT "${'x'.repeat(255)}" "${'x'.repeat(45)}"`]
  },
  {
    name: 'generic data and types (RFC 3597)',
    text: 'a 60 IN TYPE65280 \\# 3 ab cd EF\nb 60 A \\# 4 0a000001\nc 60 CLASS77 TYPE1 \\# 0\n',
    records: [
      'a.example.org. 60 IN TYPE65280 \\# 3 abcdef',
      'b.example.org. 60 IN A 10.0.0.1',
      'c.example.org. 60 CLASS77 A \\# 0'
    ]
  },
  {
    name: 'line ends of other systems, and none at the end',
    text: 'a 60 A 10.0.0.1\r\nb 60 TXT "x"\r\nc 60 A 10.0.0.3',
    records: [
      'a.example.org. 60 IN A 10.0.0.1',
      'b.example.org. 60 IN TXT "x"',
      'c.example.org. 60 IN A 10.0.0.3'
    ]
  },
  {
    name: 'common types',
    text: [
      '$TTL 60',
      '@ NS ns',
      '@ MX 10 mail.example.net.',
      '_s._tcp SRV 1 2 80 web',
      'd DNAME other',
      'p PTR host',
      'h HINFO "x86 box" Linux',
      'c CAA 0 issue "ca.example.net"',
      'n NAPTR 1 2 "s" "SIP+D2T" "" _sip._tcp',
      't TLSA 3 1 1 ab cd',
      's SSHFP 1 2 abcd',
      'k DS 12345 13 2 abcd ef01',
      'y DNSKEY 257 3 13 bWFk bWFk',
      '6 AAAA 2001:db8::1'
    ].join('\n'),
    records: [
      'example.org. 60 IN NS ns.example.org.',
      'example.org. 60 IN MX 10 mail.example.net.',
      '_s._tcp.example.org. 60 IN SRV 1 2 80 web.example.org.',
      'd.example.org. 60 IN DNAME other.example.org.',
      'p.example.org. 60 IN PTR host.example.org.',
      'h.example.org. 60 IN HINFO "x86 box" "Linux"',
      'c.example.org. 60 IN CAA 0 issue "ca.example.net"',
      'n.example.org. 60 IN NAPTR 1 2 "s" "SIP+D2T" "" _sip._tcp.example.org.',
      't.example.org. 60 IN TLSA 3 1 1 ABCD',
      's.example.org. 60 IN SSHFP 1 2 ABCD',
      'k.example.org. 60 IN DS 12345 13 2 ABCDEF01',
      'y.example.org. 60 IN DNSKEY 257 3 13 bWFkbWFk',
      '6.example.org. 60 IN AAAA 2001:db8::1'
    ]
  },
  {
    name: '$GENERATE with offsets, widths, bases and escapes',
    text: '$GENERATE 1-3 h$ 60 A 10.0.0.$\n$GENERATE 0-20/10 ${5,3,d}-${0,0,x} 60 TXT "\\$ $$ $"\n',
    records: [
      'h1.example.org. 60 IN A 10.0.0.1',
      'h2.example.org. 60 IN A 10.0.0.2',
      'h3.example.org. 60 IN A 10.0.0.3',
      '005-0.example.org. 60 IN TXT "$ $ 0"',
      '015-a.example.org. 60 IN TXT "$ $ 10"',
      '025-14.example.org. 60 IN TXT "$ $ 20"'
    ]
  }
]

for (const { name, text, records } of accepted) {
  t.test(`reads ${name}`, t => {
    t.strictSame(read(text), records)
    t.end()
  })
}

t.test('reads DNSSEC and service records as their RFCs encode them', t => {
  const data = (text: string) =>
    Buffer.from([...readZoneFile(Buffer.from(`a 60 ${text}\n`), ORIGIN)][0]?.rdata ?? []).toString('hex')
  // RFC 4034 §4.3: alfa.example.com. NSEC host.example.com. ( A MX RRSIG NSEC TYPE1234 )
  t.equal(
    data('NSEC host.example.com. ( A MX RRSIG NSEC TYPE1234 )'),
    '04686f7374076578616d706c6503636f6d000006400100000003041b' + '00'.repeat(26) + '20'
  )
  // 2003-03-22 17:31:03 is 1048354263, RFC 4034 §3.3.
  t.equal(
    data('RRSIG A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1'),
    '0001' +
      '05' +
      '03' +
      '00015180' +
      '3e7c9dd7' +
      '3e5510d7' +
      '0a52' +
      '076578616d706c6503636f6d00' +
      'a09075'
  )
  // RFC 9460 appendix D.2, figures 4, 5 and 10.
  t.equal(data('SVCB 16 foo.example.com. port=53'), '001003666f6f076578616d706c6503636f6d00000300020035')
  t.equal(
    data('SVCB 1 foo.example.com. key667=hello'),
    '000103666f6f076578616d706c6503636f6d00029b000568656c6c6f'
  )
  t.equal(
    data('SVCB 1 foo.example.org. ipv6hint="2001:db8::1,2001:db8::53:1"'),
    '000103666f6f076578616d706c65036f726700' +
      '0006002020010db800000000000000000000000120010db8000000000000000000530001'
  )
  t.equal(
    data('SVCB 16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"'),
    '001003666f6f076578616d706c65036f726700' + '0001000c08665c6f6f2c626172026832'
  )
  t.equal(data('HTTPS 1 . alpn=h2,h3 mandatory=alpn'), '000100' + '000000020001' + '00010006026832026833')
  t.end()
})

const rejected: readonly (readonly [text: string, message: string])[] = [
  ['garbage\n', 'dns: not a TTL: "garbage" at line: 1:7'],
  ['a 60 A 10.0.0.300\n', 'dns: bad A A: "10.0.0.300" at line: 1:17'],
  ['a 60 A 2001:db8::1\n', 'dns: bad A A: "2001:db8::1" at line: 1:18'],
  ['a 60 AAAA 10.0.0.1\n', 'dns: bad AAAA AAAA: "10.0.0.1" at line: 1:18'],
  ['\n\na 60 MX x mail\n', 'dns: bad MX Pref: "x" at line: 3:10'],
  ['a 60 A 10.0.0.1 10.0.0.2\n', 'dns: garbage after rdata: "10.0.0.2" at line: 1:24'],
  ['a..b 60 A 10.0.0.1\n', 'dns: bad owner name: "a..b" at line: 1:5'],
  ['a A 10.0.0.1\n', 'dns: missing TTL with no previous value: "A" at line: 1:4'],
  ['$TTL x\n', 'dns: expecting $TTL value, not this...: "x" at line: 1:6'],
  ['$INCLUDE other\n', 'dns: $INCLUDE directive not allowed: "other" at line: 1:14'],
  ['a 60 A ( 10.0.0.1\n', 'dns: garbage after rdata: "unbalanced brace" at line: 2:0'],
  ['a 60 A 10.0.0.1 )\n', 'dns: garbage after rdata: "extra closing brace" at line: 1:17'],
  ['$GENERATE 5-1 h$ A 10.0.0.1\n', 'dns: bad range in $GENERATE range: "5-1" at line: 1:14'],
  ['$GENERATE 0-65536 h$ A 10.0.0.1\n', 'dns: bad range in $GENERATE range: "0-65536" at line: 1:18'],
  [
    '$GENERATE 1-2 \\$GENERATE 1-2 h$ A 10.0.0.1\n',
    'dns: nested $GENERATE directive not allowed: "1-2" at line: 1:14'
  ]
]

for (const [text, message] of rejected) {
  t.test(`says ${message}`, t => {
    t.equal(fault(text), message)
    t.equal(fault(text, { file: '/etc/db' }), `/etc/db: ${message}`)
    t.end()
  })
}

t.test('$INCLUDE reads beside the file, with an origin of its own, and not without end', t => {
  const files: Record<string, string> = {
    '/zones/sub/one': 'b A 10.0.0.2\n',
    '/zones/self': '$INCLUDE self\n',
    '/zones/bad': 'x\n'
  }
  const opened: string[] = []
  const options = {
    file: '/zones/db',
    readInclude: (path: string) => {
      opened.push(path)
      const text = files[path]
      if (text === undefined) throw new Error(`open ${path}: no such file or directory`)
      return Buffer.from(text)
    }
  }
  t.strictSame(read('a 60 A 10.0.0.1\n$INCLUDE sub/one in\nc A 10.0.0.3\n', options), [
    'a.example.org. 60 IN A 10.0.0.1',
    'b.in.example.org. 60 IN A 10.0.0.2',
    'c.example.org. 60 IN A 10.0.0.3'
  ])
  t.strictSame(opened, ['/zones/sub/one'])
  t.equal(
    fault('$INCLUDE none\n', options),
    '/zones/db: dns: failed to open `none\' as `/zones/none\': open /zones/none: no such file or directory: "none" at line: 1:13'
  )
  t.equal(fault('$INCLUDE bad\n', options), '/zones/bad: dns: not a TTL: "x" at line: 1:1')
  t.match(fault('$INCLUDE self\n', options), /^\/zones\/self: dns: too deeply nested \$INCLUDE: "self"/)
  t.end()
})

t.test('readRecord reads one record and needs neither TTL nor class', t => {
  const record = readRecord('web A 10.0.0.1', ORIGIN)
  t.equal(record && formatRecord(record), 'web.example.org. 3600 IN A 10.0.0.1')
  t.equal(formatName(readRecord('web 5 CNAME x')?.rdata ?? Buffer.of(0)), 'x.')
  t.equal(readRecord(''), undefined)
  t.equal(readRecord('; nothing'), undefined)
  t.throws(() => readRecord('web A x'), { message: 'dns: bad A A: "x" at line: 1:7' })
  t.throws(() => readRecord('$INCLUDE /etc/passwd'), /not allowed/)
  t.end()
})

t.test('any octets give records or a ZoneFileError, soon', t => {
  const pieces = [
    'a',
    ' ',
    '\n',
    '(',
    ')',
    '"',
    '\\',
    ';',
    '$',
    '$GENERATE 1-9 ',
    'A',
    '\x00',
    'é',
    '60',
    '\\#',
    'TXT',
    '@',
    '{'
  ]
  let seed = 1
  const random = (limit: number) => (seed = (seed * 48_271) % 0x7fffffff) % limit
  for (let round = 0; round < 3000; round++) {
    let text = ''
    for (let left = random(20); left > 0; left--) text += pieces[random(pieces.length)] as string
    try {
      let count = 0
      for (const record of readZoneFile(Buffer.from(text), ORIGIN, { defaultTtl: 5 })) {
        if (record.name.length > 255 || ++count > 1000) t.fail(`odd record from ${JSON.stringify(text)}`)
      }
    } catch (error) {
      if (!(error instanceof ZoneFileError)) t.fail(`${JSON.stringify(text)}: ${String(error)}`)
    }
  }
  t.pass('3000 texts')
  t.end()
})
