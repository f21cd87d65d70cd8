// The `loop` directive: no arguments, no options.
import type { PluginDefinition } from '../definition.ts'
import { warnNotInUse } from '../pass-through.ts'
import { Loop } from './loop.ts'

export const loopPlugin: PluginDefinition = {
  name: 'loop',
  setup(c, context) {
    let occurrences = 0
    while (c.next()) {
      if (occurrences++ > 0) throw c.onceErr()
      if (c.nextArg()) throw c.argErr('loop takes no arguments')
    }
    warnNotInUse(context, 'loop', 'a forwarding loop is not detected')
    return new Loop()
  }
}
