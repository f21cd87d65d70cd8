// A *kubernetes* stanza over objects in memory, asked without a server.
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import type { ClusterIndex } from '../../../src/cluster/index/cluster-index.ts'
import type { Answer } from '../../../src/dns/answer.ts'
import type { Plugin } from '../../../src/dns/plugin.ts'
import type { InternalLookup, PluginDefinition } from '../../../src/plugins/definition.ts'
import { sentencesOf } from '../../../src/explain/words.ts'
import { Kubernetes } from '../../../src/plugins/kubernetes/kubernetes.ts'
import { kubernetesPlugin } from '../../../src/plugins/kubernetes/setup.ts'
import { lastHandler, setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { makeQuery, responseText, type QueryFields, type ResponseText } from '../../support/messages.ts'

export interface Served {
  readonly source: MemorySource
  readonly plugin: Kubernetes
  readonly index: ClusterIndex
  /** How many queries came to the end of the chain. */
  readonly fellThrough: () => number
  readonly raw: (name: string, type?: string, fields?: QueryFields) => Promise<Answer>
  readonly ask: (name: string, type?: string, fields?: QueryFields) => Promise<ResponseText>
  /** The rule, and what it says in words. */
  readonly why: (name: string, type?: string) => Promise<readonly [string | undefined, string | undefined]>
}

export interface ServedOptions {
  /** Plugins beside kubernetes, and their lines. */
  readonly more?: readonly PluginDefinition[]
  readonly lines?: string
  readonly isSynced?: boolean
  readonly lookup?: InternalLookup
}

/** `stanza` is what follows the word `kubernetes`. */
export async function serve(
  stanza: string,
  objects: readonly ClusterObject[],
  options: ServedOptions = {}
): Promise<Served> {
  const source = new MemorySource()
  for (const object of objects) source.put(object)
  const shared = testShared(testRuntime(), {
    clusterSource: () => ({ key: 'test', make: () => source }),
    ...(options.lookup === undefined ? {} : { lookup: options.lookup })
  })
  let ended = 0
  const last = {
    answer: (query: Parameters<typeof lastHandler.answer>[0]) => (ended++, lastHandler.answer(query))
  }
  const text = `.:53 {\n${options.lines ?? ''}\nkubernetes ${stanza}\n}\n`
  const [block] = setupBlocks(text, [kubernetesPlugin, ...(options.more ?? [])], shared, last)
  if (options.isSynced !== false) await shared.clusters.start()
  const plugin = block!.plugins.find((one: Plugin): one is Kubernetes => one instanceof Kubernetes)!
  const raw = async (name: string, type = 'A', fields: QueryFields = {}) =>
    await block!.chain.answer(makeQuery(name, type, fields))
  return {
    source,
    plugin,
    index: plugin.index,
    fellThrough: () => ended,
    raw,
    ask: async (name, type = 'A', fields = {}) => {
      const query = makeQuery(name, type, fields)
      return responseText(query, await block!.chain.answer(query))
    },
    why: async (name, type = 'A') => {
      const query = makeQuery(name, type)
      const { reason } = await block!.chain.answer(query)
      return [reason?.rule, reason === undefined ? undefined : sentencesOf(reason.explain(query))[0]]
    }
  }
}
