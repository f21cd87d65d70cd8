// `multisocket [NUM_SOCKETS]` (corefile-and-plugins.md §8.40): read and checked. One Node process reads its sockets in one
// thread, so more of them would only spread clients over queues that one reader empties.
import { CorefileError } from '../../corefile/position.ts'
import { parseInteger } from '../../corefile/values.ts'
import type { PluginDefinition } from '../definition.ts'

const SOCKETS_MAX = 1024

export const multisocketPlugin: PluginDefinition = {
  name: 'multisocket',
  setup(c) {
    c.next()
    const [text, ...more] = c.remainingTokens()
    if (more.length > 0 || c.next()) throw c.argErr()
    if (text === undefined) return undefined
    const fail = (message: string) =>
      new CorefileError('BAD_VALUE', message, text.at, `a number from 1 to ${SOCKETS_MAX}`)
    const parsed = parseInteger(text.text)
    if (parsed.error !== undefined) throw fail(`invalid num sockets: ${parsed.error}`)
    if (parsed.value < 1) throw fail(`num sockets can not be zero or negative: ${parsed.value}`)
    if (parsed.value > SOCKETS_MAX)
      throw fail(`num sockets exceeds maximum (${SOCKETS_MAX}): ${parsed.value}`)
    return undefined
  }
}
