// Domain names: octets on the wire (RFC 1035 §3.1, §4.1.4) and text (RFC 1035 §5.1, RFC 4343 §2.1).
// A Name is always whole, uncompressed and within 255 octets; letter case is kept, and comparing ignores it (RFC 4343 §3).

declare const nameBrand: unique symbol
declare const nameKeyBrand: unique symbol

/** An uncompressed wire name, the root label included: at most 255 octets. */
export type Name = Uint8Array & { readonly [nameBrand]: true }
/** A lower-cased wire name held as a latin-1 string: the key of maps of names. */
export type NameKey = string & { readonly [nameKeyBrand]: true }

/** The most octets a name may have, its final zero included (RFC 1035 §2.3.4). */
export const NAME_OCTETS_MAX = 255
/** The most octets one label may have (RFC 1035 §2.3.4). */
export const LABEL_OCTETS_MAX = 63

/** Maps A–Z to a–z and leaves every other octet alone (RFC 4343 §3). */
export const lowerOctet: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
)

/** The root name. */
export const ROOT: Name = new Uint8Array([0]) as Name

/**
 * The offset after the name that begins at `start`, compression pointers not followed; -1 when there is no whole name
 * there. Checks shape only: that a pointer leads somewhere sensible is `readName`'s business.
 */
export function endOfName(wire: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    if (at >= wire.length) return -1
    const length = wire[at] as number
    if (length === 0) return at + 1 - start > NAME_OCTETS_MAX ? -1 : at + 1
    if (length >= 0xc0) return at + 2 <= wire.length ? at + 2 : -1
    if (length > LABEL_OCTETS_MAX) return -1
    at += length + 1
    if (at - start >= NAME_OCTETS_MAX) return -1
  }
}

/** Room for one name while its pointers are followed; names leave as copies, so one room serves every reader. */
const expanded = new Uint8Array(NAME_OCTETS_MAX)

/** How many compression pointers one name may follow: more than any name of 127 labels can need. */
const POINTERS_MAX = 126

/**
 * The name at `start` with its compression pointers followed, copied out. `undefined` when it is cut, longer than 255
 * octets, or follows more than 126 pointers (a loop). Pointers may lead anywhere in the message, as CoreDNS takes them.
 */
export function readName(wire: Uint8Array, start: number): Name | undefined {
  let at = start
  let pointers = 0
  let length = 0
  for (;;) {
    if (at >= wire.length) return undefined
    const label = wire[at] as number
    if (label >= 0xc0) {
      if (at + 1 >= wire.length || ++pointers > POINTERS_MAX) return undefined
      at = ((label & 0x3f) << 8) | (wire[at + 1] as number)
      continue
    }
    if (label > LABEL_OCTETS_MAX || at + label >= wire.length) return undefined
    if (length + label + 1 > NAME_OCTETS_MAX) return undefined
    for (let end = at + label; at <= end; at++) expanded[length++] = wire[at] as number
    if (label === 0) return expanded.slice(0, length) as Name
  }
}

/** The lower-cased key of an uncompressed name, or of the suffix of one that begins at `start`. */
export function nameKey(name: Uint8Array, start = 0, end = name.length): NameKey {
  const lower = Buffer.allocUnsafe(end - start)
  for (let at = start; at < end; at++) lower[at - start] = lowerOctet[name[at] as number] as number
  return lower.toString('latin1') as NameKey
}

/** Whether two uncompressed names are the same, letter case aside. */
export function sameName(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) {
    if (lowerOctet[a[at] as number] !== lowerOctet[b[at] as number]) return false
  }
  return true
}

/** How many labels a name has, the root not counted. */
export function countLabels(name: Uint8Array): number {
  let count = 0
  for (let at = 0; name[at] !== 0 && at < name.length; at += (name[at] as number) + 1) count++
  return count
}

/** Whether `name` equals `zone` or lies below it. */
export function isSubdomain(name: Uint8Array, zone: Uint8Array): boolean {
  const start = name.length - zone.length
  if (start < 0) return false
  let at = 0
  while (at < start) at += (name[at] as number) + 1
  if (at !== start) return false
  for (let i = 0; i < zone.length; i++) {
    if (lowerOctet[name[start + i] as number] !== lowerOctet[zone[i] as number]) return false
  }
  return true
}

/** A copy with every letter lower-cased. */
export function lowerName(name: Name): Name {
  return name.map(octet => lowerOctet[octet] as number) as Name
}

/** `prefix` labels (a name whose root label is dropped) put before `suffix`; `undefined` when that is over 255 octets. */
export function joinNames(prefix: Name, suffix: Name): Name | undefined {
  const length = prefix.length - 1 + suffix.length
  if (length > NAME_OCTETS_MAX) return undefined
  const joined = new Uint8Array(length)
  joined.set(prefix.subarray(0, -1))
  joined.set(suffix, prefix.length - 1)
  return joined as Name
}

/**
 * Labels before a whole name, on the wire. `undefined` when that is no domain name: a label is empty or over 63 octets,
 * or the whole is over 255 (an endpoint's name below a long zone may be; objects that no API server checked are anything).
 * Records that would need such a name are left out.
 */
export function joinLabels(labels: readonly Uint8Array[], suffix: Uint8Array): Buffer | undefined {
  let length = suffix.length
  for (const label of labels) {
    if (label.length === 0 || label.length > LABEL_OCTETS_MAX) return undefined
    length += label.length + 1
  }
  if (length > NAME_OCTETS_MAX) return undefined
  const name = Buffer.allocUnsafe(length)
  let at = 0
  for (const label of labels) {
    name[at] = label.length
    name.set(label, at + 1)
    at += label.length + 1
  }
  name.set(suffix, at)
  return name
}

/**
 * Text to a name: labels separated by dots, `\.` and `\DDD` escapes, final dot optional; characters beyond ASCII become
 * their UTF-8 octets. `undefined` when a label is empty or over 63 octets, the whole over 255, or an escape is cut.
 */
export function parseName(text: string): Name | undefined {
  if (text === '.') return ROOT
  const octets = Buffer.from(text, 'utf8')
  const name = new Uint8Array(NAME_OCTETS_MAX + 1)
  let length = 1
  let labelAt = 0
  for (let at = 0; at < octets.length; at++) {
    let octet = octets[at] as number
    if (octet === 0x2e) {
      const label = length - labelAt - 1
      if (label === 0 || label > LABEL_OCTETS_MAX) return undefined
      name[labelAt] = label
      labelAt = length++
    } else {
      if (octet === 0x5c) {
        const digits = octets.toString('latin1', at + 1, at + 4)
        if (/^\d{3}$/.test(digits)) {
          octet = Number(digits)
          if (octet > 255) return undefined
          at += 3
        } else {
          if (++at >= octets.length) return undefined
          octet = octets[at] as number
        }
      }
      name[length++] = octet
    }
    if (length > NAME_OCTETS_MAX) return undefined
  }
  const label = length - labelAt - 1
  if (label > LABEL_OCTETS_MAX || octets.length === 0) return undefined
  if (label === 0) return name.slice(0, length) as Name // it ended in a dot: that label is the root
  if (length + 1 > NAME_OCTETS_MAX) return undefined
  name[labelAt] = label
  name[length++] = 0
  return name.slice(0, length) as Name
}

/** As `parseName`, for text that the program itself wrote. Throws RangeError when it is no name. */
export function encodeName(text: string): Name {
  const name = parseName(text)
  if (name === undefined) throw new RangeError(`not a domain name: ${text}`)
  return name
}

/** One label as text: special characters escaped with `\`, others outside 33–126 as `\DDD`. */
export function labelText(wire: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) {
    const octet = wire[at] as number
    if (octet <= 0x20 || octet >= 0x7f) text += `\\${String(octet).padStart(3, '0')}`
    else if (SPECIAL.has(octet)) text += `\\${String.fromCharCode(octet)}`
    else text += String.fromCharCode(octet)
  }
  return text
}

/** `.` `\` `(` `)` `;` `"` `@` and `$`: what a zone file gives a meaning. */
const SPECIAL = new Set([0x2e, 0x5c, 0x28, 0x29, 0x3b, 0x22, 0x40, 0x24])

/** A name as text, with its final dot; the root is `.`. `start` may point at a label inside the name. */
export function formatName(name: Uint8Array, start = 0): string {
  if (name[start] === 0 || start >= name.length) return '.'
  let text = ''
  for (let at = start; at < name.length && name[at] !== 0; at += (name[at] as number) + 1) {
    text += `${labelText(name, at + 1, at + 1 + (name[at] as number))}.`
  }
  return text
}
