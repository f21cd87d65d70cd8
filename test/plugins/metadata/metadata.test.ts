import t from 'tap'
import type { Plugin } from '../../../src/dns/plugin.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import type { PluginDefinition } from '../../../src/plugins/definition.ts'
import { metadataPlugin } from '../../../src/plugins/metadata/setup.ts'
import { logPlugin } from '../../../src/plugins/log/setup.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { makeQuery } from '../../support/messages.ts'

/** Publishes the name's first label, and what shows later. */
const publisher: Plugin = {
  name: 'whoami',
  publish: (query, metadata) => void metadata.set('test/first', query.wire.toString('latin1', 13, 14)),
  answer(query) {
    query.metadata?.set('test/later', 'yes')
    return Object.assign(emptyAnswer(query, 0), { byServer: false })
  }
}
const whoami: PluginDefinition = {
  name: 'whoami',
  setup(c) {
    while (c.next());
    return publisher
  }
}

const cases: readonly (readonly [metadata: string, name: string, line: string])[] = [
  ['metadata', 'a.org', 'a yes success'],
  ['metadata org', 'b.org', 'b yes success'],
  ['metadata org', 'b.net', '- yes success'],
  ['', 'a.org', '- - -']
]

for (const [metadata, name, line] of cases) {
  t.test(`${metadata}: ${name}`, async t => {
    const runtime = testRuntime()
    const corefile = `.:53 {\n ${metadata}\n log . "{/test/first} {/test/later} {/log/class}"\n whoami\n}\n`
    const [block] = setupBlocks(corefile, [metadataPlugin, logPlugin, whoami], testShared(runtime))
    await block!.start()
    await block!.chain.answer(makeQuery(name, 'A'))
    t.same(runtime.log.lines, [`[INFO] ${line}`])
  })
}
