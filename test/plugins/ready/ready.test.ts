import t from 'tap'
import type { PluginDefinition } from '../../../src/plugins/definition.ts'
import { readyPlugin } from '../../../src/plugins/ready/setup.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'

/** Plugins that say whether they are ready. */
function slow(name: string) {
  const state = { ready: false, asked: 0 }
  const definition: PluginDefinition = {
    name,
    setup: (_c, context) => {
      context.readiness(() => {
        state.asked++
        return state.ready
      })
      return undefined
    }
  }
  return { state, definition }
}

async function started(text: string, ...plugins: PluginDefinition[]) {
  const runtime = testRuntime()
  const blocks = setupBlocks(text, [readyPlugin, ...plugins], testShared(runtime))
  for (const block of blocks) await block.start()
  return { runtime, blocks, ask: () => runtime.http.ask(':8181', '/ready') }
}

t.test('is ready when nobody has anything to say', async t => {
  const { ask, runtime } = await started('.:53 {\n ready\n}')
  t.equal(await ask(), '200 OK')
  t.equal(await runtime.http.ask(':8181', '/'), '404 404 page not found\n')
})

t.test('waits for every plugin of every block with ready, and logs who is missing', async t => {
  const kubernetes = slow('kubernetes')
  const erratic = slow('erratic')
  const unasked = slow('nomad')
  const text = 'a:53 {\n ready\n kubernetes\n}\nb:53 {\n ready\n erratic\n}\nc:53 {\n nomad\n}'
  const { ask, runtime } = await started(text, kubernetes.definition, erratic.definition, unasked.definition)
  t.equal(await ask(), '503 erratic,kubernetes')
  erratic.state.ready = true
  t.equal(await ask(), '503 kubernetes')
  kubernetes.state.ready = true
  t.equal(await ask(), '200 OK')
  t.same(runtime.log.lines, [
    '[INFO] plugin/ready: Plugins not ready: "erratic,kubernetes"',
    '[INFO] plugin/ready: Plugins not ready: "kubernetes"'
  ])
  kubernetes.state.ready = false
  const { asked } = kubernetes.state
  t.equal(await ask(), '200 OK', 'who was ready once is not asked again')
  t.equal(kubernetes.state.asked, asked)
})

t.test('monitor continuously asks each time; the last block decides', async t => {
  const kubernetes = slow('kubernetes')
  const text = 'a:53 {\n ready\n kubernetes\n}\nb:53 {\n ready {\n monitor continuously\n }\n}'
  const { ask } = await started(text, kubernetes.definition)
  kubernetes.state.ready = true
  t.equal(await ask(), '200 OK')
  kubernetes.state.ready = false
  t.equal(await ask(), '503 kubernetes')
})

t.test('one plugin in two blocks is ready when it is ready in both', async t => {
  const states = [false, false]
  let made = 0
  const kubernetes: PluginDefinition = {
    name: 'kubernetes',
    setup: (_c, context) => {
      const at = made++
      context.readiness(() => states[at]!)
      return undefined
    }
  }
  const { ask } = await started('a:53 {\n ready\n kubernetes\n}\nb:53 {\n ready\n kubernetes\n}', kubernetes)
  states[1] = true
  t.equal(await ask(), '503 kubernetes')
  states[0] = true
  t.equal(await ask(), '200 OK')
})

t.test('says what is missing below the names, and what is degraded below OK', async t => {
  const state = { ready: false, words: ['no route to host', 'no route to host', 'a list is slow'] }
  const kubernetes: PluginDefinition = {
    name: 'kubernetes',
    setup: (_c, context) => {
      context.readiness(
        () => state.ready,
        () => state.words
      )
      return undefined
    }
  }
  const { ask, runtime } = await started('a:53 {\n ready\n kubernetes\n}', kubernetes)
  t.equal(await ask(), '503 kubernetes\nkubernetes: no route to host\nkubernetes: a list is slow')
  t.same(runtime.log.lines, ['[INFO] plugin/ready: Plugins not ready: "kubernetes"'], 'as in CoreDNS')
  state.ready = true
  t.equal(await ask(), '200 OK\ndegraded:\nkubernetes: no route to host\nkubernetes: a list is slow')
  state.words = []
  t.equal(await ask(), '200 OK')
})

t.test('closes at shutdown', async t => {
  const { ask, blocks } = await started('.:53 {\n ready\n}')
  await blocks[0]!.stop()
  t.equal(await ask(), 'refused')
})

t.test('an address that cannot be had does not end the start', async t => {
  const { runtime } = await started('.:53 {\n ready :99999\n}')
  t.same(runtime.log.lines, [
    '[WARNING] labdns: plugin/ready is not served: listen tcp: address 99999: invalid port'
  ])
})
