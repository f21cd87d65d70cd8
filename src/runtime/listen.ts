// Opening a TCP listener on one address or on all of them: what DNS over TCP and the HTTP endpoints have in common.
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

/** Where "every address" is tried: one dual-stack socket, and IPv4 alone where the machine has no IPv6. */
export function addressesToTry(address: string): readonly string[] {
  return address === '' ? ['::', '0.0.0.0'] : [address]
}

/** Whether an error says that the machine speaks no IPv6. */
export function lacksIPv6(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL' || code === 'EPROTONOSUPPORT'
}

/** The kernel caps it at net.core.somaxconn; a burst of connections is what Node's own 511 refuses first. */
const BACKLOG = 4096

/**
 * Starts `server` on `address` (empty: every address, IPv4 and IPv6 with one socket) and `port` (0: a free one), and
 * says where it listens. Rejects with the operating system's error.
 */
export async function listenOn(server: Server, address: string, port: number): Promise<AddressInfo> {
  const addresses = addressesToTry(address)
  for (const [index, host] of addresses.entries()) {
    try {
      const listening = once(server, 'listening')
      server.listen({ host, port, ipv6Only: false, backlog: BACKLOG })
      await listening
      break
    } catch (error) {
      if (index === addresses.length - 1 || !lacksIPv6(error)) throw error
    }
  }
  return server.address() as AddressInfo
}
