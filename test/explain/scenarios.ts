// What goes wrong in the lab (test/fixtures/explain/lab.yaml), and what is said of it: through the extended error, through
// `explain.NAME`, and through `labdns explain` as JSON and as text.

export interface Scenario {
  /** The reason, in the words of whoever has the problem. */
  readonly reason: string
  /** Further lines of the *kubernetes* stanza. */
  readonly stanza?: readonly string[]
  readonly name: string
  readonly type: string
  readonly rcode: 'NXDOMAIN' | 'NODATA' | 'NOERROR'
  /** The rule of the fact that decided. */
  readonly rule: string
  /** Every sentence, in order. */
  readonly says: readonly string[]
}

const svc = (name: string): string => `${name}.svc.cluster.local`

export const scenarios: readonly Scenario[] = [
  {
    reason: 'no such Service in this namespace',
    ...{ name: svc('nothing.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-service' },
    says: ['there is no Service shop/nothing']
  },
  {
    reason: 'it exists in another one',
    ...{ name: svc('backend.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-service' },
    says: ['there is no Service shop/backend', 'this exists: backend.default.svc.cluster.local']
  },
  {
    reason: 'misspelled',
    ...{ name: svc('bakend.default'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-service' },
    says: ['there is no Service default/bakend', 'did you mean backend.default.svc.cluster.local?']
  },
  {
    reason: 'the namespace is misspelled',
    ...{ name: svc('web.shpo'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-namespace' },
    says: ['there is no namespace shpo', 'did you mean web.shop.svc.cluster.local?']
  },
  {
    reason: 'the second element of a search path',
    ...{ name: svc('backend'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-namespace' },
    says: ['there is no namespace backend', 'this exists: backend.default.svc.cluster.local']
  },
  {
    reason: 'svc is left out',
    ...{ name: 'web.shop.cluster.local', type: 'A', rcode: 'NXDOMAIN', rule: 'invalid-name' },
    says: [
      'web.shop.cluster.local. is not of a form that names in the cluster have',
      'this exists: web.shop.svc.cluster.local'
    ]
  },
  {
    reason: 'headless without ready endpoints',
    ...{ name: svc('cold.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-ready-endpoint' },
    says: ['headless Service shop/cold has no ready endpoint', 'not ready: cold-0, cold-1']
  },
  {
    reason: 'a Pod of a StatefulSet that is not ready',
    ...{ name: svc('cold-0.cold.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-endpoint' },
    says: [
      'Service shop/cold has no ready endpoint named cold-0',
      'not ready: cold-0, cold-1',
      'Pod shop/cold-0 is not ready'
    ]
  },
  {
    reason: 'an unnamed port, so no SRV',
    ...{ name: `_http._tcp.${svc('web.shop')}`, type: 'SRV', rcode: 'NXDOMAIN', rule: 'no-such-port' },
    says: [
      'Service shop/web has no port named http over tcp',
      'port 80/TCP has no name, so no SRV name leads to it: give it the name http'
    ]
  },
  {
    reason: 'a chain of ExternalNames that ends nowhere',
    ...{ name: svc('old.shop'), type: 'A', rcode: 'NODATA', rule: 'external-name' },
    says: [
      'Service shop/old is of type ExternalName',
      'it leads to older.shop.svc.cluster.local -> gone.shop.svc.cluster.local, and there is no A record there: the CNAME is left out too, as in CoreDNS'
    ]
  },
  {
    reason: 'a chain of ExternalNames in a circle',
    ...{ name: svc('ring.shop'), type: 'A', rcode: 'NODATA', rule: 'external-name' },
    says: [
      'Service shop/ring is of type ExternalName',
      'it leads to rang.shop.svc.cluster.local -> ring.shop.svc.cluster.local and back again: a circle has no answer'
    ]
  },
  {
    reason: 'below an ExternalName',
    ...{
      name: `_smtp._tcp.${svc('mail.shop')}`,
      type: 'SRV',
      rcode: 'NXDOMAIN',
      rule: 'below-external-name'
    },
    says: ['Service shop/mail is of type ExternalName: no name exists below it']
  },
  {
    reason: 'the namespace is not exposed',
    stanza: ['namespaces shop'],
    ...{ name: svc('vault.secret'), type: 'A', rcode: 'NXDOMAIN', rule: 'namespace-not-exposed' },
    says: [
      'namespace secret is not listed in the option namespaces',
      'add it to that line to have its names answered'
    ]
  },
  {
    reason: 'what is not exposed is not told of',
    stanza: ['namespaces shop'],
    ...{ name: svc('vault.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-service' },
    says: ['there is no Service shop/vault']
  },
  {
    reason: 'pods are disabled',
    stanza: ['pods disabled'],
    ...{ name: '10-244-0-50.shop.pod.cluster.local', type: 'A', rcode: 'NXDOMAIN', rule: 'pods-disabled' },
    says: ['names of pods are disabled (option pods)', 'pods insecure or pods verified answers them']
  },
  {
    reason: 'the other address family only',
    ...{ name: svc('web.shop'), type: 'AAAA', rcode: 'NODATA', rule: 'no-data' },
    says: [
      'web.shop.svc.cluster.local. exists and has no AAAA record',
      'Service shop/web has IPv4 addresses only: ask for A, or make it dual-stack (ipFamilyPolicy: PreferDualStack)'
    ]
  },
  {
    reason: "a Pod's name under pod.cluster.local",
    ...{ name: 'peer-a.shop.pod.cluster.local', type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-pod' },
    says: [
      'peer-a does not spell an IP address',
      'Pod shop/peer-a exists: its name is 10-244-0-50.shop.pod.cluster.local or 10-244-0-50.peers.shop.svc.cluster.local'
    ]
  },
  {
    reason: "a Pod's name below a headless Service, without hostname and subdomain",
    ...{ name: svc('peer-a.peers.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-endpoint' },
    says: [
      'Service shop/peers has no ready endpoint named peer-a',
      'Pod shop/peer-a has no hostname and subdomain: its name is 10-244-0-50.peers.shop.svc.cluster.local'
    ]
  },
  {
    reason: "a Pod's name below a Service that is not headless",
    ...{ name: svc('front-a.front.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-endpoint' },
    says: [
      'Service shop/front has no ready endpoint named front-a',
      'Pod shop/front-a has no name of its own here, since the Service is not headless: its name is 10-244-0-51.front.shop.svc.cluster.local'
    ]
  },
  {
    reason: "a Pod's name below a Service that does not select it",
    ...{ name: svc('peer-a.front.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-endpoint' },
    says: [
      'Service shop/front has no ready endpoint named peer-a',
      'Pod shop/peer-a exists and is no endpoint of this Service: its name is 10-244-0-50.shop.pod.cluster.local or 10-244-0-50.peers.shop.svc.cluster.local'
    ]
  },
  {
    reason: 'a workload whose Pods no Service selects',
    ...{ name: svc('orders.shop'), type: 'A', rcode: 'NXDOMAIN', rule: 'no-such-service' },
    says: [
      'there is no Service shop/orders',
      '2 Pods of shop/orders run, and no Service selects them: make a Service orders with the selector app=orders',
      'did you mean older.shop.svc.cluster.local?'
    ]
  },
  {
    reason: 'a ClusterIP Service whose selector matches nothing',
    ...{ name: svc('empty.shop'), type: 'A', rcode: 'NOERROR', rule: 'service' },
    says: [
      'Service shop/empty has these cluster IPs',
      'nothing answers there: its selector app=emptyy matches no Pod'
    ]
  },
  {
    reason: 'a ClusterIP Service without a selector',
    ...{ name: svc('vault.secret'), type: 'A', rcode: 'NOERROR', rule: 'service' },
    says: [
      'Service secret/vault has these cluster IPs',
      'nothing answers there: it has no selector, and no EndpointSlice was made for it'
    ]
  },
  {
    reason: 'an address that nobody has',
    ...{ name: '9.9.9.9.in-addr.arpa', type: 'PTR', rcode: 'NXDOMAIN', rule: 'no-such-address' },
    says: ['no Service and no ready endpoint has the address']
  }
]
