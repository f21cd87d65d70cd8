// Upstreams that are named and not numbered: looked up once, when the server starts (corefile-and-plugins.md §8.7).
import { promises as dns } from 'node:dns'
import { joinHostPort, splitHostPort } from '../corefile/addresses.ts'
import { quoteText } from '../corefile/values.ts'
import type { Files } from '../runtime/files.ts'
import { readUpstreams, type UpstreamAddress } from './address.ts'

/** How long one server may take to answer, in milliseconds. */
const ANSWER_LIMIT_MS = 2000

export interface HostResolver {
  /** The addresses of a host name. Rejects with an Error in CoreDNS's words. */
  resolve(name: string): Promise<readonly string[]>
}

/** Asks the servers of a `resolver` line one after the other, A and AAAA; the first that knows an address counts. */
export function serverResolver(servers: readonly string[]): HostResolver {
  return {
    async resolve(name) {
      const qualified = name.endsWith('.') ? name : `${name}.` // no search list
      let last = ''
      for (const server of servers) {
        const resolver = new dns.Resolver({ timeout: ANSWER_LIMIT_MS, tries: 1 })
        resolver.setServers([withPort(server)])
        const results = await Promise.allSettled([resolver.resolve4(qualified), resolver.resolve6(qualified)])
        const addresses = results.flatMap(result => (result.status === 'fulfilled' ? result.value : []))
        if (addresses.length > 0) return addresses
        for (const result of results)
          if (result.status === 'rejected') last = errorText(result.reason) || last
      }
      throw new Error(`no addresses found for ${quoteText(name)}${last === '' ? '' : `: ${last}`}`)
    }
  }
}

/** Asks as every program of the machine does. */
export function systemResolver(files: Files): HostResolver {
  return {
    async resolve(name) {
      try {
        const found = await dns.lookup(name, { all: true, verbatim: true })
        if (found.length > 0) return found.map(each => each.address)
      } catch {
        // There is one reason that people know.
      }
      const servers = readUpstreams('/etc/resolv.conf', files)
      const first = servers.error === undefined ? servers.value.find(each => !each.isName) : undefined
      const where = first === undefined ? '' : ` on ${joinHostPort(first.host, first.port)}`
      throw new Error(`lookup ${name}${where}: no such host`)
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
    return hosts.map(host => ({ ...address, host, isName: false }))
  } catch (error) {
    throw new Error(`failed to resolve ${quoteText(address.host)}: ${errorText(error)}`, { cause: error })
  }
}

const withPort = (server: string): string => {
  const split = splitHostPort(server)
  return split.error === undefined
    ? joinHostPort(split.value.host, split.value.port)
    : joinHostPort(server, 53)
}

const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error))
