// The examples in the plugins' manuals are Corefiles that can be set up as they stand.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { bindOn } from '../../src/plugins/bind/setup.ts'
import { directives, loadPlugins } from '../../src/plugins/order.ts'
import { MemorySource } from '../support/memory-source.ts'
import { setupBlocks, testRuntime, testShared } from '../support/blocks.ts'

const definitions = [...(await loadPlugins(directives)).values()]

const folder = new URL('../../../src/plugins/', import.meta.url)
const bind = bindOn(() => new Map([['lo', ['127.0.0.1', '::1']]]))
const pem = (name: string) =>
  readFileSync(new URL(`../../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
const files = {
  '/etc/resolv.conf': 'nameserver 192.0.2.1\n',
  '/etc/labdns/tls.crt': pem('cert'),
  '/etc/labdns/tls.key': pem('key')
}
const clusterSource = () => ({ key: 'test', make: () => new MemorySource() })
const known = definitions.map(definition => (definition.name === 'bind' ? bind : definition))

for (const plugin of readdirSync(folder, { withFileTypes: true })) {
  if (!plugin.isDirectory()) continue
  t.test(plugin.name, async t => {
    const manual = readFileSync(new URL(`${plugin.name}/README.md`, folder), 'utf8')
    const examples = [...manual.matchAll(/^```corefile\n([^]*?)^```$/gm)].map(match => match[1]!)
    t.ok(examples.length > 0, 'has examples')
    for (const example of examples) {
      const runtime = testRuntime(files)
      const [block] = setupBlocks(example, known, testShared(runtime, { clusterSource }))
      t.ok(block!.context.directives.includes(plugin.name), 'and they show the plugin')
      await block!.start()
      const stopped = block!.stop()
      await new Promise(setImmediate)
      runtime.clock.advance(60_000) // health's lameduck
      await stopped
    }
  })
}
