import t from 'tap'
import { CorefileError } from '../../src/corefile/position.ts'
import {
  checkOverlap,
  keyNote,
  readServerKeys,
  zoneWarning,
  type ListeningKey
} from '../../src/corefile/server-keys.ts'
import { placeOf, recorded, thrownBy, wordsOf } from './support.ts'

const PORTS: Readonly<Record<string, number>> = {
  dns: 1053,
  tls: 853,
  quic: 853,
  grpc: 443,
  https: 443,
  https3: 443
}

t.test('keys are what was recorded', t => {
  interface Case {
    readonly key: string
    /** `dns://example.org.:53`, and nothing behind the last colon for the default port. */
    readonly zones?: readonly string[]
    readonly error?: string
  }
  for (const { key, zones, error } of recorded<Case>('keys.json')) {
    const token = { text: key, at: { file: 'Corefile', line: 3, column: 5 } }
    if (error !== undefined) {
      const thrown = thrownBy(CorefileError, () => readServerKeys([token], 1053))
      t.equal(thrown.message, `error inspecting server blocks: ${error}`, key)
      t.equal(placeOf(thrown), 'Corefile:3:5')
      t.ok(thrown.hint)
      continue
    }
    // A scheme that labdns doesn't know is part of the name, `unix://` too.
    if (key.startsWith('unix://')) continue
    const keys = readServerKeys([token], 1053)
    t.same(
      keys.map(each => `${each.transport}://${each.zone}:${each.port}`),
      zones?.map(zone => (zone.endsWith(':') ? `${zone}${PORTS[zone.split(':')[0] as string] ?? ''}` : zone)),
      key
    )
    t.ok(keys.every(each => each.token === token))
  }
  t.end()
})

t.test('so many zones that no person wrote them', t => {
  const tokens = Array.from({ length: 1000 }, () => ({
    text: '10.0.0.0/9',
    at: { file: 'x', line: 1, column: 1 }
  }))
  t.match(thrownBy(CorefileError, () => readServerKeys(tokens, 53)).message, /more than 100000 zones$/)
  t.end()
})

t.test('warns of unusual zones', t => {
  for (const zone of [
    '.',
    'cluster.local.',
    'a-b.org.',
    'A.org.',
    'x1.org.',
    '10.in-addr.arpa.',
    '8.b.d.0.ip6.arpa.',
    'in-addr.arpa.'
  ]) {
    t.equal(zoneWarning(zone), undefined, zone)
  }
  t.equal(
    zoneWarning('10.0.0.0/33.'),
    'Warning: Domain "10.0.0.0/33." does not follow RFC1035 preferred syntax'
  )
  t.equal(zoneWarning('a"b.'), 'Warning: Domain "a\\"b." does not follow RFC1035 preferred syntax')
  for (const zone of ['1.org.', '-a.org.', 'a-.org.', 'a_b.org.', 'münchen.de.', '}.', '*.org.']) {
    t.equal(zoneWarning(zone), `Warning: Domain "${zone}" does not follow RFC1035 preferred syntax`)
  }
  t.end()
})

t.test('notes what a key was probably meant to be', t => {
  const cases: readonly (readonly [key: string, note: string | undefined])[] = [
    ['example.org', undefined],
    ['a_b.org', undefined],
    ['}', "'}' is taken for the zone }.: is a '}' too many?"],
    ['a.org{', "'a.org{' is taken for the zone a.org{.: put a blank before the '{'"],
    [
      'foo://x',
      "'foo://x' is taken for the zone foo://x.: there is no scheme foo; there are dns, tls, quic, grpc, https, https3"
    ],
    ['10.0.0.0/33', "'10.0.0.0/33' is taken for the zone 10.0.0.0/33.: it is no valid CIDR"],
    ['10.0.0.256/24:53', "'10.0.0.256/24:53' is taken for the zone 10.0.0.256/24.: it is no valid CIDR"],
    [
      'a.org:dns',
      "'a.org:dns' is taken for the zone a.org:dns.: the part behind the colon is not a port number"
    ]
  ]
  for (const [text, note] of cases) {
    const [key] = readServerKeys(wordsOf(text), 53)
    t.equal(keyNote(key!)?.message, note, text)
  }
  t.end()
})

t.test('what may not stand side by side', t => {
  /** `KEY`, `KEY on ADDRESS ADDRESS`, `KEY view`; each on its own line. */
  const listening = (text: string): readonly ListeningKey[] =>
    text.split('\n').flatMap((line, at) => {
      const [key = '', ...rest] = line.split(' ')
      const token = { text: key, at: { file: 'Corefile', line: at + 1, column: 1 } }
      const hasView = rest.includes('view')
      const addresses = rest.filter(word => word !== 'on' && word !== 'view')
      return readServerKeys([token], 53).map(each => ({ key: each, addresses, hasView }))
    })
  const fine = [
    '.:53\na.org:53\n.:54\ntls://.:53',
    '.:53 on 127.0.0.1\n.:53 on 127.0.0.2\n.:53 on 127.0.0.1 127.0.0.3'.replace(
      ' 127.0.0.1 127.0.0.3',
      ' ::1'
    ),
    '.:53 on 127.0.0.1\na.org:53',
    '.:53 view\n.:53 view\n.:53',
    '.:53\n.:53 view',
    '.:0\na.org:65535'
  ]
  for (const text of fine) t.doesNotThrow(() => checkOverlap(listening(text)), text)
  const wrong: readonly (readonly [text: string, message: string, place: string])[] = [
    ['.:53\n.', 'cannot serve dns://.:53 - it is already defined', 'Corefile:2:1'],
    ['a.org\nb.org\nA.org.', 'cannot serve dns://a.org.:53 - it is already defined', 'Corefile:3:1'],
    [
      '.:53 on ::1\n.:53 on 127.0.0.1 ::1',
      'cannot serve dns://.:53 on ::1 - it is already defined',
      'Corefile:2:1'
    ],
    [
      'a.org\na.org on 127.0.0.1',
      'cannot serve dns://a.org.:53 on 127.0.0.1 - zone overlap listener capacity with dns://a.org.:53',
      'Corefile:2:1'
    ],
    [
      'a.org on 127.0.0.1 127.0.0.2\na.org',
      'cannot serve dns://a.org.:53 - zone overlap listener capacity with dns://a.org.:53 on 127.0.0.2',
      'Corefile:2:1'
    ],
    [
      'a.org on 127.0.0.1\na.org view',
      'cannot serve dns://a.org.:53 - zone overlap listener capacity with dns://a.org.:53 on 127.0.0.1',
      'Corefile:2:1'
    ],
    [
      '10.0.0.0/9\n100.10.in-addr.arpa',
      'cannot serve dns://100.10.in-addr.arpa.:53 - it is already defined',
      'Corefile:2:1'
    ],
    ['.:53\n.:53\na.org:99999', 'address 99999: invalid port', 'Corefile:3:1'],
    ['.:-1', 'address -1: invalid port', 'Corefile:1:1'],
    ['tls://.\ntls://.:853', 'cannot serve tls://.:853 - it is already defined', 'Corefile:2:1']
  ]
  for (const [text, message, place] of wrong) {
    const thrown = thrownBy(CorefileError, () => checkOverlap(listening(text)))
    t.equal(thrown.message, message)
    t.equal(placeOf(thrown), place)
    t.ok(thrown.hint)
  }
  t.end()
})
