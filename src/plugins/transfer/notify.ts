// NOTIFY: telling secondaries that a zone has changed (RFC 1996).
import type { Clock } from '../../runtime/clock.ts'
import type { Random } from '../../runtime/random.ts'
import { askOverUdp, type DirectTarget } from '../../upstream/direct.ts'
import { placeText } from '../../upstream/address.ts'
import { formatName, type Name } from '../../wire/name.ts'
import { Flag, Opcode, Rclass, Rcode, rcodeName, Rtype } from '../../wire/numbers.ts'
import { write16 } from '../../wire/records.ts'

/** How often one secondary is told before it is given up. */
const TRIES = 3

/** Tells every secondary, all at once. Rejects with a text that names those which didn't accept it. */
export async function notifyAll(
  zone: Name,
  targets: readonly DirectTarget[],
  clock: Clock,
  random: Random
): Promise<void> {
  const failures = await Promise.all(targets.map(target => notifyOne(zone, target, clock, random)))
  const texts = failures.filter(text => text !== undefined)
  if (texts.length > 0) throw new Error(texts.join('\n'))
}

/** The text of why it was not accepted; `undefined` when it was. */
async function notifyOne(
  zone: Name,
  target: DirectTarget,
  clock: Clock,
  random: Random
): Promise<string | undefined> {
  let why = ''
  for (let left = TRIES; left > 0; left--) {
    try {
      const reply = await askOverUdp(target, notifyMessage(zone, random.integer(0x10000)), clock)
      const rcode = (reply[3] as number) & 0xf
      if (rcode === Rcode.NOERROR) return undefined
      why = `rcode was "${rcodeName(rcode)}"`
    } catch (error) {
      why = `"${error instanceof Error ? error.message : String(error)}"`
    }
  }
  const place = placeText(target.host, target.port)
  return `notify for zone "${formatName(zone)}" was not accepted by "${place}": ${why}`
}

function notifyMessage(zone: Name, id: number): Buffer {
  const wire = Buffer.alloc(12 + zone.length + 4)
  write16(wire, 0, id)
  write16(wire, 2, (Opcode.NOTIFY << 11) | Flag.AA)
  write16(wire, 4, 1)
  wire.set(zone, 12)
  write16(wire, 12 + zone.length, Rtype.SOA)
  write16(wire, 14 + zone.length, Rclass.IN)
  return wire
}
