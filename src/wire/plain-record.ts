// Single records with their names written out, as they stand in transfers and zone files.
import { Rclass, Rtype } from './numbers.ts'
import { write16, write32 } from './records.ts'

/** A record of class IN; `rdata` holds its names uncompressed. */
export function plainRecord(owner: Uint8Array, rtype: number, ttl: number, rdata: Uint8Array): Uint8Array {
  const octets = Buffer.allocUnsafe(owner.length + 10 + rdata.length)
  octets.set(owner)
  write16(octets, owner.length, rtype)
  write16(octets, owner.length + 2, Rclass.IN)
  write32(octets, owner.length + 4, ttl)
  write16(octets, owner.length + 8, rdata.length)
  octets.set(rdata, owner.length + 10)
  return octets
}

/** A or AAAA, by the address's 4 or 16 octets. */
export function addressRecord(owner: Uint8Array, ttl: number, address: Uint8Array): Uint8Array {
  return plainRecord(owner, address.length === 4 ? Rtype.A : Rtype.AAAA, ttl, address)
}

/** SRV with priority 0. */
export function srvRecord(
  owner: Uint8Array,
  ttl: number,
  weight: number,
  port: number,
  target: Uint8Array
): Uint8Array {
  const rdata = Buffer.allocUnsafe(6 + target.length)
  write16(rdata, 0, 0)
  write16(rdata, 2, weight)
  write16(rdata, 4, port)
  rdata.set(target, 6)
  return plainRecord(owner, Rtype.SRV, ttl, rdata)
}
