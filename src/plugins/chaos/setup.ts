// The `chaos` directive.
import { systemHostName } from '../../runtime/host-name.ts'
import type { PluginDefinition } from '../definition.ts'
import { Chaos } from './chaos.ts'

/** Who `authors.bind` names where the line names nobody. */
const AUTHORS = ['the labdns authors']

/** The directive on a machine of this name. */
export function chaosOn(hostName: () => string): PluginDefinition {
  return {
    name: 'chaos',
    setup(c, context) {
      c.next()
      const [version, ...authors] = c.remainingArgs()
      if (c.nextBlock()) throw c.unknownProperty([])
      // Further lines are not looked at, as in CoreDNS.
      return new Chaos(
        {
          version: version ?? `labdns-${context.build.version}`,
          authors: authors.length === 0 ? AUTHORS : [...new Set(authors)].sort(),
          hostName: hostName()
        },
        context.runtime.random
      )
    }
  }
}

export const chaosPlugin: PluginDefinition = chaosOn(systemHostName)
