// The `loadbalance` directive. Its words are taken as they are until the plugin does something with them.
import type { PluginDefinition } from '../definition.ts'
import { skipBlock, warnNotInUse } from '../pass-through.ts'
import { Loadbalance } from './loadbalance.ts'

const POLICIES: readonly string[] = ['round_robin', 'weighted']

export const loadbalancePlugin: PluginDefinition = {
  name: 'loadbalance',
  setup(c, context) {
    while (c.next()) {
      const [policy, ...rest] = c.remainingTokens()
      if (policy !== undefined && !POLICIES.includes(policy.text)) {
        throw c.bareErr(
          `unknown policy: ${policy.text}`,
          `loadbalance knows ${POLICIES.join(' and ')}`,
          policy
        )
      }
      if (policy?.text === 'round_robin' && rest.length > 0) throw c.errf('unknown property for round_robin')
      if (policy?.text === 'weighted' && rest.length === 0) throw c.errf('missing weight file argument')
      if (rest.length > 1) throw c.errf('unexpected argument(s)')
      skipBlock(c)
    }
    warnNotInUse(context, 'loadbalance', 'records are answered in the order in which they come')
    return new Loadbalance()
  }
}
