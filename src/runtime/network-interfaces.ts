// The machine's network interfaces by name.
import { networkInterfaces } from 'node:os'

/** Addresses of each interface, as text; link-local IPv6 addresses carry their interface (`fe80::1%eth0`). */
export type Interfaces = ReadonlyMap<string, readonly string[]>

/** As they are now. */
export function systemInterfaces(): Interfaces {
  return new Map(
    Object.entries(networkInterfaces()).map(([name, addresses]) => [
      name,
      (addresses ?? []).map(({ address, family, scopeid }) =>
        family === 'IPv6' && scopeid !== 0 ? `${address}%${name}` : address
      )
    ])
  )
}
