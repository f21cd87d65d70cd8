// A zone that is served, whatever its data are right now.
import type { ZoneTransfer } from '../dns/transfer.ts'
import type { Name } from '../wire/name.ts'
import type { ZoneData } from './zone-data.ts'

export class ServedZone {
  /** Lower-cased, fully qualified. */
  readonly text: string
  readonly name: Name
  /** Undefined until it was read or transferred. */
  data: ZoneData | undefined
  /** A secondary's data that nobody confirmed for too long. */
  expired = false

  constructor(text: string, name: Name, data?: ZoneData) {
    this.text = text
    this.name = name
    this.data = data
  }

  /** What a transfer sends; `undefined` while there is nothing. */
  transfer(): ZoneTransfer | undefined {
    const data = this.data
    if (data === undefined) return undefined
    return { serial: data.serial, soa: data.apex.soa, records: () => data.records() }
  }
}
