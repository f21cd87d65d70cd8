// The lab of test/fixtures/explain/lab.yaml behind a Corefile, asked in process.
import { readFileSync } from 'node:fs'
import { ManifestSource } from '../../src/cluster/manifests/manifest-source.ts'
import type { ClusterSource } from '../../src/cluster/source.ts'
import type { Engine } from '../../src/embed/engine.ts'
import { systemClock, type Clock } from '../../src/runtime/clock.ts'
import { fakeFiles } from '../support/fake-files.ts'
import { decodeText, queryWire, type QueryFields, type ResponseText } from '../support/messages.ts'
import { engineOf, testRuntime } from '../support/running-app.ts'

export const LAB = new URL('../../../test/fixtures/explain/lab.yaml', import.meta.url)

export interface Lab {
  ask(name: string, type?: string, fields?: QueryFields): Promise<ResponseText>
  /** The extended error, `0 text`; empty without one. */
  why(name: string, type?: string, fields?: QueryFields): Promise<string>
  /** The strings of each TXT record for `explain.NAME`. */
  text(name: string, fields?: QueryFields): Promise<string[]>
  /** The response's octets. */
  octets(name: string, type?: string, fields?: QueryFields): Promise<Buffer>
  close(): Promise<void>
}

export interface LabOptions {
  /** False: the source never says that it has told everything, nor anything at all. */
  readonly isLoaded?: boolean
  /** The machine's own without it. */
  readonly clock?: Clock
}

export async function lab(
  corefile: string,
  { isLoaded = true, clock = systemClock }: LabOptions = {}
): Promise<Lab> {
  const runtime = testRuntime({ clock, files: fakeFiles({ '/lab/lab.yaml': readFileSync(LAB, 'utf8') }) })
  const source = new ManifestSource({ paths: [], apps: ['/lab'], runtime })
  const engine = await engineOf(corefile, isLoaded ? source : UNLOADED, runtime)
  return {
    ask: (name, type, fields) => ask(engine, name, type, fields),
    why: async (name, type, fields) => reasonIn(await ask(engine, name, type, { edns: 1232, ...fields })),
    text: async (name, fields) => {
      const { answer } = await ask(engine, `explain.${name}`, 'TXT', { rclass: 'CH', ...fields })
      return answer.map(record => record.replace(/^\S+ 0 TXT /, '').replaceAll(/"(?: ")?/g, ''))
    },
    octets: (name, type, fields) => octets(engine, name, type, fields),
    close: () => engine.close()
  }
}

const UNLOADED: ClusterSource = {
  subscribe: () => () => undefined,
  start: () => Promise.resolve(),
  close: () => Promise.resolve()
}

async function ask(engine: Engine, name: string, type?: string, fields?: QueryFields): Promise<ResponseText> {
  return decodeText(await octets(engine, name, type, fields))
}

async function octets(engine: Engine, name: string, type = 'A', fields: QueryFields = {}): Promise<Buffer> {
  const { transport = 'udp', from = '192.0.2.7' } = fields
  const wire = await engine.respond(queryWire(name, type, fields), transport, { address: from, port: 4711 })
  if (!Buffer.isBuffer(wire)) throw new Error('no response')
  return wire
}

/** `0 text`, from the options of an OPT. */
export function reasonIn({ edns }: ResponseText): string {
  const option = edns?.options.find(each => each.startsWith('15:'))
  if (option === undefined) return ''
  const data = Buffer.from(option.slice(3), 'hex')
  return `${data.readUInt16BE(0)} ${data.toString('utf8', 2)}`.trimEnd()
}
