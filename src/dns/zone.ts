// Finding the longest zone that a name lies in, over octets, without making strings.
import { lowerOctet, type Name } from '../wire/name.ts'

interface ZoneEntry<T> {
  /** Lower-cased. */
  readonly name: Uint8Array
  readonly value: T
}

/** Up to this many zones are compared one by one; beyond it the map is faster (a CIDR key can expand to 128 zones). */
const LINEAR_MAX = 12

/** A set of zones, asked for the longest one that is a suffix of a name. Built once, never changed. */
export class ZoneTable<T> {
  /** Longest first, so that the first match is the one. */
  readonly #entries: readonly ZoneEntry<T>[]
  readonly #byKey: ReadonlyMap<string, T> | undefined
  /** Offset of the zone in the name that `find` looked at last. */
  zoneAt = 0

  /** Of zones that are equal, the first one given counts. */
  constructor(zones: Iterable<readonly [Name, T]>) {
    const byKey = new Map<string, ZoneEntry<T>>()
    for (const [name, value] of zones) {
      const lower = name.map(octet => lowerOctet[octet] as number)
      const key = Buffer.from(lower).toString('latin1')
      if (!byKey.has(key)) byKey.set(key, { name: lower, value })
    }
    this.#entries = [...byKey.values()].sort((a, b) => b.name.length - a.name.length)
    this.#byKey =
      byKey.size > LINEAR_MAX ? new Map([...byKey].map(([key, entry]) => [key, entry.value])) : undefined
  }

  get size(): number {
    return this.#entries.length
  }

  /** Every zone's value, longest zone first. */
  get values(): readonly T[] {
    return this.#entries.map(entry => entry.value)
  }

  /**
   * The value of the longest zone that the name between `start` and `end` of `wire` equals or lies below; `undefined`
   * when there is none. Leaves the zone's offset in `zoneAt`. `shorterThan` skips zones of that many octets or more.
   */
  find(wire: Uint8Array, start: number, end: number, shorterThan = 256): T | undefined {
    if (this.#byKey !== undefined) return this.#findByKey(this.#byKey, wire, start, end, shorterThan)
    for (const entry of this.#entries) {
      const zone = entry.name
      const zoneAt = end - zone.length
      if (zone.length >= shorterThan || zoneAt < start) continue
      let same = zone.length - 1
      while (same >= 0 && lowerOctet[wire[zoneAt + same] as number] === zone[same]) same--
      if (same >= 0 || !isLabelStart(wire, start, zoneAt)) continue
      this.zoneAt = zoneAt
      return entry.value
    }
    return undefined
  }

  #findByKey(
    byKey: ReadonlyMap<string, T>,
    wire: Uint8Array,
    start: number,
    end: number,
    shorterThan: number
  ) {
    const lower = Buffer.allocUnsafe(end - start)
    for (let at = start; at < end; at++) lower[at - start] = lowerOctet[wire[at] as number] as number
    for (let at = start; at < end; at += (wire[at] as number) + 1) {
      if (end - at >= shorterThan) continue
      const value = byKey.get(lower.toString('latin1', at - start))
      if (value === undefined) continue
      this.zoneAt = at
      return value
    }
    return undefined
  }
}

function isLabelStart(wire: Uint8Array, start: number, target: number): boolean {
  let at = start
  while (at < target) at += (wire[at] as number) + 1
  return at === target
}
