// The addresses that a Service states, and the families that it asks for: each alone, and whether they agree
// (Kubernetes documentation, "IPv4/IPv6 dual-stack").
import { shown, type Fields } from '../fields.ts'
import { addressFamily, badAddress } from '../values.ts'
import type { AddressFamily, AppService } from './app-objects.ts'
import { oneOf } from './trim-fields.ts'
import { duplicate, forbidden, invalid, unsupported } from './trim-rules.ts'

type Addresses = Pick<AppService, 'clusterIPs' | 'ipFamilies' | 'ipFamilyPolicy'>
type Policy = AppService['ipFamilyPolicy']

const FAMILIES: readonly string[] = ['IPv4', 'IPv6']
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

export function serviceAddresses(spec: Fields, type: AppService['type'], hasSelector: boolean): Addresses {
  if (type === 'ExternalName') return noAddresses(spec)
  const clusterIPs = statedAddresses(spec, type)
  const ipFamilies = statedFamilies(spec)
  const ipFamilyPolicy = oneOf(spec, 'ipFamilyPolicy', POLICIES)
  refuseDisagreement(spec, clusterIPs, ipFamilies)
  const isHeadless = clusterIPs[0] === 'None'
  // A headless Service without selector is of both families, whatever it says.
  if ((ipFamilyPolicy === '' && (!isHeadless || hasSelector)) || ipFamilyPolicy === 'SingleStack') {
    refuseTwo(spec, 'clusterIPs', clusterIPs)
    refuseTwo(spec, 'ipFamilies', ipFamilies)
  }
  return {
    clusterIPs,
    ipFamilies,
    ipFamilyPolicy: ipFamilyPolicy === '' ? undefined : (ipFamilyPolicy as Policy)
  }
}

function noAddresses(spec: Fields): Addresses {
  const words = forbidden('may not be set for ExternalName services')
  if (spec.text('clusterIP') !== '') spec.error(['clusterIP'], words)
  if (spec.texts('clusterIPs').length > 0) spec.error(['clusterIPs'], words)
  if (spec.texts('ipFamilies').length > 0) spec.error(['ipFamilies'], words)
  if (spec.text('ipFamilyPolicy') !== '') spec.error(['ipFamilyPolicy'], words)
  return { clusterIPs: [], ipFamilies: [], ipFamilyPolicy: undefined }
}

function statedAddresses(spec: Fields, type: AppService['type']): string[] {
  const one = spec.text('clusterIP')
  const several = spec.texts('clusterIPs')
  if (one !== '') checkClusterIP(spec, ['clusterIP'], one, type)
  several.forEach((ip, index) => {
    if (index === 0 && ip === one) return
    if (ip === 'None' && index > 0) {
      spec.error(['clusterIPs', index], invalid(ip, "'None' must be the first and only value"))
    } else checkClusterIP(spec, ['clusterIPs', index], ip, type)
  })
  if (several.length === 0) return one === '' ? [] : [one]
  if (one === '') {
    spec.error(['clusterIPs'], invalid(several, 'must be empty when `clusterIP` is not specified'))
  } else if (several[0] !== one) {
    spec.error(['clusterIPs'], invalid(several, 'first value must match `clusterIP`'))
  } else if (several.length > 2) {
    spec.error(['clusterIPs'], invalid(several, 'may only hold up to 2 values'))
  } else if (one === 'None' && several.length > 1) {
    spec.error(['clusterIPs'], invalid(several, "'None' must be the first and only value"))
  } else if (several.length === 2 && addressFamily(one) === addressFamily(several[1] ?? '')) {
    spec.error(['clusterIPs'], invalid(several, 'may specify no more than one IP for each IP family'))
  }
  return several
}

function checkClusterIP(
  spec: Fields,
  steps: readonly (string | number)[],
  ip: string,
  type: AppService['type']
): void {
  if (ip === 'None') {
    if (type === 'ClusterIP') return
    spec.error(steps, invalid(ip, `may not be set to 'None' for ${type} services`))
    return
  }
  const bad = badAddress(ip)
  if (bad === undefined) return
  const reason = /(?: \(.+\))?$/.exec(bad)?.[0]
  const meant = ip.toLowerCase() === 'none' ? ' (did you mean None?)' : reason
  spec.error(steps, invalid(ip, `must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)${meant}`))
}

function statedFamilies(spec: Fields): AddressFamily[] {
  const families = spec.texts('ipFamilies')
  families.forEach((family, index) => {
    if (!FAMILIES.includes(family)) spec.error(['ipFamilies', index], unsupported(family, FAMILIES))
    else if (families.indexOf(family) < index) spec.error(['ipFamilies', index], duplicate(family))
  })
  if (families.length > 2) spec.error(['ipFamilies'], invalid(families, 'may only hold up to 2 values'))
  return families as AddressFamily[]
}

function refuseDisagreement(spec: Fields, ips: readonly string[], families: readonly AddressFamily[]): void {
  ips.forEach((ip, index) => {
    const [found, asked] = [addressFamily(ip), families[index]]
    if (found === undefined || asked === undefined || found === asked || !FAMILIES.includes(asked)) return
    const words = `expected an ${asked} value as indicated by \`ipFamilies[${index}]\``
    spec.error(
      spec.texts('clusterIPs').length > 0 ? ['clusterIPs', index] : ['clusterIP'],
      invalid(ip, words)
    )
  })
}

/** Two of something need a policy that allows two; SingleStack is what none means. */
function refuseTwo(spec: Fields, field: string, values: readonly string[]): void {
  if (values.length !== 2) return
  const found = shown(spec.text('ipFamilyPolicy') || 'SingleStack')
  const words = `must be RequireDualStack or PreferDualStack when multiple '${field}' are specified`
  spec.error(['ipFamilyPolicy'], `Invalid value: ${found}: ${words}`, [field])
}
