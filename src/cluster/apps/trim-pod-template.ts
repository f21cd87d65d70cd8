// What a Pod is made from: the template of a workload, or a Pod's own metadata and spec.
import { shownPath, type Fields } from '../fields.ts'
import type { ContainerPort, PodTemplate } from './app-objects.ts'
import { labels, oneOf, portNumber, protocol, ruled, unique } from './trim-fields.ts'
import { podDns } from './trim-pod-dns.ts'
import { label, portName, required } from './trim-rules.ts'

/** Reads what is in `spec` of a Pod or of a template, with the labels beside it. */
export function podTemplate(metadata: Fields, spec: Fields): PodTemplate {
  metadata.textMap('annotations')
  return {
    labels: labels(metadata, 'labels'),
    hostname: ruled(spec, 'hostname', label),
    subdomain: ruled(spec, 'subdomain', label),
    hostNetwork: podDns(spec).hostNetwork,
    ports: containerPorts(spec)
  }
}

/** Ports of the containers that run on: those that only prepare the Pod have none of their own. */
function containerPorts(spec: Fields): ContainerPort[] {
  const names = new Set<string>()
  const found: ContainerPort[] = []
  const containers = spec.maps('containers')
  if (containers.length === 0) spec.error(['containers'], required())
  // In this order a Service finds a port by its name: the first that has it.
  for (const container of containers) {
    checkContainer(container, names)
    found.push(...portsOf(container))
  }
  for (const container of spec.maps('initContainers')) {
    checkContainer(container, names)
    const ports = portsOf(container)
    if (oneOf(container, 'restartPolicy', ['Always', 'Never', 'OnFailure']) === 'Always') found.push(...ports)
  }
  return found
}

function checkContainer(container: Fields, names: Set<string>): void {
  if (!container.has('name')) container.error(['name'], required())
  unique(container, 'name', ruled(container, 'name', label), names)
  if (container.text('image') === '') container.error(['image'], required())
  container.texts('command')
  container.texts('args')
  for (const variable of container.maps('env')) {
    if (!variable.has('name')) variable.error(['name'], required())
    // A number without quotes is what most often makes an API server refuse a Deployment.
    variable.text('value')
  }
}

function portsOf(container: Fields): ContainerPort[] {
  const names = new Set<string>()
  const first = new Map<string, number>()
  return container.maps('ports').map((port, index) => {
    const name = ruled(port, 'name', portName)
    unique(port, 'name', name, names)
    const number = portNumber(port, 'containerPort')
    if (!port.has('containerPort')) port.error(['containerPort'], required())
    const transport = protocol(port)
    const same = `${String(number)}/${transport}`
    const before = first.get(same)
    if (before === undefined) first.set(same, index)
    else if (number !== undefined) {
      container.warning(['ports', index], `duplicate port definition with ${shownPath(['ports', before])}`)
    }
    return { name, port: number ?? 0, protocol: transport }
  })
}
