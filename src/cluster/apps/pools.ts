// The address pools of a simulated cluster, from its options.
import { AddressPool, AddressRange } from './addresses.ts'
import type { AddressFamily } from './app-objects.ts'
import { Nodes } from './nodes.ts'
import type { SimulationOptions } from './simulated.ts'

const FAMILIES: readonly AddressFamily[] = ['IPv4', 'IPv6']

type PoolOfFamily = ReadonlyMap<AddressFamily, AddressPool>

/** The cluster's default family comes first. Throws RangeError for a range that is none. */
export function poolsOf(options: SimulationOptions): {
  readonly services: PoolOfFamily
  readonly pods: PoolOfFamily
  readonly balancers: PoolOfFamily
  readonly nodes: Nodes
} {
  const services = new Map<AddressFamily, AddressPool>()
  const pods = new Map<AddressFamily, AddressPool>()
  for (const family of FAMILIES) {
    const { [family]: serviceCidr } = options.serviceCidrs
    if (serviceCidr !== undefined) {
      const range = new AddressRange(serviceCidr)
      services.set(family, new AddressPool(range, staticBand(range.size)))
    }
    const { [family]: podCidr } = options.podCidrs
    if (podCidr !== undefined) pods.set(family, new AddressPool(new AddressRange(podCidr)))
  }
  const ranges = [...services.values(), ...pods.values()].map(pool => pool.range)
  const nodes = new Nodes(options.nodes, [...pods.keys()], ranges)
  const balancers = new Map<AddressFamily, AddressPool>()
  for (const family of nodes.families) {
    const range = nodes.balancers(family)
    if (range !== undefined) balancers.set(family, new AddressPool(range))
  }
  return { services, pods, balancers, nodes }
}

/** Addresses at the beginning of a Service range that are left to those who state one: 16 to 256, as Kubernetes does. */
function staticBand(size: number): number {
  if (size <= 16) return 0
  return Math.min(Math.max(16, Math.floor(size / 16)), 256)
}
