// Where an upstream is.

export type UpstreamScheme = 'dns' | 'tls' | 'https' | 'https3' | 'quic' | 'grpc' | 'unix'

export interface UpstreamAddress {
  readonly scheme: UpstreamScheme
  /** An IP address, perhaps with a zone; a host name only where `isName` says so. */
  readonly host: string
  /** As written: whether it is a number shows when it is used. */
  readonly port: string
  /** The name that its certificate must have, from `tls://192.0.2.1%name`. */
  readonly serverName: string
  readonly isName: boolean
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`: as the metric label `to` and in messages. */
export const addressText = (address: UpstreamAddress): string => placeText(address.host, address.port)

/** An address and a port, with brackets around IPv6. */
export const placeText = (host: string, port: string | number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
