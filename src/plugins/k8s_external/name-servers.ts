// The zone's own records: SOA, NS and the addresses of its name server (kubernetes-records.md §17).
import { ServiceType, ServiceView } from '../../cluster/index/service-record.ts'
import { SliceView } from '../../cluster/index/slice-record.ts'
import { parseAddress, parsedAddress } from '../../wire/address.ts'
import { joinLabels, type Name } from '../../wire/name.ts'
import { Rtype } from '../../wire/numbers.ts'
import { plainRecord } from '../../wire/plain-record.ts'
import { write32 } from '../../wire/records.ts'
import type { ClusterView } from '../cluster-view.ts'

const NS1 = Buffer.from('ns1', 'latin1')
const HOSTMASTER = Buffer.from('hostmaster', 'latin1')
const REFRESH = 7200
const RETRY = 1800
const EXPIRE = 86_400

/** One zone of the stanza and the names in it that are the server's own. */
export interface ExternalZone {
  /** Lower-cased. */
  readonly name: Name
  /** `dns.<zone>`. */
  readonly apex: Name
  /** `ns1.dns.<zone>`. */
  readonly nameServer: Uint8Array
  readonly hostmaster: Uint8Array
}

/** `undefined` when a name would be over 255 octets. */
export function externalZone(name: Name, apex: Name): ExternalZone | undefined {
  const nameServer = joinLabels([NS1], apex)
  const hostmaster = joinLabels([HOSTMASTER], apex)
  return nameServer === undefined || hostmaster === undefined
    ? undefined
    : { name, apex, nameServer, hostmaster }
}

export function soaRecord(zone: ExternalZone, ttl: number, serial: number): Uint8Array {
  const numbers = Buffer.alloc(20)
  ;[serial, REFRESH, RETRY, EXPIRE, ttl].forEach((value, i) => write32(numbers, i * 4, value))
  return plainRecord(zone.name, Rtype.SOA, ttl, Buffer.concat([zone.nameServer, zone.hostmaster, numbers]))
}

/**
 * Addresses that the server has outside: those of the Services that lead to it, the machine's own where no slice holds
 * any of them.
 */
export function serverAddresses(
  view: ClusterView,
  localAddresses: readonly string[],
  headless: boolean
): readonly Uint8Array[] {
  const { services, namespaces, external } = view.index
  const local = localAddresses.flatMap(text => {
    const family = parseAddress(text)
    return family === 0 ? [] : [parsedAddress.slice(0, family)]
  })
  const found: Uint8Array[] = []
  const seen = new Set<number>()
  let isKnown = false
  for (const address of local) {
    for (
      let node = services.slicesByAddress(address, 0, address.length);
      node !== 0;
      node = services.nextSliceByAddress(node)
    ) {
      const id = services.sliceAtNode(node)
      if (seen.has(id)) continue
      seen.add(id)
      const held = sliceAddresses(services.loadSlice(id, new SliceView()))
      // Other addresses may share the table's place.
      if (!held.some(one => Buffer.compare(one, address) === 0)) continue
      isKnown = true
      const entry = services.entryOfSlice(id)
      if (!services.hasService(entry)) continue
      const isHeadless = services.loadService(entry, new ServiceView()).type === ServiceType.HEADLESS
      if (headless && isHeadless) {
        found.push(...held)
        continue
      }
      const targets =
        external.find(namespaces.label(services.namespaceOf(entry)), services.nameOf(entry))?.targets ?? []
      found.push(...targets.flatMap(target => ('address' in target ? [target.address] : [])))
    }
  }
  return isKnown ? found : local
}

function sliceAddresses(slice: SliceView): Uint8Array[] {
  const found: Uint8Array[] = []
  slice.rewindEndpoints()
  while (slice.nextEndpoint()) {
    if (slice.family !== 0) found.push(slice.octets.slice(slice.addressAt, slice.addressAt + slice.family))
  }
  return found
}
