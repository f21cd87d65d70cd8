// The keys of a server block: `[scheme://]zone[:port]` (corefile-and-plugins.md §2.1).
import type { Name } from '../wire/name.ts'
import type { Token } from './position.ts'

export type KeyTransport = 'dns' | 'tls' | 'quic' | 'grpc' | 'https' | 'https3'

export interface ServerKey {
  readonly transport: KeyTransport
  /** Lower-cased and fully qualified, as text: `.`, `cluster.local.`, `10.in-addr.arpa.`. */
  readonly zone: string
  /** The same on the wire; undefined when the text is no name that a query could match. */
  readonly name: Name | undefined
  readonly port: number
  /** The word in the file that it came from (a CIDR key gives several keys with one token). */
  readonly token: Token
}
