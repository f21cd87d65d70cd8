// `explain { net SOURCE... }`, a plugin of labdns's own.
import type { Cidr } from '../../corefile/addresses.ts'
import { NetworkSet } from '../../wire/network-set.ts'
import { clusterViews } from '../cluster-view.ts'
import type { PluginDefinition } from '../definition.ts'
import { readNetwork } from '../network-words.ts'
import { Explain } from './explain.ts'

export const explainPlugin: PluginDefinition = {
  name: 'explain',
  setup(c, context) {
    let networks: Cidr[] | undefined
    for (let occurrences = 0; c.next(); occurrences++) {
      if (occurrences > 0) throw c.onceErr()
      if (c.remainingTokens().length > 0) throw c.argErr('explain takes no arguments')
      while (c.nextBlock()) {
        if (c.val() !== 'net') throw c.unknownProperty(['net'])
        const words = c.remainingTokens()
        if (words.length === 0) throw c.argErr('net needs an address or a network, as in net 10.0.0.0/8')
        networks = [...(networks ?? []), ...words.map(word => readNetwork(c, word))]
      }
    }
    return new Explain({
      networks: networks === undefined ? undefined : new NetworkSet(networks),
      passesClasses: ['forward', 'chaos'].some(name => context.directives.includes(name)),
      views: clusterViews(context)
    })
  }
}
