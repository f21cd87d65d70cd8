// The messages that a running CoreDNS was seen to end with, by plugin (test/fixtures/corefile/bad-input.json).
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { PluginDefinition } from '../../src/plugins/definition.ts'
import { setupMessage } from './blocks.ts'

interface Recorded {
  readonly id: string
  readonly corefile: string
  /** Absent when it kept running. */
  readonly error?: string
}

/** Sets up every recorded mistake of a plugin and compares the message. `count`: how many there are at least. */
export function compareErrors(t: Test, definition: PluginDefinition, count: number): void {
  const file = new URL('../../../test/fixtures/corefile/bad-input.json', import.meta.url)
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Recorded[] }
  const ours = cases.filter(({ id }) => new RegExp(`^${definition.name}-\\d+$`).test(id))
  t.ok(ours.length >= count, `${ours.length} recorded`)
  for (const { id, corefile, error = '' } of ours) {
    const stanza = corefile.slice(corefile.indexOf('\n') + 1, corefile.lastIndexOf('}')).trim()
    // The folder of the recorded Corefile stands in paths; the test's files have none.
    const expected = error.replace(`plugin/${definition.name}: `, '').replace('@DIR@/Corefile', 'Corefile')
    t.equal(setupMessage(stanza.replaceAll('@DIR@/', ''), definition), expected.replaceAll('@DIR@/', ''), id)
  }
}
