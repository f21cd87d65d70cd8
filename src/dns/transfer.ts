// What a plugin offers whose zones can be transferred (RFC 5936, RFC 1995).
import type { Name } from '../wire/name.ts'

export interface ZoneTransfer {
  /** The serial that the transfer carries. */
  readonly serial: number
  /** The zone's SOA record, uncompressed. */
  readonly soa: Uint8Array
  /** Whether an IXFR client with this serial needs nothing; when left out: the serials are equal. */
  isCurrent?(clientSerial: number): boolean
  /** Every other record, uncompressed, in any order. Read piece by piece while the client takes them. */
  records(): Iterable<Uint8Array>
}

export interface Transferer {
  /** The zone that `name` is transferred as, or `undefined` when this plugin doesn't hold it. */
  transfer(name: Name): ZoneTransfer | undefined
}

/** Whether a plugin offers transfers. */
export function isTransferer(plugin: object | undefined): plugin is Transferer {
  return plugin !== undefined && 'transfer' in plugin && typeof plugin.transfer === 'function'
}

/** What tells secondaries that a zone has changed (RFC 1996). */
export interface Notifier {
  /** Settles when every secondary has answered; rejects with a text that names those that didn't. */
  notify(zone: Name): Promise<void>
}

/** Whether a plugin sends NOTIFY. */
export function isNotifier(plugin: object | undefined): plugin is Notifier {
  return plugin !== undefined && 'notify' in plugin && typeof plugin.notify === 'function'
}
