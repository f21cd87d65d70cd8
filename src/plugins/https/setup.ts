// The `https` directive: limits of `https://` keys. It answers nothing itself.
import type { Dispenser } from '../../corefile/dispenser.ts'
import { parseInteger } from '../../corefile/values.ts'
import type { PluginDefinition } from '../definition.ts'

export const httpsPlugin: PluginDefinition = {
  name: 'https',
  setup(c, context) {
    c.next()
    if (c.remainingArgs().length > 0) throw c.argErr('https takes a block: max_connections')
    let connectionsMax: number | undefined
    while (c.nextBlock()) {
      if (c.val() !== 'max_connections') throw c.unknownProperty(['max_connections'])
      const read = readCount(c)
      if (connectionsMax !== undefined) {
        throw c.errf('max_connections already defined for this server block')
      }
      connectionsMax = read
    }
    if (connectionsMax !== undefined) context.limitStreams({ connectionsMax })
    return undefined
  }
}

function readCount(c: Dispenser): number {
  const words = c.remainingArgs()
  const [word] = words
  if (word === undefined || words.length > 1) throw c.argErr()
  const parsed = parseInteger(word)
  if (parsed.error !== undefined) throw c.errf(`invalid max_connections value '${word}': ${parsed.error}`)
  if (parsed.value < 0) throw c.errf(`max_connections must be a non-negative integer: ${parsed.value}`)
  return parsed.value
}
