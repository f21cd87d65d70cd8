// The `bufsize` directive.
import { withPluginName, type Dispenser } from '../../corefile/dispenser.ts'
import type { CorefileError } from '../../corefile/position.ts'
import { parseInteger } from '../../corefile/values.ts'
import type { PluginDefinition } from '../definition.ts'
import { Bufsize } from './bufsize.ts'

const OCTETS_DEFAULT = 1232
const OCTETS_MIN = 512
const OCTETS_MAX = 4096

export const bufsizePlugin: PluginDefinition = {
  name: 'bufsize',
  setup(c) {
    c.next()
    const words = c.remainingTokens()
    const [word] = words
    if (word === undefined) return new Bufsize(OCTETS_DEFAULT)
    const parsed = parseInteger(word.text)
    if (words.length > 1 || parsed.error !== undefined) throw wrong(c)
    if (parsed.value < OCTETS_MIN || parsed.value > OCTETS_MAX) throw wrong(c)
    return new Bufsize(parsed.value)
  }
}

/** CoreDNS prints the plugin's name twice here. */
function wrong(c: Dispenser): CorefileError {
  return withPluginName(c.argErr(`bufsize takes one number from ${OCTETS_MIN} to ${OCTETS_MAX}`), 'bufsize')
}
