// Every malformed Corefile that was recorded from a running CoreDNS: what this folder decides alone, what it decides
// together with a plugin's set-up, and that it leaves the rest to the plugins.
import { dirname, join } from 'node:path'
import { mkdirSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { withPluginName } from '../../src/corefile/dispenser.ts'
import { loadCorefile, type Configuration } from '../../src/corefile/load.ts'
import { CorefileError } from '../../src/corefile/position.ts'
import { checkOverlap, zoneWarning, type ListeningKey } from '../../src/corefile/server-keys.ts'
import { systemFiles } from '../../src/runtime/files.ts'
import { DIRECTIVES, recorded } from './support.ts'
import { setups } from './setups.ts'

interface Case {
  readonly id: string
  readonly corefile: string
  readonly files?: Readonly<Record<string, string>>
  /** What it ended with; absent when it kept running. */
  readonly error?: string
  /** What it warned of when it kept running. */
  readonly warnings?: readonly string[]
}

/** Ends only when a plugin looks at values that no short set-up here knows. */
const DECIDED_BY_PLUGINS = new Set(
  `twice-tls forward-21 forward-27 forward-28 forward-39 cache-16 cache-17 cache-18 cache-22
  loadbalance-1 rewrite-5 rewrite-7 rewrite-8 rewrite-9 rewrite-14 rewrite-15 rewrite-20 rewrite-22 rewrite-30 rewrite-32
  rewrite-33 rewrite-34 rewrite-36 rewrite-38 rewrite-39 rewrite-40 rewrite-41 rewrite-42 rewrite-43 autopath-4 view-6
  tls-1 file-5 file-6 auto-6 kubernetes-10 kubernetes-17 k8s_external-1 k8s_external-2 proxyproto-2 trace-1 geoip-2 tsig-2
  route53-1 on-1 azure-1`.split(/\s+/)
)

function listening(configuration: Configuration): readonly ListeningKey[] {
  return configuration.blocks.flatMap(block => {
    const bind = block.directives.get('bind')?.dispenser()
    const addresses: string[] = []
    while (bind?.next()) addresses.push(...bind.remainingArgs())
    return block.keys.map(key => ({ key, addresses, hasView: block.directives.has('view') }))
  })
}

/** Loads, sets up in the order of the plugins, checks the listeners: the first error, or none. */
async function firstError(
  path: string,
  folder: string
): Promise<{ error?: string; warnings: readonly string[] }> {
  try {
    const options = { files: systemFiles, environment: {}, knownDirectives: DIRECTIVES, folder }
    const configuration = await loadCorefile(path, options)
    for (const name of DIRECTIVES) {
      for (const block of configuration.blocks) {
        const directive = block.directives.get(name)
        if (directive !== undefined) setUp(name, () => setups[name]?.(directive.dispenser()))
      }
    }
    checkOverlap(listening(configuration))
    const zones = configuration.blocks.flatMap(block => block.keys.map(key => key.zone))
    return { warnings: zones.map(zoneWarning).filter(warning => warning !== undefined) }
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error
    return { error: error.message, warnings: [] }
  }
}

function setUp(name: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    throw error instanceof CorefileError ? withPluginName(error, name) : error
  }
}

const folder = t.testdir()
let decided = 0
for (const { id, corefile, files, error, warnings } of recorded<Case>('bad-input.json', folder)) {
  t.test(id, async t => {
    for (const [name, text] of Object.entries(files ?? {})) {
      mkdirSync(dirname(join(folder, id, name)), { recursive: true })
      writeFileSync(join(folder, id, name), text)
    }
    mkdirSync(join(folder, id), { recursive: true })
    const path = join(folder, id, 'Corefile')
    writeFileSync(path, corefile)
    const found = await firstError(path, join(folder, id))
    if (DECIDED_BY_PLUGINS.has(id)) {
      t.ok(error, 'it ends with an error')
      t.equal(found.error, undefined, 'which is not ours to raise')
    } else {
      decided++
      t.equal(found.error?.replaceAll(join(folder, id), folder), error)
      t.same(found.warnings, warnings ?? [])
    }
    t.end()
  })
}

t.test('how many are decided here', t => {
  t.equal(decided, 127)
  t.equal(decided + DECIDED_BY_PLUGINS.size, 173)
  t.end()
})
