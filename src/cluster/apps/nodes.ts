// The simulated nodes: `node-1` and so on, in the network that kind and Docker use, or another where the cluster's own
// ranges need that one.
import type { AddressFamily } from './app-objects.ts'
import { AddressRange } from './addresses.ts'

/** A node's network; load balancers have a part of their own in it. */
interface Network {
  readonly nodes: string
  readonly balancers: string
}

const NETWORKS: { readonly [F in AddressFamily]: readonly Network[] } = {
  IPv4: [
    { nodes: '172.18.0.0/17', balancers: '172.18.128.0/17' },
    { nodes: '192.168.0.0/17', balancers: '192.168.128.0/17' },
    { nodes: '172.31.0.0/17', balancers: '172.31.128.0/17' },
    { nodes: '10.255.0.0/17', balancers: '10.255.128.0/17' }
  ],
  IPv6: [
    { nodes: 'fd00:172:18::/112', balancers: 'fd00:172:18:1::/112' },
    { nodes: 'fd00:192:168::/112', balancers: 'fd00:192:168:1::/112' },
    { nodes: 'fdff:172:18::/112', balancers: 'fdff:172:18:1::/112' },
    { nodes: 'fdff:192:168::/112', balancers: 'fdff:192:168:1::/112' }
  ]
}

/** As many as the networks have addresses for, and far more than anybody simulates. */
const NODES_MAX = 10_000

export class Nodes {
  readonly count: number
  readonly #networks = new Map<AddressFamily, { nodes: AddressRange; balancers: AddressRange }>()

  /** `ranges`: those of Services and Pods, to stay out of. */
  constructor(count: number, families: readonly AddressFamily[], ranges: readonly AddressRange[]) {
    this.count = Math.min(Math.max(1, count), NODES_MAX)
    for (const family of families) {
      const networks = NETWORKS[family].map(network => ({
        nodes: new AddressRange(network.nodes),
        balancers: new AddressRange(network.balancers)
      }))
      // A cluster that uses them all has nodes in the first one; addresses then depend on who asks first.
      const free = networks.find(network =>
        ranges.every(range => !range.overlaps(network.nodes) && !range.overlaps(network.balancers))
      )
      this.#networks.set(family, free ?? (networks[0] as (typeof networks)[0]))
    }
  }

  /** Families that nodes have addresses in. */
  get families(): AddressFamily[] {
    return [...this.#networks.keys()]
  }

  /** The name of a node, from 0. */
  name(node: number): string {
    return `node-${(node % this.count) + 1}`
  }

  /** The address of a node, from 0: `172.18.0.2` is the first. */
  address(node: number, family: AddressFamily): string | undefined {
    return this.#networks.get(family)?.nodes.at((node % this.count) + 2)
  }

  /** Where load balancers get their addresses: `172.18.128.0/17` and `fd00:172:18:1::/112`. */
  balancers(family: AddressFamily): AddressRange | undefined {
    return this.#networks.get(family)?.balancers
  }
}
