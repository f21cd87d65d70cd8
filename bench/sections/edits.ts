// From an edit of a manifest to the answer that shows it, for the three ways in which files change, under load.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Asker } from '../asker.ts'
import { manifestOf } from '../cluster.ts'
import { startLoad } from '../load.ts'
import { QUERY_FILE } from '../queries.ts'
import { atMost, percentile, type Bound } from '../report.ts'
import type { Section } from '../section.ts'
import { FULL_CHAIN } from '../corefile.ts'
import { QUERIES_A_SECOND } from './latency.ts'

const EDITS = 200
const ASK_EVERY_MS = 1
/** An edit that nobody sees for so long is missed. */
const MISSED_MS = 2000
/** Edits come at any time after the one before was seen. */
const PAUSE_MAX_MS = 60

/** One way of changing a file that a server watches. */
interface EditKind {
  readonly name: string
  /** The Service that it changes. */
  readonly service: string
  /** Gets ready whatever is not the change itself. Returns the change. */
  prepare(text: string, number: number): () => void
}

export const edits: Section = {
  name: 'edits',
  needs: { load: true, server: true },
  async run({ workspace }) {
    const folder = workspace.path('edited')
    const mounted = workspace.path('mounted')
    mkdirSync(folder)
    mkdirSync(mounted)
    writeFileSync(join(folder, 'namespace.json'), manifest({ kind: 'Namespace', name: 'edited', labels: {} }))
    const kinds: readonly EditKind[] = [
      writing(join(folder, 'written.json')),
      renaming(join(folder, 'renamed.json')),
      swapping(mounted)
    ]
    for (const kind of kinds) kind.prepare(service(kind, 0), 0)()
    const target = await workspace.startServer('server', FULL_CHAIN, workspace.manifests, folder, mounted)
    const others = startLoad({ port: target.port, file: QUERY_FILE, seconds: 600, rate: QUERIES_A_SECOND })
    const asker = new Asker(target.port)
    try {
      const rows: string[][] = []
      const bounds: Bound[] = []
      const figures: Record<string, readonly number[]> = {}
      for (const kind of kinds) {
        const times: number[] = []
        for (let number = 1; number <= EDITS; number++) {
          const change = kind.prepare(service(kind, number), number)
          const from = performance.now()
          change()
          const at = await asker.until(nameOf(kind), address(number), ASK_EVERY_MS, MISSED_MS)
          if (at !== undefined) times.push(at - from)
          await new Promise(resolve => setTimeout(resolve, Math.random() * PAUSE_MAX_MS))
        }
        const missed = EDITS - times.length
        const shown = [0.5, 0.9, 0.99, 1].map(share => percentile(times, share).toFixed(1))
        rows.push([kind.name, ...shown, String(missed)])
        bounds.push(atMost(`p99, ${kind.name}`, percentile(times, 0.99), 100, ' ms', 1))
        bounds.push(atMost(`missed, ${kind.name}`, missed, 0, '', 0))
        figures[kind.name] = times
      }
      return {
        title: 'Edits of manifests',
        method: `${EDITS} edits of each kind, at ${QUERIES_A_SECOND.toLocaleString('en')} queries/s, with 10,000 Services and slices loaded; milliseconds from before the edit to the answer that shows it, asked for every ${ASK_EVERY_MS} ms.`,
        tables: [{ head: ['kind', 'median', 'p90', 'p99', 'longest', 'missed'], rows }],
        bounds,
        notes: others.isRunning ? [] : [`The load ended early: ${others.said}`],
        figures
      }
    } finally {
      asker.close()
      await Promise.all([others.stop(), target.child.stop()])
    }
  }
}

/** As an editor or a script that opens the file and writes it anew. */
function writing(path: string): EditKind {
  return { name: 'write', service: 'written', prepare: text => () => writeFileSync(path, text) }
}

/** As an editor that saves whole files or not at all. */
function renaming(path: string): EditKind {
  return {
    name: 'rename over',
    service: 'renamed',
    prepare(text) {
      writeFileSync(`${path}.new~`, text)
      return () => renameSync(`${path}.new~`, path)
    }
  }
}

/** As kubelet updates a mounted ConfigMap: a new folder, and a link that is replaced to point there. */
function swapping(folder: string): EditKind {
  return {
    name: 'ConfigMap swap',
    service: 'swapped',
    prepare(text, number) {
      const fresh = `..version_${number}`
      mkdirSync(join(folder, fresh))
      writeFileSync(join(folder, fresh, 'swapped.json'), text)
      if (number === 0) symlinkSync('..data/swapped.json', join(folder, 'swapped.json'))
      symlinkSync(fresh, join(folder, '..data_tmp'))
      return () => {
        renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
        rmSync(join(folder, `..version_${number - 1}`), { recursive: true, force: true })
      }
    }
  }
}

function service(kind: EditKind, number: number): string {
  return manifest({
    kind: 'Service',
    namespace: 'edited',
    name: kind.service,
    labels: {},
    type: 'ClusterIP',
    clusterIPs: [address(number)],
    externalName: '',
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    externalIPs: []
  })
}

const manifest = (object: Parameters<typeof manifestOf>[0]) =>
  `${JSON.stringify(manifestOf(object), null, 2)}\n`
const nameOf = (kind: EditKind) => `${kind.service}.edited.svc.cluster.local`
const address = (number: number) => `10.111.${number >> 8}.${number & 0xff}`
