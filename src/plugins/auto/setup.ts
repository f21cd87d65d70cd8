// `auto [ZONES…] { directory DIR [REGEXP ORIGIN_TEMPLATE]; reload DURATION }` (corefile-and-plugins.md §8.32).
import type { Dispenser } from '../../corefile/dispenser.ts'
import { compilePattern, PATTERN_OCTETS_MAX, type Pattern } from '../../corefile/pattern.ts'
import { parseDuration } from '../../corefile/values.ts'
import { zonesOrKeys, type Zone } from '../../corefile/zones.ts'
import { isNotifier } from '../../dns/transfer.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { ZoneServer } from '../../zones/zone-server.ts'
import { pathIn, type PluginDefinition, type SetupContext } from '../definition.ts'
import { Auto } from './auto.ts'
import { OriginTemplate } from './origin-template.ts'
import { ZoneFolder } from './zone-folder.ts'

const NAME = 'auto'
const RELOAD_DEFAULT_MS = 60_000

/** What the lines say; later ones win, as in CoreDNS. */
class Lines {
  origins: readonly Zone[] = []
  folder = ''
  pattern: Pattern | undefined
  template = '{1}'
  intervalMs = RELOAD_DEFAULT_MS
}

export const autoPlugin: PluginDefinition = {
  name: NAME,
  setup(c, context) {
    const lines = new Lines()
    while (c.next()) {
      lines.origins = zonesOrKeys(c.remainingArgs(), context.keys)
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'directory':
            readDirectory(c, context, lines)
            break
          case 'reload':
            lines.intervalMs = readReload(c)
            break
          case 'upstream': // of older versions; means nothing
            c.remainingArgs()
            break
          default:
            throw c.unknownProperty(['directory', 'reload'])
        }
      }
    }
    return serve(lines, context)
  }
}

function readDirectory(c: Dispenser, context: SetupContext, lines: Lines): void {
  if (!c.nextArg()) throw c.argErr()
  lines.folder = pathIn(context, c.val())
  if (context.runtime.files.kind(lines.folder) === undefined)
    context.runtime.log.plugin(NAME).warn(`Directory does not exist: ${lines.folder}`)
  if (!c.nextArg()) return
  if (Buffer.byteLength(c.val()) > PATTERN_OCTETS_MAX) throw c.errf('regexp too large')
  const pattern = compilePattern(c.val())
  if (pattern.error !== undefined) throw c.bareErr(pattern.error)
  if (pattern.value.groupCount === 0)
    throw c.errf('Need at least one sub expression', 'the zone is what stands in parentheses: db\\.(.*)')
  lines.pattern = pattern.value
  if (!c.nextArg()) throw c.argErr()
  lines.template = c.val()
  if (c.nextArg()) throw c.argErr()
}

function readReload(c: Dispenser): number {
  const [text] = c.remainingArgs()
  if (text === undefined) throw c.bareErr('reload duration value is expected', 'write `reload 30s`')
  const parsed = parseDuration(text)
  // CoreDNS names the plugin whose code it shares here.
  if (parsed.error !== undefined) throw c.bareErr(`plugin/file: ${parsed.error}`)
  if (parsed.value < 0) throw c.bareErr('plugin/file: invalid duration', 'a duration of 0 or more')
  return parsed.value
}

function serve({ origins, folder, pattern, template, intervalMs }: Lines, context: SetupContext): Auto {
  const server = new ZoneServer([], { lookup: context.lookup, fallthrough: undefined })
  const zones = new ZoneFolder(context.runtime, {
    folder,
    template: new OriginTemplate(pattern ?? defaultPattern(), template),
    intervalMs,
    notifier: () => {
      const plugin = context.plugin('transfer')
      return isNotifier(plugin) ? plugin : undefined
    },
    changed: all => server.replaceZones(all)
  })
  context.onStartup(async () => {
    const { directives } = context
    const after = directives.slice(directives.indexOf(NAME) + 1)
    server.isLast = after.every(name => context.plugin(name) === undefined)
    await zones.start()
  })
  context.onShutdown(() => zones.stop())
  const table = new ZoneTable(
    origins.flatMap(({ name }) => (name === undefined ? [] : [[name, true as const] as const]))
  )
  return new Auto(table, server)
}

function defaultPattern(): Pattern {
  const pattern = compilePattern('db\\.(.*)')
  if (pattern.error !== undefined) throw new Error(pattern.error)
  return pattern.value
}
