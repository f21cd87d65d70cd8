// What deploy/ becomes: each overlay as `kubectl kustomize` renders it, checked field by field; the systemd unit by
// systemd-analyze where it is there. Usage (after npm run build): node test/acceptance/deploy.mjs
import { execFileSync, spawnSync } from 'node:child_process'
import { parseAllDocuments } from 'yaml'
import { fieldFaults } from '../../build/test/support/strict-fields.js'

const root = new URL('../../deploy/', import.meta.url).pathname
let passed = 0
let failed = 0
const check = (isTrue, text) => {
  if (isTrue) passed++
  else failed++
  if (!isTrue) console.log(`not ok ${text}`)
}

/** By overlay: the kinds that it makes, and the namespace of all of them that have one. */
const overlays = {
  base: ['labdns', 'ClusterRole ClusterRoleBinding ConfigMap Deployment Namespace Service ServiceAccount'],
  'overlays/replace-coredns': ['kube-system', 'Deployment'],
  'overlays/ha': [
    'labdns',
    'ClusterRole ClusterRoleBinding ConfigMap Deployment Namespace PodDisruptionBudget Service ServiceAccount'
  ],
  'overlays/node-local': [
    'labdns',
    'ClusterRole ClusterRoleBinding ConfigMap ConfigMap DaemonSet Deployment Namespace Service Service ServiceAccount'
  ],
  'overlays/monitoring': [
    'labdns',
    'ClusterRole ClusterRoleBinding ConfigMap ConfigMap Deployment Namespace PrometheusRule Service ServiceAccount ServiceMonitor'
  ]
}
for (const [overlay, [namespace, kinds]] of Object.entries(overlays)) {
  const text = execFileSync('kubectl', ['kustomize', `${root}${overlay}`], { encoding: 'utf8' })
  const objects = parseAllDocuments(text).map(each => each.toJS())
  check(
    objects
      .map(each => each.kind)
      .sort()
      .join(' ') === kinds,
    `${overlay}: its kinds are ${objects.map(each => each.kind).join(' ')}`
  )
  for (const object of objects) {
    const faults = fieldFaults(object)
    check(faults.length === 0, `${overlay} ${object.kind}: ${faults.join('; ')}`)
    const where = object.metadata.namespace
    check(where === undefined || where === namespace, `${overlay} ${object.kind}: namespace ${where}`)
    const template = object.spec?.template
    if (template === undefined) continue
    const labels = template.metadata.labels
    check(labels['k8s-app'] === 'kube-dns', `${overlay} ${object.kind}: k8s-app of its Pods`)
    const selected = Object.entries(object.spec.selector.matchLabels)
    check(
      selected.every(([key, value]) => labels[key] === value),
      `${overlay} ${object.kind}: selects its own Pods`
    )
  }
  for (const service of objects.filter(each => each.kind === 'Service')) {
    const chosen = objects.filter(each => {
      const labels = each.spec?.template?.metadata.labels
      return (
        labels !== undefined &&
        Object.entries(service.spec.selector).every(([key, value]) => labels[key] === value)
      )
    })
    check(
      chosen.length === 1,
      `${overlay} Service ${service.metadata.name} leads to ${chosen.length} workloads`
    )
  }
}

const [coredns] = parseAllDocuments(
  execFileSync('kubectl', ['kustomize', `${root}overlays/replace-coredns`], { encoding: 'utf8' })
).map(each => each.toJS())
const { name, labels } = coredns.metadata
check(
  name === 'coredns' && JSON.stringify(labels) === '{"k8s-app":"kube-dns"}',
  'replace-coredns: name and labels'
)
check(
  JSON.stringify(coredns.spec.selector) === '{"matchLabels":{"k8s-app":"kube-dns"}}',
  'replace-coredns: the selector that is there'
)
const { serviceAccountName, volumes, containers } = coredns.spec.template.spec
check(
  serviceAccountName === 'coredns' && volumes[0].configMap.name === 'coredns',
  'replace-coredns: its account and Corefile'
)
check(containers[0].name === 'coredns', "replace-coredns: the container's name")

const verified = spawnSync('systemd-analyze', ['verify', `${root}systemd/labdns.service`], {
  encoding: 'utf8'
})
if (verified.error !== undefined) console.log('systemd-analyze is not here: the unit was not verified')
else {
  const about = verified.stderr.split('\n').filter(line => line.includes('labdns.service'))
  check(about.length === 0, `systemd unit: ${about.join('; ')}`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
