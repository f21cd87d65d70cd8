// The machine's own addresses as something that is handed in.
import { networkInterfaces } from 'node:os'

export interface NetworkAddress {
  /** The interface's name. */
  readonly name: string
  /** IPv6 addresses without their zone. */
  readonly address: string
  /** Whether it is a loopback address. */
  readonly internal: boolean
  /** Whether it is only valid on its own link; to be used with `%name` then. */
  readonly linkLocal: boolean
}

export interface Network {
  /** Every address of every interface that is up. */
  interfaces(): readonly NetworkAddress[]
}

/** What the operating system says. */
export const systemNetwork: Network = {
  interfaces() {
    return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.map(({ address, internal }) => ({
        name,
        address,
        internal,
        linkLocal: /^fe[89ab]/i.test(address)
      }))
    )
  }
}
