// A zone file to a zone, and the texts that CoreDNS has for what can go wrong on the way.
import { fileErrorText, type Files } from '../runtime/files.ts'
import type { NextTurn } from '../runtime/turn.ts'
import type { MessageRecord } from '../wire/message.ts'
import { read32 } from '../wire/records.ts'
import { formatName, type Name } from '../wire/name.ts'
import { Rtype } from '../wire/numbers.ts'
import { readZoneFile, ZONE_FILE_OCTETS_MAX } from '../zonefile/zone-file.ts'
import { ZoneFileError } from '../zonefile/zone-file-error.ts'
import { ZoneBuilder, type ZoneData } from './zone-data.ts'

/** Why a file gives no zone. The message is CoreDNS's. */
export class ZoneError extends Error {
  /** The serial is the one that is served already: nothing to do, nothing to say. */
  readonly isUnchanged: boolean

  constructor(message: string, isUnchanged = false) {
    super(message)
    this.name = 'ZoneError'
    this.isUnchanged = isUnchanged
  }
}

export interface ZoneSource {
  readonly files: Files
  /** As messages name it. */
  readonly file: string
  /** Lower-cased, fully qualified. */
  readonly zone: string
  readonly origin: Name
  /** The serial that is served already; left out: any will do. */
  readonly knownSerial?: number | undefined
}

/** Records after which others get their turn: about a millisecond of work. */
const RECORDS_PER_TURN = 500

/** Reads the whole file at once: for set-up, when nobody waits yet. Throws the file system's error or ZoneError. */
export function zoneFromFile(source: ZoneSource): ZoneData {
  const builder = new ZoneBuilder(source.origin)
  for (const record of recordsOf(source)) addTo(builder, record, source)
  return finish(builder, source)
}

/** As `zoneFromFile`, a piece at a time: for files that are read while queries come. */
export async function zoneFromFileInTurns(source: ZoneSource, nextTurn: NextTurn): Promise<ZoneData> {
  const builder = new ZoneBuilder(source.origin)
  let count = 0
  for (const record of recordsOf(source)) {
    addTo(builder, record, source)
    if (++count % RECORDS_PER_TURN === 0) await new Promise<void>(resolve => nextTurn(resolve))
  }
  return finish(builder, source)
}

function* recordsOf(source: ZoneSource): Generator<MessageRecord, undefined> {
  const { files, file, zone, origin } = source
  const octets = files.read(file, ZONE_FILE_OCTETS_MAX)
  const readInclude = (path: string): Uint8Array => {
    try {
      return files.read(path, ZONE_FILE_OCTETS_MAX)
    } catch (error) {
      throw new Error(fileErrorText(error, path), { cause: error })
    }
  }
  try {
    yield* readZoneFile(octets, origin, { file, readInclude })
  } catch (error) {
    if (!(error instanceof ZoneFileError)) throw error
    throw new ZoneError(`failed to parse file "${file}" for origin ${zone} with error ${error.message}`)
  }
  return undefined
}

function addTo(builder: ZoneBuilder, record: MessageRecord, source: ZoneSource): void {
  const { file, zone, knownSerial } = source
  if (knownSerial !== undefined && record.rtype === Rtype.SOA) {
    const serial = read32(record.rdata, record.rdata.length - 20)
    if (serial === knownSerial) {
      throw new ZoneError(
        `no change in SOA serial for origin ${zone} in file ${file}, with ${serial} SOA serial`,
        true
      )
    }
  }
  const wrong = builder.add(record)
  if (wrong !== undefined) {
    throw new ZoneError(`${wrong}, dropping RR: ${formatName(record.name)} for zone: ${zone}`)
  }
}

function finish(builder: ZoneBuilder, { file, zone }: ZoneSource): ZoneData {
  const data = builder.build()
  if (data === undefined) throw new ZoneError(`file "${file}" has no SOA record for origin ${zone}`)
  return data
}
