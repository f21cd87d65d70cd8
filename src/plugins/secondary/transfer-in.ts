// Copying a zone from its primary: AXFR (RFC 5936) and the SOA that says whether it is worth it, both over TCP.
import type { Runtime } from '../../runtime/runtime.ts'
import { askOverTcp, type DirectTarget } from '../../upstream/direct.ts'
import { UpstreamError } from '../../upstream/upstream-error.ts'
import { readMessage, type Message, type MessageRecord } from '../../wire/message.ts'
import { formatName, type Name } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import { read32, write16 } from '../../wire/records.ts'
import { ZoneBuilder, type ZoneData } from '../../zones/zone-data.ts'

/** What one transfer may hold: many times what a large zone of a company does. */
const RECORDS_MAX = 2_000_000
const OCTETS_MAX = 256 * 1024 * 1024

/** The zone, whole. Rejects with a text that says what the primary did. */
export async function transferIn(
  zone: Name,
  from: DirectTarget,
  runtime: Pick<Runtime, 'clock' | 'random'>,
  signal: AbortSignal
): Promise<ZoneData> {
  const builder = new ZoneBuilder(zone)
  let records = 0
  let octets = 0
  const wire = queryMessage(zone, Rtype.AXFR, 0, runtime.random.integer(0x10000))
  for await (const reply of askOverTcp(from, wire, runtime.clock, signal)) {
    octets += reply.length
    if (octets > OCTETS_MAX) throw new Error(`the zone has more than ${OCTETS_MAX} octets`)
    for (const record of readReply(wire, reply).answers) {
      if (record.rtype === Rtype.SOA && records > 0) return finish(builder, zone)
      if (record.rtype !== Rtype.SOA && records === 0) throw new Error('dns: no SOA')
      if (++records > RECORDS_MAX) throw new Error(`the zone has more than ${RECORDS_MAX} records`)
      const wrong = builder.add(record)
      if (wrong !== undefined) throw new Error(`${wrong}: ${formatName(record.name)}`)
    }
  }
  throw new Error('EOF')
}

function finish(builder: ZoneBuilder, zone: Name): ZoneData {
  const data = builder.build()
  if (data === undefined) throw new Error(`no SOA record for ${formatName(zone)}`)
  return data
}

/** The serial that a primary has now. */
export async function primarySerial(
  zone: Name,
  from: DirectTarget,
  runtime: Pick<Runtime, 'clock' | 'random'>,
  signal: AbortSignal
): Promise<number> {
  const wire = queryMessage(zone, Rtype.SOA, Flag.RD, runtime.random.integer(0x10000))
  for await (const reply of askOverTcp(from, wire, runtime.clock, signal)) {
    const soa = readReply(wire, reply).answers.find(isSoa)
    if (soa === undefined) break
    return read32(soa.rdata, soa.rdata.length - 20)
  }
  throw new UpstreamError('UNREADABLE', 'dns: no SOA')
}

const isSoa = ({ rtype, rdata }: MessageRecord): boolean => rtype === Rtype.SOA && rdata.length >= 22

/** The message, if it is a good answer to what was asked. */
function readReply(wire: Buffer, reply: Buffer): Message {
  const message = readMessage(reply)
  if (message === undefined) throw new UpstreamError('UNREADABLE', 'dns: bad message')
  if (message.id !== wire.readUInt16BE(0) || (message.flags & Flag.QR) === 0)
    throw new Error('dns: id mismatch')
  const rcode = message.flags & 0xf
  if (rcode !== Rcode.NOERROR) throw new Error(`dns: bad xfr rcode: ${rcode}`)
  return message
}

function queryMessage(zone: Name, qtype: number, flags: number, id: number): Buffer {
  const wire = Buffer.alloc(HEADER_OCTETS + zone.length + 4)
  write16(wire, 0, id)
  write16(wire, 2, flags)
  write16(wire, 4, 1)
  wire.set(zone, HEADER_OCTETS)
  write16(wire, HEADER_OCTETS + zone.length, qtype)
  write16(wire, HEADER_OCTETS + zone.length + 2, Rclass.IN)
  return wire
}
