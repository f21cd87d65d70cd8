// Which servers a word of a `forward` line names: an address, a file in resolv.conf format, or a host name
// (corefile-and-plugins.md §8.7).
import { parseIp, splitHostPort, withoutZone } from '../../corefile/addresses.ts'
import { quoteText, type Parsed } from '../../corefile/values.ts'
import type { Files } from '../../runtime/files.ts'
import type { UpstreamAddress, UpstreamScheme } from '../../upstream/address.ts'

const DEFAULT_PORTS: Readonly<Record<UpstreamScheme, string>> = {
  dns: '53',
  tls: '853',
  https: '443',
  https3: '443',
  quic: '853',
  grpc: '443',
  unix: ''
}

const SCHEMES = Object.keys(DEFAULT_PORTS) as UpstreamScheme[]

/** Splits `tls://192.0.2.1` into the scheme and the rest; `dns` when none is written. */
export function splitScheme(word: string): readonly [UpstreamScheme, string] {
  const scheme = SCHEMES.find(each => word.startsWith(`${each}://`))
  return scheme === undefined ? ['dns', word] : [scheme, word.slice(scheme.length + 3)]
}

/**
 * The servers that one word names. A file without nameservers names none. A word that is neither address nor file is a
 * host name, still to be looked up. Errors: `invalid address: "tls://"`, `not an IP address, file, or valid domain: "x"`.
 */
export function readUpstreams(word: string, files: Files): Parsed<readonly UpstreamAddress[]> {
  const [scheme, rest] = splitScheme(word)
  if (rest === '') return { error: `invalid address: ${quoteText(word)}` }
  const address = readAddress(scheme, rest)
  if (address !== undefined) return { value: [address] }
  const fromFile = readNameservers(rest, files)
  if (fromFile !== undefined) return { value: fromFile }
  return readHostName(word)
}

/** An IP address with or without port; `undefined` when it is something else. */
function readAddress(scheme: UpstreamScheme, text: string): UpstreamAddress | undefined {
  const split = splitHostPort(text)
  if (split.error === undefined && parseIp(withoutZone(split.value.host)) !== undefined) {
    return make(scheme, split.value.host, split.value.port)
  }
  // As in CoreDNS, `[::1` counts as `::1`.
  const host = text.replace(/^[[\]]+|[[\]]+$/g, '')
  if (split.error === undefined || parseIp(withoutZone(host)) === undefined) return undefined
  return make(scheme, host, DEFAULT_PORTS[scheme])
}

function make(scheme: UpstreamScheme, host: string, port: string): UpstreamAddress {
  const percent = host.lastIndexOf('%')
  // Behind TLS the zone is the server's name; a link-local address needs its zone to be reached.
  if (percent < 0 || scheme === 'dns') return { scheme, host, port, serverName: '', isName: false }
  return { scheme, host: host.slice(0, percent), port, serverName: host.slice(percent + 1), isName: false }
}

function readHostName(word: string): Parsed<readonly UpstreamAddress[]> {
  const [scheme, rest] = splitScheme(word)
  const invalid = { error: `not an IP address, file, or valid domain: ${quoteText(word)}` }
  if (scheme !== 'dns' && scheme !== 'tls' && scheme !== 'https') return invalid
  const [, name = '', serverName = '', portBehind] = /^([^%]*)(?:%([^:]*))?((?::.*)?)$/.exec(rest) ?? []
  const split = splitHostPort(`${name}${portBehind ?? ''}`)
  const host = split.error === undefined ? split.value.host : name
  const port = split.error === undefined ? split.value.port : DEFAULT_PORTS[scheme]
  if (!isDomainName(host)) return invalid
  return { value: [{ scheme, host, port, serverName, isName: true }] }
}

/** Labels of 1 to 63 octets, 255 in all. Which characters they hold is the resolver's business. */
function isDomainName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  return (
    name !== '' &&
    name.length <= 253 &&
    name.split('.').every(label => label.length > 0 && label.length <= 63)
  )
}

/** Files are small; one that isn't is no resolv.conf. */
const FILE_OCTETS_MAX = 1024 * 1024

/** The `nameserver` lines of a resolv.conf; `undefined` when there is no such file. */
function readNameservers(path: string, files: Files): readonly UpstreamAddress[] | undefined {
  let text: string
  try {
    if (files.kind(path) !== 'file') return undefined
    text = files.read(path).subarray(0, FILE_OCTETS_MAX).toString()
  } catch {
    return undefined
  }
  const servers: UpstreamAddress[] = []
  for (const line of text.split('\n')) {
    const host = nameserverOf(line)
    if (host === undefined) continue
    servers.push({ scheme: 'dns', host: withoutZone(host), port: '53', serverName: '', isName: false })
  }
  return servers
}

/** What a line `nameserver ADDRESS` names. */
function nameserverOf(line: string): string | undefined {
  const [keyword, host] = line.trim().split(/\s+/)
  return keyword === 'nameserver' && host !== '' ? host : undefined
}

/** The line, counted from 1, on which the file that a word names has this server; `undefined` when it is no such file. */
export function lineOfNameserver(word: string, host: string, files: Files): number | undefined {
  const path = splitScheme(word)[1]
  try {
    if (files.kind(path) !== 'file') return undefined
    const lines = files.read(path).subarray(0, FILE_OCTETS_MAX).toString().split('\n')
    const at = lines.findIndex(line => withoutZone(nameserverOf(line) ?? '') === host)
    return at < 0 ? undefined : at + 1
  } catch {
    return undefined
  }
}
