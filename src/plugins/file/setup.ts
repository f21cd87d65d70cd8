// `file DBFILE [ZONES…] { reload DURATION; reload_by_mtime; fallthrough [ZONES] }` (corefile-and-plugins.md §8.31).
import type { Dispenser } from '../../corefile/dispenser.ts'
import { CorefileError } from '../../corefile/position.ts'
import { formatDuration, parseDuration } from '../../corefile/values.ts'
import { fallthroughZones, zonesOrKeys, type Zone } from '../../corefile/zones.ts'
import { isNotifier } from '../../dns/transfer.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { fileErrorText } from '../../runtime/files.ts'
import { ServedZone } from '../../zones/served-zone.ts'
import { ZoneError, zoneFromFile } from '../../zones/zone-from-file.ts'
import { ZoneReloader } from '../../zones/zone-reloader.ts'
import { ZoneServer } from '../../zones/zone-server.ts'
import { pathIn, type PluginDefinition, type SetupContext } from '../definition.ts'
import { File } from './file.ts'

const NAME = 'file'
const RELOAD_DEFAULT_MS = 60_000
const PROPERTIES = ['reload', 'reload_by_mtime', 'fallthrough']

/** One line and its block. */
interface Line {
  readonly file: string
  readonly zones: readonly ServedZone[]
  reloadMs: number
  byModificationTime: boolean
}

export const filePlugin: PluginDefinition = {
  name: NAME,
  setup(c, context) {
    const log = context.runtime.log.plugin(NAME)
    const lines: Line[] = []
    let fallthrough: ZoneTable<true> | undefined
    let unopened: string | undefined
    // The options of one line go on to the next ones, as in CoreDNS.
    let reloadMs = RELOAD_DEFAULT_MS
    let byModificationTime = false
    while (c.next()) {
      if (!c.nextArg()) throw c.argErr()
      const file = pathIn(context, c.val())
      const zones: ServedZone[] = []
      for (const zone of zonesOrKeys(c.remainingArgs(), context.keys)) {
        const served = readZone(zone, file, c, context)
        if (typeof served === 'string') unopened = served
        else if (served !== undefined) zones.push(served)
        if (typeof served === 'string' && zone.name !== undefined)
          zones.push(new ServedZone(zone.zone, zone.name))
      }
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'fallthrough':
            fallthrough = tableOf(fallthroughZones(c.remainingArgs()))
            break
          case 'reload':
            reloadMs = readReload(c)
            break
          case 'reload_by_mtime':
            byModificationTime = true
            break
          case 'upstream': // of older versions; means nothing
            c.remainingArgs()
            break
          default:
            throw c.unknownProperty(PROPERTIES)
        }
      }
      lines.push({ file, zones, reloadMs, byModificationTime })
    }
    if (unopened !== undefined) {
      if (reloadMs === 0) throw twice(c.bareErr(unopened, 'the file is read once only, as `reload` is 0'))
      log.warn(`Failed to open "${unopened}": trying again in ${formatDuration(reloadMs)}`)
    }
    return serve(lines, fallthrough, context)
  }
}

function serve(
  lines: readonly Line[],
  fallthrough: ZoneTable<true> | undefined,
  context: SetupContext
): File {
  const { runtime } = context
  const log = runtime.log.plugin(NAME)
  // Of two lines for one zone the later one counts.
  const zones = [...lines].reverse().flatMap(line => line.zones)
  const server = new ZoneServer(zones, { lookup: context.lookup, fallthrough })
  const notifier = () => {
    const plugin = context.plugin('transfer')
    return isNotifier(plugin) ? plugin : undefined
  }
  const reloaders = lines.flatMap(({ file, zones, reloadMs: intervalMs, byModificationTime }) =>
    zones.map(
      zone => new ZoneReloader(zone, file, runtime, log, { intervalMs, byModificationTime }, notifier)
    )
  )
  context.onStartup(() => {
    const { directives } = context
    const after = directives.slice(directives.indexOf(NAME) + 1)
    server.isLast = after.every(name => context.plugin(name) === undefined)
    for (const reloader of reloaders) reloader.start()
    // Nobody hears of a secondary that is not there at the start.
    for (const zone of zones) notifier()?.notify(zone.name).catch(ignore)
  })
  context.onShutdown(() => {
    for (const reloader of reloaders) reloader.stop()
  })
  return new File(server)
}

const ignore = (): void => undefined

/** The zone, read; the text of why its file can't be opened; or undefined for a zone that no query can ask for. */
function readZone(
  zone: Zone,
  file: string,
  c: Dispenser,
  context: SetupContext
): ServedZone | string | undefined {
  if (zone.name === undefined) return undefined
  const source = { files: context.runtime.files, file, zone: zone.zone, origin: zone.name }
  try {
    const data = zoneFromFile(source)
    if (data.outside > 0) {
      context.runtime.log
        .own()
        .warn(`${data.outside} records in ${file} lie outside zone ${zone.zone} and are not served`)
    }
    return new ServedZone(zone.zone, zone.name, data)
  } catch (error) {
    if (error instanceof ZoneError) throw c.bareErr(error.message)
    return fileErrorText(error, file)
  }
}

function readReload(c: Dispenser): number {
  const [text] = c.remainingArgs()
  if (text === undefined) throw c.bareErr('reload duration value is expected', 'write `reload 30s`')
  const parsed = parseDuration(text)
  if (parsed.error !== undefined) throw twice(c.bareErr(parsed.error))
  if (parsed.value < 0) throw twice(c.bareErr('invalid duration', 'a duration of 0 or more'))
  return parsed.value
}

const tableOf = (zones: readonly Zone[]): ZoneTable<true> =>
  new ZoneTable(zones.flatMap(({ name }) => (name === undefined ? [] : [[name, true as const]])))

/** CoreDNS says the plugin's name twice in some of this plugin's errors; the caller of `setup` adds the first. */
function twice(error: CorefileError): CorefileError {
  return new CorefileError(error.code, `plugin/${NAME}: ${error.message}`, error.at, error.hint)
}
