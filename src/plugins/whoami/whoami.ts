// Tells a client who it is: its address, port and transport, in the additional section (corefile-and-plugins.md §8.25).
import { Answer } from '../../dns/answer.ts'
import type { Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { optLength } from '../../dns/response.ts'
import { parsedAddress, parseZonedAddress } from '../../wire/address.ts'
import { NAME_OCTETS_MAX } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rcode, Rtype } from '../../wire/numbers.ts'
import { write16, write32 } from '../../wire/records.ts'

/** Points at the question's name, octet 12 of every message. */
const QUESTION_POINTER = 0xc000 | HEADER_OCTETS
/** Octets of a record's type, class, TTL and data length. */
const FIXED_OCTETS = 10
/** `_udp` or `_tcp` with its length in front. */
const PROTOCOL_OCTETS = 5
/** Octets of an SRV record's data when its target is the root. */
const SRV_OCTETS = 7

/** Answers every query, whatever its name and type. */
export class Whoami implements Plugin {
  readonly name = 'whoami'

  answer(query: Query): Answer {
    const addressOctets = parseZonedAddress(query.peer.address)
    const nameOctets = query.nameEnd - HEADER_OCTETS
    const hasSrv = nameOctets + PROTOCOL_OCTETS <= NAME_OCTETS_MAX
    const addressLength = 2 + FIXED_OCTETS + addressOctets
    const srvLength = hasSrv ? PROTOCOL_OCTETS + 2 + FIXED_OCTETS + SRV_OCTETS : 0
    const length = query.questionEnd + addressLength + srvLength
    const octets = Buffer.alloc(length + optLength(query))
    query.wire.copy(octets, HEADER_OCTETS, HEADER_OCTETS, query.questionEnd)
    write16(octets, 4, 1)
    write16(octets, 10, hasSrv ? 2 : 1)

    let at = query.questionEnd
    write16(octets, at, QUESTION_POINTER)
    at = writeFixed(octets, at + 2, addressOctets === 4 ? Rtype.A : Rtype.AAAA, query.qclass, addressOctets)
    octets.set(parsedAddress.subarray(0, addressOctets), at)
    at += addressOctets
    if (hasSrv) {
      at += octets.write(query.transport === 'udp' ? '\x04_udp' : '\x04_tcp', at, 'latin1')
      write16(octets, at, QUESTION_POINTER)
      at = writeFixed(octets, at + 2, Rtype.SRV, query.qclass, SRV_OCTETS)
      write16(octets, at + 4, query.peer.port) // priority, weight and target stay 0
    }
    // Each of the two pointers stands for the whole name.
    const plainLength = length + (hasSrv ? 2 : 1) * (nameOctets - 2)
    return new Answer(octets, length, Rcode.NOERROR, Flag.AA | query.copiedFlags, plainLength)
  }
}

/** Writes type, class, TTL 0 and the data's length; returns the offset of the data. */
function writeFixed(octets: Buffer, at: number, rtype: number, rclass: number, dataOctets: number): number {
  write16(octets, at, rtype)
  write16(octets, at + 2, rclass)
  write32(octets, at + 4, 0)
  write16(octets, at + 8, dataOctets)
  return at + FIXED_OCTETS
}
