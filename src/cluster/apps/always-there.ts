// What every cluster has, for those who don't bring their own.
import { SERVICE_NAME_LABEL, type EndpointSlice } from '../objects.ts'
import type { AddressFamily, AppService, Workload } from './app-objects.ts'

export const NAMESPACES: readonly string[] = ['default', 'kube-public', 'kube-system']

const SERVICE = {
  kind: 'AppService',
  type: 'ClusterIP',
  ...{ clusterIPs: [], ipFamilies: [], ipFamilyPolicy: undefined },
  ...{ publishNotReadyAddresses: false, externalName: '', externalIPs: [], ingress: [] }
} as const

export const API_SERVICE: AppService = {
  ...SERVICE,
  namespace: 'default',
  name: 'kubernetes',
  labels: { component: 'apiserver', provider: 'kubernetes' },
  selector: undefined,
  ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }]
}

export const DNS_SELECTOR = { 'k8s-app': 'kube-dns' } as const

export const DNS_SERVICE: AppService = {
  ...SERVICE,
  namespace: 'kube-system',
  name: 'kube-dns',
  labels: {
    'k8s-app': 'kube-dns',
    'kubernetes.io/cluster-service': 'true',
    'kubernetes.io/name': 'CoreDNS'
  },
  selector: DNS_SELECTOR,
  ports: [
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
    { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
    { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 }
  ]
}

export const DNS_WORKLOAD: Workload = {
  kind: 'Workload',
  workload: 'Deployment',
  namespace: 'kube-system',
  name: 'coredns',
  labels: { 'k8s-app': 'kube-dns' },
  replicas: 2,
  start: 0,
  serviceName: '',
  template: {
    labels: { 'k8s-app': 'kube-dns' },
    ...{ hostname: '', subdomain: '', hostNetwork: false },
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      { name: 'metrics', port: 9153, protocol: 'TCP' }
    ]
  },
  notReady: []
}

/** The API server's own endpoint, which no selector finds. */
export function apiSlice(address: string, family: AddressFamily): EndpointSlice {
  return {
    kind: 'EndpointSlice',
    namespace: API_SERVICE.namespace,
    name: API_SERVICE.name,
    labels: { [SERVICE_NAME_LABEL]: API_SERVICE.name },
    addressType: family,
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], ready: true, hostname: '', nodeName: '', targetName: '', zone: '' }],
    lastChange: ''
  }
}
