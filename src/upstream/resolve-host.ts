// Upstreams that are named and not numbered: looked up once, when the server starts (corefile-and-plugins.md §8.7).
import { promises as dns } from 'node:dns'
import type { UpstreamAddress } from './address.ts'

/** How long one server may take to answer, in milliseconds. */
const ANSWER_LIMIT_MS = 2000

export interface HostResolver {
  /** The addresses of a host name. Rejects with an Error in CoreDNS's words. */
  resolve(name: string): Promise<readonly string[]>
}

/** Asks servers (`192.0.2.1:53`) one after the other, A and AAAA; the first that knows an address counts. */
export function serverResolver(servers: readonly string[]): HostResolver {
  return {
    async resolve(name) {
      const qualified = name.endsWith('.') ? name : `${name}.` // no search list
      let last = ''
      for (const server of servers) {
        const resolver = new dns.Resolver({ timeout: ANSWER_LIMIT_MS, tries: 1 })
        resolver.setServers([server])
        const results = await Promise.allSettled([resolver.resolve4(qualified), resolver.resolve6(qualified)])
        const addresses = results.flatMap(result => (result.status === 'fulfilled' ? result.value : []))
        if (addresses.length > 0) return addresses
        for (const result of results)
          if (result.status === 'rejected') last = errorText(result.reason) || last
      }
      throw new Error(`no addresses found for "${name}"${last === '' ? '' : `: ${last}`}`)
    }
  }
}

/** Asks as every program of the machine does; `server` is what its messages say was asked. */
export function systemResolver(server: string | undefined): HostResolver {
  return {
    async resolve(name) {
      try {
        const found = await dns.lookup(name, { all: true, verbatim: true })
        if (found.length > 0) return found.map(each => each.address)
      } catch {
        // There is one reason that people know.
      }
      throw new Error(`lookup ${name}${server === undefined ? '' : ` on ${server}`}: no such host`)
    }
  }
}

/** An upstream for each address of a named one. Rejects with `failed to resolve "x": …`. */
export async function resolveUpstream(
  address: UpstreamAddress,
  resolver: HostResolver
): Promise<UpstreamAddress[]> {
  if (!address.isName) return [address]
  try {
    const hosts = await resolver.resolve(address.host)
    // Behind TLS the server has to prove the name that was written.
    const name = address.scheme === 'dns' ? '' : address.host.replace(/\.$/, '')
    const serverName = address.serverName || name
    return hosts.map(host => ({ ...address, host, serverName, isName: false }))
  } catch (error) {
    throw new Error(`failed to resolve "${address.host}": ${errorText(error)}`, { cause: error })
  }
}

const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error))
