import t from 'tap'
import {
  joinHostPort,
  parseAddressPort,
  parseCidr,
  parseIp,
  splitHostPort
} from '../../src/corefile/addresses.ts'
import { recorded } from './support.ts'

/** One recorded word; which fields there are depends on the kind. */
interface Case {
  readonly kind: string
  readonly text: string
  readonly error?: string
  /** A network, masked. */
  readonly n: string
  /** Host, port, and both joined. */
  readonly h: string
  readonly p: string
  readonly j: string
  readonly ip: string | null
}

const cases = recorded<Case>('values.json')
const ofKind = (kind: string): readonly Case[] => cases.filter(each => each.kind === kind)

t.test('hosts with ports', t => {
  for (const each of ofKind('hostport')) {
    const parsed = splitHostPort(each.text)
    t.equal(parsed.error, each.error, each.text)
    if (parsed.error !== undefined) continue
    t.same(parsed.value, { host: each.h, port: each.p })
    t.equal(joinHostPort(parsed.value.host, parsed.value.port), each.j)
  }
  t.end()
})

t.test('addresses', t => {
  for (const each of ofKind('ip')) {
    const parsed = parseIp(each.text)
    t.equal(parsed?.text, each.ip ?? undefined, each.text)
  }
  t.same([...(parseIp('::ffff:192.0.2.1')?.octets ?? [])], [192, 0, 2, 1])
  t.same(
    [...(parseIp('2001:db8::1')?.octets ?? [])],
    [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
  )
  t.end()
})

t.test('networks', t => {
  for (const each of ofKind('cidr')) {
    const parsed = parseCidr(each.text)
    if (each.error !== undefined) t.equal(parsed, undefined, each.text)
    else t.equal(parsed?.text, each.n, each.text)
  }
  const network = parseCidr('10.1.255.3/12')
  t.same([...(network?.octets ?? [])], [10, 0, 0, 0])
  t.equal(network?.bits, 12)
  t.end()
})

t.test('an address with a port or the default one', t => {
  const texts: readonly (readonly [text: string, joined: string])[] = [
    ['127.0.0.1', '127.0.0.1:53'],
    ['127.0.0.1:5300', '127.0.0.1:5300'],
    ['127.0.0.1:', '127.0.0.1:53'],
    ['::1', '[::1]:53'],
    ['[::1]:5300', '[::1]:5300'],
    ['fe80::1%eth0', '[fe80::1%eth0]:53'],
    ['[fe80::1%eth0]:99', '[fe80::1%eth0]:99']
  ]
  for (const [text, joined] of texts) {
    const parsed = parseAddressPort(text, 53)
    t.equal(parsed.error ?? joinHostPort(parsed.value.host, parsed.value.port), joined)
  }
  for (const [text, host] of [
    ['x', 'x'],
    ['x:53', 'x'],
    ['[::1]', '[::1]'],
    [':53', ''],
    ['', '']
  ] as const) {
    t.same(parseAddressPort(text, 53), { error: `must specify an IP address: \`${host}'` })
  }
  t.end()
})
