// The `nsid` directive.
import { systemHostName } from '../../runtime/host-name.ts'
import type { PluginDefinition } from '../definition.ts'
import { Nsid } from './nsid.ts'

/** The directive on a machine of this name. */
export function nsidOn(hostName: () => string): PluginDefinition {
  return {
    name: 'nsid',
    setup(c) {
      let text = hostName()
      for (let occurrences = 0; c.next(); occurrences++) {
        if (occurrences > 0) throw c.onceErr()
        const words = c.remainingArgs()
        if (words.length > 0) text = words.join(' ')
      }
      return new Nsid(text)
    }
  }
}

export const nsidPlugin: PluginDefinition = nsidOn(systemHostName)
