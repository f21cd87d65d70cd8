// What a simulated control plane knows of its objects beyond what answers need: selectors, target ports, readiness, nodes.
import type { ControlPlane, SimulatedPod, SimulatedService } from '../../cluster/apps/simulated.ts'
import type { Written, WrittenMap } from '../../cluster/as-written.ts'
import type { ClusterObject } from '../../cluster/objects.ts'
import type { Beyond } from './resources.ts'

/** What these control planes know; of objects that were given as they are, nothing. */
export function beyondOf(controlPlanes: readonly ControlPlane[]): Beyond {
  const services = new Map<ClusterObject, SimulatedService>()
  const pods = new Map<ClusterObject, SimulatedPod>()
  for (const plane of controlPlanes) {
    for (const each of plane.services()) services.set(each.service, each)
    for (const each of plane.pods()) pods.set(each.pod, each)
  }
  return {
    selectorOf: service => {
      const known = services.get(service)
      return known === undefined ? undefined : (known.selector ?? {})
    },
    podFacts: pod => pods.get(pod),
    complete: (object, manifest) => {
      const service = services.get(object)
      if (service !== undefined) return completeService(service, manifest)
      const pod = pods.get(object)
      return pod === undefined ? manifest : completePod(pod, manifest)
    }
  }
}

function completeService({ selector, ports }: SimulatedService, manifest: WrittenMap): WrittenMap {
  const spec = mapIn(manifest, 'spec')
  const written = spec['ports']
  return {
    ...manifest,
    spec: {
      ...spec,
      ...(selector === undefined ? {} : { selector }),
      ...(isList(written)
        ? { ports: written.map((port, at) => withTarget(port, ports[at]?.targetPort)) }
        : {})
    }
  }
}

function withTarget(port: Written, targetPort: number | string | undefined): Written {
  return targetPort === undefined ? port : { ...(port as WrittenMap), targetPort }
}

function completePod(pod: SimulatedPod, manifest: WrittenMap): WrittenMap {
  const { hostname, subdomain, nodeName, podIPs, ready } = pod
  const { apiVersion = '', kind = '', metadata = {} } = manifest
  return {
    ...{ apiVersion, kind, metadata },
    spec: {
      ...(hostname === '' ? {} : { hostname }),
      ...(subdomain === '' ? {} : { subdomain }),
      ...(nodeName === '' ? {} : { nodeName })
    },
    status: {
      ...mapIn(manifest, 'status'),
      podIPs: podIPs.map(ip => ({ ip })),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }]
    }
  }
}

const isList = (value: Written | undefined): value is readonly Written[] => Array.isArray(value)

function mapIn(manifest: WrittenMap, key: string): WrittenMap {
  const value = manifest[key]
  return typeof value === 'object' && !isList(value) ? value : {}
}
