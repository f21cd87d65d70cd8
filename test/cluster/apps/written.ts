// Application objects as tests write them: what is left out is as in a short manifest.
import type { AppPod, AppService, PodTemplate, Workload } from '../../../src/cluster/apps/app-objects.ts'
import type { SimulationOptions } from '../../../src/cluster/apps/simulated.ts'

/** The defaults, with other ranges or nodes. */
export function options(other: Partial<SimulationOptions> = {}): SimulationOptions {
  return {
    serviceCidrs: { IPv4: '10.96.0.0/12', IPv6: 'fd00:10:96::/112' },
    podCidrs: { IPv4: '10.244.0.0/16', IPv6: 'fd00:10:244::/56' },
    nodes: 1,
    ...other
  }
}

/** `path`: `namespace/name`. */
export function service(path: string, rest: Partial<AppService> = {}): AppService {
  const [namespace = '', name = ''] = path.split('/')
  return {
    kind: 'AppService',
    namespace,
    name,
    labels: {},
    type: 'ClusterIP',
    clusterIPs: [],
    ipFamilies: [],
    ipFamilyPolicy: undefined,
    selector: { app: name },
    publishNotReadyAddresses: false,
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: undefined }],
    externalName: '',
    externalIPs: [],
    ingress: [],
    ...rest
  }
}

export function template(rest: Partial<PodTemplate> = {}): PodTemplate {
  return { labels: {}, hostname: '', subdomain: '', hostNetwork: false, ports: [], ...rest }
}

/** A workload whose Pods are labelled `app: name`. */
export function workload(
  kind: Workload['workload'],
  path: string,
  rest: Partial<Omit<Workload, 'template'>> & { template?: Partial<PodTemplate> } = {}
): Workload {
  const [namespace = '', name = ''] = path.split('/')
  return {
    kind: 'Workload',
    workload: kind,
    namespace,
    name,
    labels: {},
    replicas: 1,
    start: 0,
    serviceName: '',
    notReady: [],
    ...rest,
    template: template({ labels: { app: name }, ...rest.template })
  }
}

/** A Pod labelled `app: name`. */
export function pod(
  path: string,
  rest: Partial<Omit<AppPod, 'template'>> & { template?: Partial<PodTemplate> } = {}
): AppPod {
  const [namespace = '', name = ''] = path.split('/')
  return {
    kind: 'AppPod',
    namespace,
    name,
    notReady: [],
    podIPs: [],
    ...rest,
    template: template({ labels: { app: name }, ...rest.template })
  }
}
