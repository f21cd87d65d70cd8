// What a Pod's spec says of its DNS.
import type { PodDnsSpec } from '../../pod-dns/pod-dns.ts'
import { CURRENT_RULES } from '../../pod-dns/versions.ts'
import type { Fields } from '../fields.ts'
import { podDnsFlaws } from './pod-dns-rules.ts'

/** More mistakes than anybody reads; to remember each takes longer the more there are. */
const TOLD_MAX = 100

/** Reads it from `spec` of a Pod or of a template, and says what an API server would refuse. */
export function podDns(spec: Fields): PodDnsSpec {
  const config = spec.map('dnsConfig')
  const found: PodDnsSpec = {
    dnsPolicy: spec.text('dnsPolicy'),
    hostNetwork: spec.boolean('hostNetwork') ?? false,
    dnsConfig: !spec.has('dnsConfig')
      ? undefined
      : {
          nameservers: config.texts('nameservers'),
          searches: config.texts('searches'),
          options: config.maps('options').map(option => ({
            name: option.text('name'),
            value: option.has('value') ? option.text('value') : undefined
          }))
        }
  }
  for (const { path, text } of podDnsFlaws(found, CURRENT_RULES).slice(0, TOLD_MAX)) spec.error(path, text)
  return found
}
