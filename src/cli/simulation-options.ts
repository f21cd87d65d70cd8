// What the command line says of the control plane that `--apps` simulates: ranges of addresses, and nodes.
import type { AddressFamily } from '../cluster/apps/app-objects.ts'
import { DEFAULT_SIMULATION, type SimulationOptions } from '../cluster/apps/simulated.ts'
import { parseCidr, parseIp, type Cidr } from '../corefile/addresses.ts'
import { CorefileError } from '../corefile/position.ts'
import type { ServeArguments } from './arguments.ts'

/** More nodes than a cluster can have (Kubernetes documentation, "Considerations for large clusters"). */
const NODES_MAX = 5000

/** The longest prefixes that leave room for a cluster of some size, and the shortest that an API server takes. */
const PREFIXES = {
  '--service-cidr': { IPv4: [12, 29], IPv6: [108, 125] },
  '--pod-cidr': { IPv4: [8, 24], IPv6: [32, 112] }
} as const

type CidrOption = keyof typeof PREFIXES
type Ranges = Partial<Record<AddressFamily, Cidr>>

/** Reads `--service-cidr`, `--pod-cidr` and `--nodes`. A family that is not named keeps its default. Throws CorefileError. */
export function simulationOptions(
  args: Pick<ServeArguments, 'serviceCidr' | 'podCidr' | 'nodes'>
): SimulationOptions {
  const services = ranges('--service-cidr', args.serviceCidr, DEFAULT_SIMULATION.serviceCidrs)
  const pods = ranges('--pod-cidr', args.podCidr, DEFAULT_SIMULATION.podCidrs)
  for (const family of ['IPv4', 'IPv6'] as const) refuseOverlap(services[family], pods[family])
  return { serviceCidrs: texts(services), podCidrs: texts(pods), nodes: nodes(args.nodes) }
}

function ranges(
  option: CidrOption,
  given: readonly string[],
  defaults: { readonly [F in AddressFamily]?: string }
): Ranges {
  const found: Ranges = {}
  for (const word of given.flatMap(each => each.split(','))) {
    const text = word.trim()
    const range = readRange(option, text)
    const family = familyOf(range)
    const other = found[family]
    if (other !== undefined) {
      throw bad(`${option}: ${other.text} and ${range.text} are both ${family}; give one range a family`)
    }
    found[family] = range
  }
  for (const family of ['IPv4', 'IPv6'] as const) {
    const text = defaults[family]
    if (found[family] === undefined && text !== undefined) found[family] = parseCidr(text) as Cidr
  }
  return found
}

function readRange(option: CidrOption, text: string): Cidr {
  const range = parseCidr(text)
  if (range === undefined) {
    const hint = parseIp(text) === undefined ? '' : `: ${text} has no prefix length`
    throw bad(`${option} ${text}: expected a range such as ${EXAMPLES[option]}${hint}`)
  }
  const [address = ''] = text.split('/')
  const isNetwork = parseIp(address)?.octets.every((octet, at) => octet === range.octets[at]) ?? false
  if (!isNetwork) throw bad(`${option} ${text}: is an address inside of ${range.text}; write ${range.text}`)
  const [shortest, longest] = PREFIXES[option][familyOf(range)]
  if (range.bits < shortest || range.bits > longest) {
    const size = range.bits < shortest ? 'large' : 'small'
    throw bad(`${option} ${text}: is too ${size}; expected a prefix from /${shortest} to /${longest}`)
  }
  return range
}

const EXAMPLES: Readonly<Record<CidrOption, string>> = {
  '--service-cidr': '10.96.0.0/12 or fd00:10:96::/112',
  '--pod-cidr': '10.244.0.0/16 or fd00:10:244::/56'
}

function refuseOverlap(services: Cidr | undefined, pods: Cidr | undefined): void {
  if (services === undefined || pods === undefined) return
  const [wide, narrow] = services.bits < pods.bits ? [services, pods] : [pods, services]
  const inside = parseCidr(`${narrow.text.split('/')[0] ?? ''}/${wide.bits}`)
  if (inside?.text !== wide.text) return
  throw bad(
    `--service-cidr ${services.text} and --pod-cidr ${pods.text} overlap: an address would belong to both; move one of them`
  )
}

function nodes(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SIMULATION.nodes
  const count = Number(text)
  if (!/^\d{1,6}$/.test(text) || count < 1 || count > NODES_MAX) {
    throw bad(`--nodes ${text}: expected a number from 1 to ${NODES_MAX}`)
  }
  return count
}

const familyOf = (range: Cidr): AddressFamily => (range.octets.length === 4 ? 'IPv4' : 'IPv6')

const texts = (found: Ranges): { [F in AddressFamily]?: string } =>
  Object.fromEntries(Object.entries(found).map(([family, range]) => [family, range.text]))

const bad = (message: string): CorefileError => new CorefileError('BAD_VALUE', message)
