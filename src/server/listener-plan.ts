// Which sockets to open, and which chains answer on each (corefile-and-plugins.md §2.2, §2.3).
import type { Handler } from '../dns/plugin.ts'
import type { Name } from '../wire/name.ts'
import type { StreamLimits } from './transport/stream-transport.ts'
import type { TlsSettings } from './transport/tls-settings.ts'
import type { QueryFilter } from './zone-router.ts'

/** A server block's key as it will be listened on. */
export interface ServedKey {
  readonly transport: string
  readonly zone: string
  readonly name: Name | undefined
  readonly port: number
}

/** A server block, its chain linked. */
export interface ServedBlock {
  /** What the caller knows the block by. */
  readonly block: object
  readonly keys: readonly ServedKey[]
  /** Addresses of its `bind` lines; empty: every address. */
  readonly addresses: readonly string[]
  readonly chain: Handler
  /** Which queries it takes, where it has a `view`. */
  readonly filter?: QueryFilter | undefined
  /** What it asks for of the listener's streams; `timeouts`. */
  readonly limits?: StreamLimits
  /** The certificate for its `tls://` and `https://` keys; `tls`. */
  readonly tls?: TlsSettings | undefined
  /** Whether it lets classes other than IN in, for the whole listener. */
  readonly opensClasses: boolean
}

/** One listener: an address and port, and the zones answered there. */
export interface PlannedListener {
  readonly transport: string
  /** Empty: every address. */
  readonly address: string
  readonly port: number
  readonly zones: readonly {
    readonly text: string
    readonly name: Name | undefined
    readonly chain: Handler
    readonly filter: QueryFilter | undefined
    readonly block: object
  }[]
  readonly anyClass: boolean
  /** Of all blocks; where two name the same one, the last counts. */
  readonly limits: StreamLimits
  /** Of the blocks that have one, the last one's counts; undefined: streams are in plain text. */
  readonly tls: TlsSettings | undefined
}

/** A listener while its blocks are gone through. */
interface ListenerUnderWay extends PlannedListener {
  zones: PlannedListener['zones'][number][]
  anyClass: boolean
  limits: StreamLimits
  tls: TlsSettings | undefined
}

/** Where `--listen` moves every plain-DNS block. */
export interface Moved {
  readonly address: string
  readonly port: number
}

/**
 * One listener for each distinct transport, address and port, in the order the blocks name them. A zone that stands twice
 * on a listener after moving is answered by the block that comes first; `shadowed` is called for the other. Blocks with
 * views share a zone.
 */
export function planListeners(
  blocks: readonly ServedBlock[],
  moved: Moved | undefined,
  shadowed: (zone: string) => void
): PlannedListener[] {
  const listeners = new Map<string, ListenerUnderWay>()
  for (const block of blocks) {
    for (const key of block.keys) {
      const isMoved = moved !== undefined && key.transport === 'dns'
      const addresses = isMoved ? [moved.address] : block.addresses.length === 0 ? [''] : block.addresses
      const port = isMoved ? moved.port : key.port
      for (const address of addresses) {
        const id = `${key.transport} ${address} ${port}`
        let listener = listeners.get(id)
        if (listener === undefined) {
          const none = { zones: [], anyClass: false, limits: {}, tls: undefined }
          listener = { transport: key.transport, address, port, ...none }
          listeners.set(id, listener)
        }
        listener.anyClass ||= block.opensClasses
        listener.limits = { ...listener.limits, ...block.limits }
        if (key.transport !== 'dns') listener.tls = block.tls ?? listener.tls
        const { chain, filter } = block
        const isTaken = listener.zones.some(zone => zone.text === key.zone && zone.filter === undefined)
        if (isTaken && filter === undefined) shadowed(key.zone)
        else listener.zones.push({ text: key.zone, name: key.name, chain, filter, block: block.block })
      }
    }
  }
  return [...listeners.values()]
}
