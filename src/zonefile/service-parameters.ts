// The parameters of SVCB and HTTPS records (RFC 9460 §2.1, §14.3.2).
import { parseAddress, parsedAddress } from '../wire/address.ts'
import { characterStrings, unescapeText } from './character-strings.ts'

const KEYS: Readonly<Record<string, number>> = {
  mandatory: 0,
  alpn: 1,
  'no-default-alpn': 2,
  port: 3,
  ipv4hint: 4,
  ech: 5,
  ipv6hint: 6,
  dohpath: 7,
  ohttp: 8
}

/**
 * Keys with their values (octets as latin-1, escapes untouched; `undefined`: no `=` was written), encoded in the order
 * of their numbers. The text of what is wrong when one can't be.
 */
export function encodeServiceParameters(
  parameters: readonly (readonly [key: string, value: string | undefined])[]
): Buffer | string {
  const encoded = new Map<number, Buffer>()
  for (const [key, value] of parameters) {
    const number = keyNumber(key)
    if (number === undefined || encoded.has(number)) return `bad SVCB key`
    const octets = encodeValue(number, value ?? '')
    if (octets === undefined) return 'bad SVCB value'
    encoded.set(number, octets)
  }
  return Buffer.concat(
    [...encoded]
      .sort(([a], [b]) => a - b)
      .flatMap(([number, octets]) => [
        Buffer.of(number >> 8, number, octets.length >> 8, octets.length),
        octets
      ])
  )
}

function keyNumber(key: string): number | undefined {
  const lower = key.toLowerCase()
  if (Object.hasOwn(KEYS, lower)) return KEYS[lower]
  const number = /^key\d{1,5}$/.test(lower) ? Number(lower.slice(3)) : 0xffff
  return number < 0xffff ? number : undefined
}

function encodeValue(key: number, value: string): Buffer | undefined {
  switch (key) {
    case 0: {
      const keys = value.split(',').map(keyNumber)
      if (keys.includes(undefined)) return undefined
      const sorted = (keys as number[]).sort((a, b) => a - b)
      return Buffer.concat(sorted.map(each => Buffer.of(each >> 8, each)))
    }
    case 1: {
      const names = splitList(value)
      if (names.some(name => name.length === 0 || name.length > 255)) return undefined
      return Buffer.concat(names.flatMap(characterStrings))
    }
    case 2:
    case 8:
      return value === '' ? Buffer.alloc(0) : undefined
    case 3: {
      const port = /^\d{1,5}$/.test(value) ? Number(value) : 0x10000
      return port <= 0xffff ? Buffer.of(port >> 8, port) : undefined
    }
    case 4:
      return encodeAddresses(value, 4)
    case 5: {
      const octets = Buffer.from(value, 'base64')
      return value !== '' && octets.toString('base64') === value ? octets : undefined
    }
    case 6:
      return encodeAddresses(value, 16)
    default:
      return unescapeText(value)
  }
}

function encodeAddresses(value: string, octets: 4 | 16): Buffer | undefined {
  const parts: Uint8Array[] = []
  for (const text of value.split(',')) {
    if (text.includes(':') !== (octets === 16) || parseAddress(text) !== octets) return undefined
    parts.push(parsedAddress.slice(0, octets))
  }
  return Buffer.concat(parts)
}

/** Items between commas; `\\,` is a comma that separates nothing (RFC 9460 appendix A.1). */
function splitList(value: string): Buffer[] {
  const text = unescapeText(value).toString('latin1')
  const items: string[] = []
  let item = ''
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === ',') {
      items.push(item)
      item = ''
    } else item += character === '\\' && at + 1 < text.length ? text.charAt(++at) : character
  }
  items.push(item)
  return items.map(item => Buffer.from(item, 'latin1'))
}
