// A Pod that stands in the files by itself.
import type { Flaw, Fields } from '../fields.ts'
import { ADDRESS, checkAddress, trimmed } from '../trim.ts'
import type { AppPod } from './app-objects.ts'
import { appMetadata, oneOf } from './trim-fields.ts'
import { podTemplate } from './trim-pod-template.ts'
import { subdomain } from './trim-rules.ts'

/** Cuts a Pod down; undefined when an API server would refuse it. Adds to `flaws`. */
export function trimAppPod(raw: unknown, flaws: Flaw[]): AppPod | undefined {
  return trimmed(raw, flaws, root => {
    const { namespace, name, notReady } = appMetadata(root, subdomain)
    const spec = root.map('spec')
    oneOf(spec, 'restartPolicy', ['Always', 'Never', 'OnFailure'])
    const template = podTemplate(root.map('metadata'), spec)
    return { kind: 'AppPod', namespace, name, template, notReady, podIPs: podIPs(root.map('status')) }
  })
}

function podIPs(status: Fields): string[] {
  const one = status.text('podIP')
  if (one !== '') checkAddress(status, 'podIP', one, ADDRESS)
  const several: string[] = []
  for (const each of status.maps('podIPs')) {
    const ip = each.text('ip')
    checkAddress(each, 'ip', ip, ADDRESS)
    several.push(ip)
  }
  if (several.length > 0) return several
  return one === '' ? [] : [one]
}
