// What a resolver reads beside resolv.conf.

export interface Environment {
  /** Environment variables that resolvers look at: LOCALDOMAIN, RES_OPTIONS. */
  readonly variables?: Readonly<Record<string, string>>
  /** The host's own name; a name without dots when absent. */
  readonly hostName?: string
  /** The text of /etc/hosts; the usual two lines for localhost when absent. */
  readonly hosts?: string
  /** Aliases of the file that HOSTALIASES names, by single label. */
  readonly hostAliases?: Readonly<Record<string, string>>
}

export const usualHosts = '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'

/** Addresses by name, in lower case and as written, in the order of the lines. */
export function readHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address, ...names] = (line.split('#', 1)[0] ?? '').split(/\s+/).filter(word => word !== '')
    if (address === undefined) continue
    for (const key of new Set(names.flatMap(name => [name, name.toLowerCase()]))) {
      const known = hosts.get(key)
      if (known === undefined) hosts.set(key, [address])
      else if (!known.includes(address)) known.push(address)
    }
  }
  return hosts
}

/** What follows the first dot of the host's name; `undefined` when it has none. */
export function hostNameDomain(environment: Environment): string | undefined {
  const name = environment.hostName ?? ''
  const dot = name.indexOf('.')
  return dot < 0 || dot === name.length - 1 ? undefined : name.slice(dot + 1)
}
