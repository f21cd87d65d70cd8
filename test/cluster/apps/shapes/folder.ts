// An application folder of test/fixtures/apps as a server would have it: its answers, and what `labdns get` shows of it.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import ipaddr from 'ipaddr.js'
import { App } from '../../../../src/app.ts'
import { beyondOf } from '../../../../src/cli/get/beyond.ts'
import { kindsOf, type Kind } from '../../../../src/cli/get/kinds.ts'
import { resourcesOf, type Resource } from '../../../../src/cli/get/resources.ts'
import { rowsOf } from '../../../../src/cli/names/listing.ts'
import { DEFAULT_SIMULATION, type SimulatedPod } from '../../../../src/cluster/apps/simulated.ts'
import { ManifestSource } from '../../../../src/cluster/manifests/manifest-source.ts'
import { interpretCorefile } from '../../../../src/corefile/load.ts'
import { directives } from '../../../../src/plugins/order.ts'
import { readMessage } from '../../../../src/wire/message.ts'
import { encodeName, sameName } from '../../../../src/wire/name.ts'
import { Rcode, rcodeName, rtypeNumber } from '../../../../src/wire/numbers.ts'
import { formatRdata } from '../../../../src/wire/rdata.ts'
import { testRuntime } from '../../../support/running-app.ts'
import { LogBook, MemoryFiles } from '../../manifests/harness.ts'

const root = new URL('../../../../../', import.meta.url).pathname
const fixtures = path.join(root, 'test/fixtures/apps')

const COREFILE = `. {
bind 127.0.0.1
kubernetes cluster.local in-addr.arpa ip6.arpa {
pods verified
}
}
`

/** Names of all folders. */
export const folderNames: readonly string[] = readdirSync(fixtures).filter(name =>
  statSync(path.join(fixtures, name)).isDirectory()
)

/** File name to text. */
export type Texts = Readonly<Record<string, string>>

/** The files of a folder, by their names from there. */
export function textsOf(folder: string): Texts {
  const base = path.join(fixtures, folder)
  const names = readdirSync(base, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names
      .filter(name => statSync(path.join(base, name)).isFile())
      .map(name => [name, readFileSync(path.join(base, name), 'utf8')])
  )
}

export interface Served {
  /** What was logged: `info: text`. */
  readonly log: readonly string[]
  /** Answers as texts, sorted; or what there is instead: `NXDOMAIN`, `NODATA`. */
  ask(name: string, type: string): readonly string[]
  /** All that `labdns names` would list, a line each; without where it comes from. */
  names(): readonly string[]
  /** `labdns get svc NAME -o yaml`, its spec.clusterIPs. */
  clusterIPs(service: string): readonly string[]
  /** A cell of `labdns get svc`, by column behind the name. */
  serviceCell(service: string, column: number): string
  /** Pods of which `namespace/name` begins so, in the order of their names. */
  pods(prefix: string): readonly SimulatedPod[]
}

/** Serves these files as `--apps` does. `inputs`: what is named there; else the folder that holds them. */
export async function serveTexts(texts: Texts, inputs?: readonly string[], nodes = 1): Promise<Served> {
  const log = new LogBook()
  const files = new MemoryFiles(
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [`app/${name}`, text]))
  )
  const runtime = testRuntime({ files, log, localAddresses: ['192.0.2.53'] })
  const source = new ManifestSource({
    ...{ paths: [], apps: inputs?.map(name => `app/${name}`) ?? ['app'], runtime },
    simulation: { ...DEFAULT_SIMULATION, nodes }
  })
  const { blocks } = interpretCorefile(COREFILE, 'Corefile', {
    ...{ files, environment: {}, knownDirectives: directives }
  })
  const app = await App.create({
    ...{ blocks, runtime, build: { version: 'test', revision: '' }, offline: true },
    clusterSource: () => ({ key: 'test', make: () => source })
  })
  const stanzas = await app.load()
  await app.discard()
  const objects = [...source.objects()]
  const plane = source.controlPlane
  const beyond = beyondOf(plane === undefined ? [] : [plane])
  const shown = (word: string): Resource[] => resourcesOf(kindsOf(word)?.[0] as Kind, objects, beyond)
  const services = new Map(shown('svc').map(each => [`${each.namespace}/${each.name}`, each]))
  const service = (name: string): Resource => {
    const found = services.get(name)
    if (found === undefined) throw new Error(`labdns get svc doesn't show ${name}`)
    return found
  }
  return {
    log: log.lines,
    ask(name, type) {
      const asked = encodeName(name)
      const answer = stanzas[0]?.ask(asked, rtypeNumber(type) ?? 0)
      if (answer === undefined || answer instanceof Promise)
        throw new Error(`${name}: nobody answers at once`)
      const message = readMessage(answer.octets.subarray(0, answer.length))
      if (message === undefined) throw new Error(`${name}: the answer can't be read`)
      // The listener writes the header.
      if (answer.rcode !== Rcode.NOERROR) return [rcodeName(answer.rcode)]
      const data = message.answers
        .filter(each => sameName(each.name, asked))
        .map(each => formatRdata(each.rtype, each.rdata))
      return data.length === 0 ? ['NODATA'] : data.sort()
    },
    names: () =>
      [...rowsOf(stanzas, objects, { zone: undefined, namespace: undefined })]
        .map(({ name, ttl, type, data }) => `${name} ${ttl} ${type} ${data}`)
        .filter(line => !line.includes(' SOA ')),
    clusterIPs(name) {
      const { spec } = service(name).manifest() as { spec: { clusterIPs?: string[] } }
      return spec.clusterIPs ?? []
    },
    serviceCell: (name, column) => service(name).cells()[column] ?? '',
    pods: prefix =>
      [...(plane?.pods() ?? [])]
        .filter(({ pod }) => `${pod.namespace}/${pod.name}`.startsWith(prefix))
        .sort((a, b) => (a.pod.name < b.pod.name ? -1 : 1))
  }
}

/** The name under which an address is asked for. */
export function reverseName(address: string): string {
  const parsed = ipaddr.parse(address)
  if (parsed instanceof ipaddr.IPv4) return `${[...parsed.octets].reverse().join('.')}.in-addr.arpa.`
  const nibbles = parsed.parts.map(part => part.toString(16).padStart(4, '0')).join('')
  return `${Array.from(nibbles).reverse().join('.')}.ip6.arpa.`
}
