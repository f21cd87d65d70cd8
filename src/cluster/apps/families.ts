// Which address families a Service has: the API server's rules for ipFamilies, ipFamilyPolicy and clusterIPs
// (Kubernetes documentation, "IPv4/IPv6 dual-stack", "Services").
import { addressFamily } from '../values.ts'
import type { AddressFamily, AppService } from './app-objects.ts'

/** Families in order, or what the API server says against the Service. */
export type Families =
  { readonly families: readonly AddressFamily[]; readonly problem?: undefined } | { readonly problem: string }

/** `available`: the cluster's families, its default first. */
export function familiesOf(service: AppService, available: readonly AddressFamily[]): Families {
  const { ipFamilyPolicy: stated, selector } = service
  const headless = isHeadless(service)
  const withoutSelector = selector === undefined || Object.keys(selector).length === 0
  const policy = stated ?? (headless && withoutSelector ? 'RequireDualStack' : 'SingleStack')
  const clusterIPs = headless ? [] : service.clusterIPs
  const families = [...service.ipFamilies]
  if (policy === 'SingleStack') {
    const several = clusterIPs.length > 1 ? 'cluster IPs' : families.length > 1 ? 'IP families' : undefined
    if (several !== undefined) {
      const must = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${several} are specified`
      return { problem: `spec.ipFamilyPolicy: Invalid value: "SingleStack": ${must}` }
    }
  }
  for (const [index, address] of clusterIPs.entries()) {
    const family = addressFamily(address) ?? 'IPv4'
    const wanted = families[index]
    if (wanted === undefined) {
      if (!available.includes(family)) {
        const at = `spec.clusterIPs[${index}]: Invalid value: ${JSON.stringify(clusterIPs)}`
        return { problem: `${at}: ${family} is not configured on this cluster` }
      }
      families.push(family)
    } else if (wanted !== family) {
      const at = `spec.clusterIPs[${index}]: Invalid value: ${JSON.stringify(address)}`
      return { problem: `${at}: expected an ${wanted} value as indicated by \`ipFamilies[${index}]\`` }
    }
  }
  if (families.length > 1 && families[0] === families[1]) {
    return { problem: `spec.ipFamilies[1]: Duplicate value: "${families[0]}"` }
  }
  if (headless && withoutSelector) return { families: withSecond(families, policy, ['IPv4', 'IPv6']) }
  if (policy === 'RequireDualStack' && available.length < 2) {
    const reason = 'this cluster is not configured for dual-stack services'
    return { problem: `spec.ipFamilyPolicy: Invalid value: "RequireDualStack": ${reason}` }
  }
  const missing = families.findIndex(family => !available.includes(family))
  if (missing >= 0) {
    const at = `spec.ipFamilies[${missing}]: Invalid value: "${families[missing]}"`
    return { problem: `${at}: not configured on this cluster` }
  }
  return { families: withSecond(families, policy, available) }
}

export function isHeadless(service: AppService): boolean {
  return service.clusterIPs[0] === 'None'
}

function withSecond(
  families: readonly AddressFamily[],
  policy: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack',
  available: readonly AddressFamily[]
): readonly AddressFamily[] {
  const first = families[0] ?? available[0]
  if (first === undefined || families.length > 1 || policy === 'SingleStack')
    return families.length > 0 ? families : available.slice(0, 1)
  return [first, ...available.filter(family => family !== first)]
}
