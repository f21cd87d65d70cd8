// A block that forwards to scripted upstreams on loopback, with a clock that only moves when told to.
import type { PluginDefinition, Shared } from '../../../src/plugins/definition.ts'
import { setupBlocks } from '../../support/blocks.ts'
import { ScriptedUpstream, type Script } from '../../support/scripted-upstream.ts'

export interface Test {
  teardown(task: () => unknown): void
}

/** `lines` name the upstreams as `@0`, `@1`, …, with a script for each. Ended at the test's end, until which the process stays. */
export async function forwardingBlock(
  t: Test,
  lines: string,
  scripts: readonly Script[],
  plugins: readonly PluginDefinition[],
  shared: Shared
) {
  const servers = await Promise.all(scripts.map(script => ScriptedUpstream.open(script)))
  const text = lines.replace(/@(\d)/g, (_, at: string) => servers[Number(at)]!.text)
  const [block] = setupBlocks(`.:53 {\n${text}\n}`, plugins, shared)
  await block!.start()
  const alive = setInterval(() => undefined, 1000)
  t.teardown(async () => {
    clearInterval(alive)
    await block!.stop()
    await Promise.all(servers.map(server => server.close()))
  })
  return { block: block!, servers }
}
