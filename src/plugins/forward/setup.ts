// The `forward` directive: from words to upstreams.
import { posix } from 'node:path'
import { splitHostPort } from '../../corefile/addresses.ts'
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import { IN_FLIGHT, IN_FLIGHT_MAX } from '../../metrics/families.ts'
import { readSamples } from '../../metrics/family.ts'
import { metricsOf, type Metrics } from '../../metrics/metrics.ts'
import { fileErrorText, type Files } from '../../runtime/files.ts'
import { addressText, placeText, type UpstreamAddress } from '../../upstream/address.ts'
import {
  resolveUpstream,
  serverResolver,
  systemResolver,
  type HostResolver
} from '../../upstream/resolve-host.ts'
import { loadTls, type TlsFiles, type TlsSettings } from '../../upstream/tls-settings.ts'
import { Upstream, UpstreamRuntime } from '../../upstream/upstream.ts'
import type { UpstreamOrigin } from '../../upstream/forwarding.ts'
import type { PluginDefinition, SetupContext } from '../definition.ts'
import { Forward } from './forward.ts'
import { ForwardLine, type Server } from './forward-line.ts'
import { ForwardMeter } from './forward-meter.ts'
import { LineServers, type Named } from './line-servers.ts'
import { readForward, zoneCount, type ForwardOptions } from './options.ts'
import { lineOfNameserver, readUpstreams, splitScheme } from './upstream-words.ts'

const TO_MAX = 15

/** The directive where host names are looked up like this, unless the line has servers of its own for that. */
export function forwardWith(resolverOf: (files: Files) => HostResolver): PluginDefinition {
  return {
    name: 'forward',
    setup(c, context) {
      const lines: LineServers[] = []
      const words: number[] = []
      while (c.next()) {
        const options = readForward(c)
        words.push(options.to.length)
        lines.push(makeLine(c, options, context, resolverOf))
      }
      const tooMany = words.find(count => count > TO_MAX)
      if (tooMany !== undefined) throw c.bareErr(`more than ${TO_MAX} TOs configured: ${tooMany}`)
      context.onShutdown(() => {
        for (const servers of lines) servers.drain()
      })
      return new Forward(lines.map(({ line }) => line))
    }
  }
}

export const forwardPlugin: PluginDefinition = forwardWith(files => {
  const servers = readUpstreams('/etc/resolv.conf', files)
  const first = servers.error === undefined ? servers.value.find(each => !each.isName) : undefined
  return systemResolver(first === undefined ? undefined : addressText(first))
})

/** Shows how many queries wait for upstreams. Returns how to stop showing it. */
function addGauges({ inFlight }: UpstreamRuntime, metrics: Metrics): () => void {
  const forgets = [
    metrics.addCollector(() => readSamples(IN_FLIGHT, 'gauge', [[[], inFlight.count]])),
    metrics.addCollector(() => readSamples(IN_FLIGHT_MAX, 'gauge', [[[], inFlight.limit]]))
  ]
  return () => {
    for (const forget of forgets) forget()
  }
}

function makeLine(
  c: Dispenser,
  options: ForwardOptions,
  context: SetupContext,
  resolverOf: (files: Files) => HostResolver
): LineServers {
  warnOfLostZones(options, context)
  const addresses = readAddresses(c, options, context)
  const usesTls = addresses.some(({ address }) => address.scheme !== 'dns')
  const tls = readTls(c, options, context, usesTls)
  const runtime = context.keep('upstreams', () => new UpstreamRuntime(context.runtime))
  context.keep(
    'upstream gauges',
    () => addGauges(runtime, metricsOf(context)),
    forget => forget()
  )
  const meter = new ForwardMeter(metricsOf(context))
  const line = new ForwardLine(options, runtime, meter)
  const servers = new LineServers(line, context.runtime, ({ address, word }) => ({
    ...makeServer(address, options, tls, runtime, meter),
    origin: () => originOf(address, word, context.runtime.files)
  }))
  const names = addresses.some(({ address }) => address.isName)
  if (!names) servers.set(addresses)
  context.onStartup(async () => {
    if (names) servers.set(await resolveAll(addresses, options, () => resolverOf(context.runtime.files)))
    servers.watch()
  })
  return servers
}

/** The addresses with host names looked up. Rejects with the message that the start ends with. */
async function resolveAll(
  addresses: readonly Named[],
  options: ForwardOptions,
  systemsOwn: () => HostResolver
): Promise<readonly Named[]> {
  const resolver = options.resolver.length > 0 ? serverResolver(options.resolver.map(withPort)) : systemsOwn()
  try {
    const found = addresses.map(async ({ address, word }) =>
      (await resolveUpstream(address, resolver)).map(each => ({ address: each, word }))
    )
    return (await Promise.all(found)).flat()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`plugin/forward: ${reason}`, { cause: error })
  }
}

/** `192.0.2.1` as `192.0.2.1:53`. */
function withPort(server: string): string {
  const split = splitHostPort(server)
  return split.error === undefined ? placeText(split.value.host, split.value.port) : placeText(server, 53)
}

function warnOfLostZones(options: ForwardOptions, context: SetupContext): void {
  const word = options.fromWord
  if (zoneCount(word) < 2) return
  context.runtime.log
    .plugin('forward')
    .warn(
      `Unsupported CIDR notation: '${word}' expands to multiple zones. Using only '${options.from.zone}'.`
    )
}

/** The servers that the line names, in its order. */
function readAddresses(c: Dispenser, options: ForwardOptions, context: SetupContext): readonly Named[] {
  for (const word of options.to) rejectPath(c, word)
  const addresses = options.to.flatMap(word => {
    const parsed = readUpstreams(word.text, context.runtime.files)
    if (parsed.error !== undefined) throw c.bareErr(parsed.error, undefined, word)
    for (const address of parsed.value) checkAddress(c, word, address, options)
    return parsed.value.map(address => ({ address, word }))
  })
  if (addresses.length === 0) throw c.bareErr('no valid upstream addresses found', undefined, options.to[0])
  return addresses
}

function rejectPath(c: Dispenser, word: Token): void {
  const [scheme, rest] = splitScheme(word.text)
  if (scheme !== 'https' || !rest.includes('/')) return
  const message = `paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): ${word.text}`
  throw c.bareErr(message, undefined, word)
}

function checkAddress(c: Dispenser, word: Token, address: UpstreamAddress, options: ForwardOptions): void {
  const { scheme, serverName } = address
  const text = `${scheme}://${addressText(address)}`
  if (scheme !== 'dns' && scheme !== 'tls' && scheme !== 'https') {
    throw c.bareErr(
      `'${scheme}' is not supported as a destination protocol in forward: ${text}`,
      undefined,
      word
    )
  }
  if (scheme !== 'dns' && serverName !== '' && options.tlsServerName !== '') {
    const names = `forward ('${options.tlsServerName}') and proxy level ('${serverName}')`
    throw c.bareErr(`both ${names} TLS servernames are set for upstream proxy '${text}'`, undefined, word)
  }
}

function makeServer(
  address: UpstreamAddress,
  options: ForwardOptions,
  tls: TlsSettings,
  runtime: UpstreamRuntime,
  meter: ForwardMeter
): Omit<Server, 'origin'> {
  const serverMeter = meter.server(addressText(address))
  const servername = options.tlsServerName || address.serverName
  const upstream = new Upstream(
    address,
    {
      pool: { expireMs: options.expireMs, maxAgeMs: options.maxAgeMs, idleMax: options.idleMax },
      readLimitMs: options.readLimitMs,
      sourceAddress: options.sourceAddress,
      tls: address.scheme === 'dns' ? undefined : { ...tls, ...(servername !== '' && { servername }) },
      httpMethod: options.httpMethod,
      probe: {
        intervalMs: options.probeIntervalMs,
        recursionDesired: options.probeRecursion,
        domain: options.probeDomain,
        network: options.forceTcp ? 'tcp' : 'udp'
      }
    },
    runtime,
    serverMeter
  )
  return { upstream, meter: serverMeter }
}

function originOf(address: UpstreamAddress, word: Token, files: Files): UpstreamOrigin {
  const line = lineOfNameserver(word.text, address.host, files)
  return {
    word: word.text,
    place: `${word.at.file}:${word.at.line}:${word.at.column}`,
    fileLine: line === undefined ? undefined : `${splitScheme(word.text)[1]}:${line}`
  }
}

/** The files of the `tls` line: none, the CA, certificate and key, or all three; read once, as reading them takes time. */
function readTls(c: Dispenser, options: ForwardOptions, context: SetupContext, isUsed: boolean): TlsSettings {
  const [first, second, third] = options.tlsFiles
  const read = (word: Token, what: (error: string) => string): Buffer => {
    const path = posix.isAbsolute(word.text) ? word.text : posix.join(context.root, word.text)
    try {
      return context.runtime.files.read(path)
    } catch (error) {
      throw c.bareErr(what(fileErrorText(error, path)), undefined, word)
    }
  }
  const readCa = (word: Token): Buffer => {
    const pem = read(word, error => `error reading ${word.text}: ${error}`)
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
    throw c.bareErr('could not read root certs: no certificate in PEM format in it', undefined, word)
  }
  const load = (files: TlsFiles, what: string): TlsSettings => {
    try {
      return loadTls(files)
    } catch (error) {
      throw c.bareErr(`${what}: ${error instanceof Error ? error.message : String(error)}`, undefined, first)
    }
  }
  if (first === undefined) return isUsed ? load({}, 'could not load TLS roots') : {}
  if (second === undefined) return load({ ca: readCa(first) }, 'could not read root certs')
  const cert = read(first, error => `could not load TLS cert: ${error}`)
  const key = read(second, error => `could not load TLS cert: ${error}`)
  const ca = third === undefined ? undefined : readCa(third)
  return load({ cert, key, ...(ca !== undefined && { ca }) }, 'could not load TLS cert')
}
