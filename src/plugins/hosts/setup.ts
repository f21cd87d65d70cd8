// The `hosts` directive.
import type { Dispenser } from '../../corefile/dispenser.ts'
import { parseDuration, parseInteger, quoteText } from '../../corefile/values.ts'
import { fallthroughZones, zonesOrKeys, type Zone } from '../../corefile/zones.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { HOSTS_RELOADED } from '../../metrics/families.ts'
import { metricsOf } from '../../metrics/metrics.ts'
import { fileErrorText } from '../../runtime/files.ts'
import type { Timer } from '../../runtime/clock.ts'
import { pathIn, type PluginDefinition, type SetupContext } from '../definition.ts'
import { HostTable } from './host-table.ts'
import { Hosts } from './hosts.ts'
import { HostsFile } from './hosts-file.ts'

const PATH_DEFAULT = '/etc/hosts'
const TTL_DEFAULT_SECONDS = 3600
const TTL_MAX_SECONDS = 65_535
const RELOAD_DEFAULT_MS = 5000

const ENTRIES = {
  name: 'coredns_hosts_entries',
  help: 'The combined number of entries in hosts and Corefile.',
  labels: ['hostsfile']
}

/** A line and its block as they were read. */
class Stanza {
  path = PATH_DEFAULT
  zones: readonly Zone[] = []
  ttlSeconds = TTL_DEFAULT_SECONDS
  reloadMs = RELOAD_DEFAULT_MS
  reverse = true
  fallthrough: readonly Zone[] = []
  fallthroughUnsupported = false
  readonly inline: string[] = []
}

export const hostsPlugin: PluginDefinition = {
  name: 'hosts',
  setup(c, context) {
    const stanza = readStanza(c, context)
    const { runtime } = context
    const { path, zones, reverse, reloadMs, ttlSeconds, fallthroughUnsupported } = stanza
    const inline = new HostTable({ zones, reverse })
    inline.readAll(stanza.inline.join('\n'))
    const metrics = metricsOf(context)
    const file = new HostsFile(path, { zones, reverse }, runtime, {
      entries: count => void (metrics.gauge(ENTRIES).with(path).value = count + inline.entries),
      reloaded: metrics.gauge(HOSTS_RELOADED).with()
    })
    let timer: Timer | undefined
    context.onStartup(() => {
      file.readNow()
      if (reloadMs > 0) timer = runtime.clock.every(reloadMs, () => file.readIfChanged())
    })
    context.onShutdown(() => timer?.cancel())
    return new Hosts(
      {
        zones: tableOf(zones),
        ttlSeconds,
        fallthrough: tableOf(stanza.fallthrough),
        fallthroughUnsupported
      },
      file,
      inline
    )
  }
}

const tableOf = (zones: readonly Zone[]): ZoneTable<true> =>
  new ZoneTable(zones.flatMap(({ name }) => (name === undefined ? [] : [[name, true] as const])))

function readStanza(c: Dispenser, context: SetupContext): Stanza {
  const stanza = new Stanza()
  for (let occurrences = 0; c.next(); occurrences++) {
    if (occurrences > 0) throw c.onceErr()
    const [path, ...zones] = c.remainingArgs()
    if (path !== undefined) {
      stanza.path = pathIn(context, path)
      lookAt(stanza.path, c, context)
    }
    stanza.zones = zonesOrKeys(zones, context.keys)
    while (c.nextBlock()) readProperty(c, stanza)
  }
  if (stanza.fallthroughUnsupported && stanza.fallthrough.length === 0) {
    throw c.errf('fallthrough_unsupported requires fallthrough')
  }
  return stanza
}

/** Says what is odd about the file now, since its absence is no error: it may come later. */
function lookAt(path: string, c: Dispenser, { runtime }: SetupContext): void {
  const log = runtime.log.plugin('hosts')
  try {
    runtime.files.stat(path)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') {
      throw c.errf(`unable to access hosts file '${path}': ${fileErrorText(error, path)}`)
    }
    log.warn(`File does not exist: ${path}`)
    return
  }
  if (runtime.files.kind(path) === 'directory') {
    log.warn(`Hosts file ${quoteText(path)} is a directory`)
  }
}

function readProperty(c: Dispenser, stanza: Stanza): void {
  const property = c.val()
  switch (property) {
    case 'fallthrough':
      stanza.fallthrough = fallthroughZones(c.remainingArgs())
      break
    case 'fallthrough_unsupported':
      if (c.remainingArgs().length > 0) throw c.argErr()
      stanza.fallthroughUnsupported = true
      break
    case 'no_reverse':
      stanza.reverse = false
      break
    case 'ttl':
      stanza.ttlSeconds = readTtl(c)
      break
    case 'reload':
      stanza.reloadMs = readReload(c)
      break
    default:
      if (stanza.fallthrough.length > 0) {
        throw c.unknownProperty(['ttl', 'no_reverse', 'reload', 'fallthrough', 'fallthrough_unsupported'])
      }
      stanza.inline.push([property, ...c.remainingArgs()].join(' '))
  }
}

function readTtl(c: Dispenser): number {
  const [word] = c.remainingTokens()
  if (word === undefined) throw c.errf('ttl needs a time in second')
  const parsed = parseInteger(word.text)
  if (parsed.error !== undefined) throw c.errf('ttl needs a number of second', undefined, word)
  if (parsed.value <= 0 || parsed.value > TTL_MAX_SECONDS) {
    throw c.errf('ttl provided is invalid', `from 1 to ${TTL_MAX_SECONDS} seconds`, word)
  }
  return parsed.value
}

function readReload(c: Dispenser): number {
  const words = c.remainingTokens()
  const [word] = words
  if (word === undefined || words.length > 1) {
    throw c.errf('reload needs a duration (zero seconds to disable)')
  }
  const parsed = parseDuration(word.text)
  if (parsed.error !== undefined) {
    throw c.errf(`invalid duration for reload '${word.text}'`, undefined, word)
  }
  if (parsed.value < 0) throw c.errf(`invalid negative duration for reload '${word.text}'`, undefined, word)
  return parsed.value
}
