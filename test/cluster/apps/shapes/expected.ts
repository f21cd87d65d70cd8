// What the names of each application folder mean, by the Kubernetes DNS specification 1.1.0 and what the manifests state.
//
// A row: what is asked, the type, and all of what is answered.
//
//   web.shop.svc            in cluster.local                  10.96.0.100     as the manifest states it
//   svc shop/web            a cluster IP of the Service       svc shop/web    the CLUSTER-IP that `labdns get svc` shows
//   svc6 shop/web           its IPv6 one                      pods shop/web- 3    addresses of exactly these Pods
//   pod shop/mysql-0        the address of the Pod            pods6 shop/web- 3   their IPv6 addresses
//   NXDOMAIN, NODATA        there is no such name; it has nothing of that type
//
// For SRV: `80 web.shop.svc`, and `8080 pods shop/web- 3 of web-pods.shop.svc`: one for each Pod, under the names that Pods
// without a hostname have. Priority and weight are not the specification's. A PTR of a Pod is among its PTRs: every Service
// that a Pod is behind gives it one.

export type Row = readonly [asked: string, type: string, ...data: string[]]

export interface Shape {
  /** Simulated nodes; 1 unless said. */
  readonly nodes?: number
  readonly rows: readonly Row[]
  /** Pieces of what is logged about the files that are left out. */
  readonly said?: readonly string[]
  /** What a person is warned of: file:line and object. */
  readonly warned?: readonly string[]
  /** What `labdns get svc` shows: Service, column behind the name, text. */
  readonly shown?: readonly (readonly [service: string, column: number, text: string | RegExp])[]
}

/** What every cluster has. */
export const ALWAYS: readonly Row[] = [
  ['kubernetes.default.svc', 'A', '10.96.0.1'],
  ['_https._tcp.kubernetes.default.svc', 'SRV', '443 kubernetes.default.svc'],
  ['10.96.0.1', 'PTR', 'kubernetes.default.svc'],
  ['_dns._udp.kube-dns.kube-system.svc', 'SRV', '53 kube-dns.kube-system.svc'],
  ['_dns-tcp._tcp.kube-dns.kube-system.svc', 'SRV', '53 kube-dns.kube-system.svc'],
  ['nobody-made-this.default.svc', 'A', 'NXDOMAIN'],
  ['kubernetes.no-such-namespace.svc', 'A', 'NXDOMAIN']
]

const TYPE = 0
const EXTERNAL_IP = 2
const PORTS = 3

export const SHAPES: Readonly<Record<string, Shape>> = {
  'deployment-service': {
    warned: ['web.yaml:36 Service default/nobody'],
    rows: [
      ['web.default.svc', 'A', 'svc default/web'],
      ['web.default.svc', 'AAAA', 'NODATA'],
      ['svc default/web', 'PTR', 'web.default.svc'],
      ['nobody.default.svc', 'A', 'svc default/nobody'],
      ['web.kube-system.svc', 'A', 'NXDOMAIN'],
      ['pods default/web- 3', 'POD', 'itself'],
      ['10-244-255-254.default.pod', 'A', 'NXDOMAIN'],
      ['_http._tcp.web.default.svc', 'SRV', 'NXDOMAIN']
    ],
    shown: [
      ['default/web', TYPE, 'ClusterIP'],
      ['default/web', EXTERNAL_IP, '<none>'],
      ['default/web', PORTS, '80/TCP']
    ]
  },
  'statefulset-headless': {
    rows: [
      ['mysql.default.svc', 'A', 'pods default/mysql- 3'],
      ['mysql-0.mysql.default.svc', 'A', 'pod default/mysql-0'],
      ['mysql-1.mysql.default.svc', 'A', 'pod default/mysql-1'],
      ['mysql-2.mysql.default.svc', 'A', 'pod default/mysql-2'],
      ['mysql-3.mysql.default.svc', 'A', 'NXDOMAIN'],
      ['mysql-0.default.svc', 'A', 'NXDOMAIN'],
      ['pod default/mysql-0', 'PTR', 'mysql-0.mysql.default.svc'],
      ['pod default/mysql-2', 'PTR', 'mysql-2.mysql.default.svc'],
      [
        ...(['_mysql._tcp.mysql.default.svc', 'SRV', '3306 mysql-0.mysql.default.svc'] as const),
        ...['3306 mysql-1.mysql.default.svc', '3306 mysql-2.mysql.default.svc']
      ],
      ['mysql-read.default.svc', 'A', 'svc default/mysql-read'],
      ['svc default/mysql-read', 'PTR', 'mysql-read.default.svc'],
      ['_mysql._tcp.mysql-read.default.svc', 'SRV', '3306 mysql-read.default.svc'],
      // Names of Pods are those below the Service that governs them.
      ['mysql-0.mysql-read.default.svc', 'A', 'NXDOMAIN'],
      ['mysql-primary.default.svc', 'A', 'pod default/mysql-0'],
      ['mysql-0.mysql-primary.default.svc', 'A', 'NXDOMAIN']
    ],
    shown: [['default/mysql', 1, 'None']]
  },
  'statefulset-ordinals': {
    rows: [
      ['kafka-headless.streams.svc', 'A', 'pods streams/kafka- 2'],
      ['kafka-5.kafka-headless.streams.svc', 'A', 'pod streams/kafka-5'],
      ['kafka-6.kafka-headless.streams.svc', 'A', 'pod streams/kafka-6'],
      ['kafka-0.kafka-headless.streams.svc', 'A', 'NXDOMAIN'],
      ['kafka-7.kafka-headless.streams.svc', 'A', 'NXDOMAIN'],
      ['pod streams/kafka-6', 'PTR', 'kafka-6.kafka-headless.streams.svc'],
      [
        ...(['_broker._tcp.kafka-headless.streams.svc', 'SRV'] as const),
        ...['9092 kafka-5.kafka-headless.streams.svc', '9092 kafka-6.kafka-headless.streams.svc']
      ],
      [
        ...(['_controller._tcp.kafka-headless.streams.svc', 'SRV'] as const),
        ...['9093 kafka-5.kafka-headless.streams.svc', '9093 kafka-6.kafka-headless.streams.svc']
      ],
      ['kafka-bootstrap.streams.svc', 'A', 'svc streams/kafka-bootstrap']
    ]
  },
  daemonset: {
    nodes: 3,
    rows: [
      ['node-agent.monitoring.svc', 'A', 'pods monitoring/node-agent- 3'],
      [
        '_metrics._tcp.node-agent.monitoring.svc',
        'SRV',
        '9100 pods monitoring/node-agent- 3 of node-agent.monitoring.svc'
      ],
      ['node-agent.default.svc', 'A', 'NXDOMAIN']
    ]
  },
  'job-cronjob': {
    warned: ['jobs.yaml:51 Service default/nightly'],
    rows: [
      // Three are to be completed, two run at a time.
      ['migrate.default.svc', 'A', 'pods default/migrate- 2'],
      ['_sync._tcp.migrate.default.svc', 'SRV', '7070 pods default/migrate- 2 of migrate.default.svc'],
      // Nothing runs before its time: a headless Service without endpoints has no name.
      ['nightly.default.svc', 'A', 'NXDOMAIN']
    ]
  },
  sidecars: {
    warned: ['api.yaml:48 Service team-a/api-pods'],
    rows: [
      ['api.team-a.svc', 'A', 'svc team-a/api'],
      ['_http._tcp.api.team-a.svc', 'SRV', '80 api.team-a.svc'],
      ['_metrics._tcp.api.team-a.svc', 'SRV', '9113 api.team-a.svc'],
      ['_admin._tcp.api.team-a.svc', 'SRV', 'NXDOMAIN'],
      ['api-pods.team-a.svc', 'A', 'pods team-a/api- 2'],
      ['_http._tcp.api-pods.team-a.svc', 'SRV', '8080 pods team-a/api- 2 of api-pods.team-a.svc'],
      ['_metrics._tcp.api-pods.team-a.svc', 'SRV', '9113 pods team-a/api- 2 of api-pods.team-a.svc'],
      ['_admin._tcp.api-pods.team-a.svc', 'SRV', '15000 pods team-a/api- 2 of api-pods.team-a.svc'],
      ['_setup._tcp.api-pods.team-a.svc', 'SRV', 'NXDOMAIN'],
      ['_http._udp.api.team-a.svc', 'SRV', 'NXDOMAIN']
    ],
    shown: [['team-a/api', PORTS, '80/TCP,9113/TCP']]
  },
  'target-port-by-name': {
    rows: [
      ['shop.default.svc', 'A', 'svc default/shop'],
      ['_web._tcp.shop.default.svc', 'SRV', '80 shop.default.svc'],
      ['shop-pods.default.svc', 'A', 'pods default/blue- 2', 'pods default/green- 1'],
      [
        ...(['_web._tcp.shop-pods.default.svc', 'SRV'] as const),
        '8080 pods default/blue- 2 of shop-pods.default.svc',
        '9090 pods default/green- 1 of shop-pods.default.svc'
      ],
      // The name is the Service's port, not the container's.
      ['_http._tcp.shop-pods.default.svc', 'SRV', 'NXDOMAIN']
    ]
  },
  'dual-stack': {
    rows: [
      ['prefers.default.svc', 'A', 'svc default/prefers'],
      ['prefers.default.svc', 'AAAA', 'svc6 default/prefers'],
      ['svc6 default/prefers', 'PTR', 'prefers.default.svc'],
      ['requires.default.svc', 'A', 'svc default/requires'],
      ['requires.default.svc', 'AAAA', 'svc6 default/requires'],
      ['six-only.default.svc', 'A', 'NODATA'],
      ['six-only.default.svc', 'AAAA', 'svc6 default/six-only'],
      ['four-only.default.svc', 'A', 'svc default/four-only'],
      ['four-only.default.svc', 'AAAA', 'NODATA'],
      ['states-both.default.svc', 'A', '10.96.0.44'],
      ['states-both.default.svc', 'AAAA', 'fd00:10:96::44'],
      ['fd00:10:96::44', 'PTR', 'states-both.default.svc'],
      ['pods.default.svc', 'A', 'pods default/echo- 2'],
      ['pods.default.svc', 'AAAA', 'pods6 default/echo- 2'],
      ['_http._tcp.prefers.default.svc', 'SRV', '80 prefers.default.svc']
    ]
  },
  namespaces: {
    rows: [
      ['api.shop-dev.svc', 'A', 'svc shop-dev/api'],
      ['api.shop-prod.svc', 'A', 'svc shop-prod/api'],
      ['svc shop-dev/api', 'PTR', 'api.shop-dev.svc'],
      ['svc shop-prod/api', 'PTR', 'api.shop-prod.svc'],
      ['api.default.svc', 'A', 'NXDOMAIN'],
      ['api-pods.shop-dev.svc', 'A', 'pods shop-dev/api- 1'],
      ['api-pods.shop-prod.svc', 'A', 'pods shop-prod/api- 2'],
      ['pods shop-prod/api- 2', 'POD', 'itself']
    ]
  },
  canary: {
    rows: [
      ['checkout.payments.svc', 'A', 'svc payments/checkout'],
      [
        ...(['checkout-all.payments.svc', 'A'] as const),
        ...['pods payments/checkout-stable- 3', 'pods payments/checkout-canary- 1']
      ],
      ['checkout-canary.payments.svc', 'A', 'pods payments/checkout-canary- 1'],
      ['checkout-stable.payments.svc', 'A', 'NXDOMAIN']
    ]
  },
  'helm-chart': {
    rows: [
      ['redis.default.svc', 'A', 'svc default/redis'],
      ['_redis._tcp.redis.default.svc', 'SRV', '6379 redis.default.svc'],
      ['from-the-chart.default.svc', 'A', 'NXDOMAIN'],
      ['guestbook.default.svc', 'A', 'NXDOMAIN']
    ],
    said: ['helm template app/chart | labdns serve --apps -']
  },
  kustomization: {
    rows: [
      ['api.default.svc', 'A', 'svc default/api'],
      ['_http._tcp.api.default.svc', 'SRV', '80 api.default.svc'],
      ['staging-api.staging.svc', 'A', 'NXDOMAIN']
    ],
    said: ['kubectl kustomize app | labdns serve --apps -']
  },
  'kind-list': {
    rows: [
      ['search.catalog.svc', 'A', 'svc catalog/search'],
      ['_http._tcp.search.catalog.svc', 'SRV', '9200 search.catalog.svc'],
      ['search-pods.catalog.svc', 'A', 'pods catalog/search- 2']
    ]
  },
  json: {
    rows: [
      ['ledger.bank.svc', 'A', '10.97.1.1'],
      ['10.97.1.1', 'PTR', 'ledger.bank.svc'],
      ['_grpc._tcp.ledger.bank.svc', 'SRV', '443 ledger.bank.svc'],
      ['ledger-pods.bank.svc', 'A', 'pods bank/ledger- 2'],
      ['_grpc._tcp.ledger-pods.bank.svc', 'SRV', '50051 pods bank/ledger- 2 of ledger-pods.bank.svc']
    ]
  },
  'external-name': {
    warned: ['aliases.yaml:20 Service data/postgres'],
    rows: [
      ['database.dev.svc', 'CNAME', 'postgres.data.svc.cluster.local.'],
      ['database.dev.svc', 'A', 'postgres.data.svc.cluster.local.'],
      ['mail.dev.svc', 'CNAME', 'smtp.example.org.'],
      ['postgres.data.svc', 'A', '10.96.3.3'],
      ['postgres.dev.svc', 'A', 'NXDOMAIN']
    ],
    shown: [
      ['dev/mail', TYPE, 'ExternalName'],
      ['dev/mail', EXTERNAL_IP, 'smtp.example.org']
    ]
  },
  'load-balancer': {
    rows: [
      // The cluster's own name is for the cluster IP; the balancer's address is not in it.
      ['edge.default.svc', 'A', 'svc default/edge'],
      ['edge-exported.default.svc', 'A', '10.96.40.40'],
      ['_https._tcp.edge.default.svc', 'SRV', '443 edge.default.svc'],
      ['192.0.2.77', 'PTR', 'NXDOMAIN']
    ],
    shown: [
      ['default/edge', TYPE, 'LoadBalancer'],
      ['default/edge', EXTERNAL_IP, /^\d+\.\d+\.\d+\.\d+$/],
      ['default/edge-exported', EXTERNAL_IP, '192.0.2.77'],
      ['default/edge-exported', PORTS, /^443(?::31443)?\/TCP$/]
    ]
  },
  'node-port': {
    rows: [
      ['vote.vote.svc', 'A', 'svc vote/vote'],
      ['_http._tcp.vote.vote.svc', 'SRV', '5000 vote.vote.svc']
    ],
    shown: [
      ['vote/vote', TYPE, 'NodePort'],
      ['vote/vote', PORTS, /^5000(?::31000)?\/TCP$/]
    ]
  },
  'manual-slices': {
    rows: [
      ['legacy-db.erp.svc', 'A', 'svc erp/legacy-db'],
      ['_oracle._tcp.legacy-db.erp.svc', 'SRV', '1521 legacy-db.erp.svc'],
      ['legacy-nodes.erp.svc', 'A', '192.0.2.41', '192.0.2.42'],
      ['first.legacy-nodes.erp.svc', 'A', '192.0.2.41'],
      ['192-0-2-42.legacy-nodes.erp.svc', 'A', '192.0.2.42'],
      ['192-0-2-43.legacy-nodes.erp.svc', 'A', 'NXDOMAIN'],
      [
        ...(['_oracle._tcp.legacy-nodes.erp.svc', 'SRV', '1521 first.legacy-nodes.erp.svc'] as const),
        '1521 192-0-2-42.legacy-nodes.erp.svc'
      ],
      ['192.0.2.41', 'PTR', 'first.legacy-nodes.erp.svc'],
      ['nothing-yet.erp.svc', 'A', 'NXDOMAIN']
    ]
  },
  'manual-endpoints': {
    rows: [
      ['ldap.default.svc', 'A', 'svc default/ldap'],
      ['_ldap._tcp.ldap.default.svc', 'SRV', '389 ldap.default.svc'],
      ['ldap-nodes.default.svc', 'A', '192.0.2.51', '192.0.2.52'],
      ['one.ldap-nodes.default.svc', 'A', '192.0.2.51'],
      [
        ...(['_ldap._tcp.ldap-nodes.default.svc', 'SRV', '1389 one.ldap-nodes.default.svc'] as const),
        '1389 192-0-2-52.ldap-nodes.default.svc'
      ],
      ['192-0-2-53.ldap-nodes.default.svc', 'A', 'NXDOMAIN']
    ]
  },
  'host-network': {
    nodes: 2,
    rows: [
      ['proxy-nodes.kube-system.svc', 'A', 'nodes kube-system/kube-proxy-like- 2'],
      [
        '_metrics._tcp.proxy-nodes.kube-system.svc',
        'SRV',
        '10249 pods kube-system/kube-proxy-like- 2 of proxy-nodes.kube-system.svc'
      ]
    ]
  },
  'bare-pods': {
    rows: [
      ['rendezvous.default.svc', 'A', 'pods default/busybox 3'],
      ['alpha.rendezvous.default.svc', 'A', 'pod default/busybox1'],
      ['beta.rendezvous.default.svc', 'A', 'pod default/busybox2'],
      ['gamma.rendezvous.default.svc', 'A', 'NXDOMAIN'],
      ['busybox1.rendezvous.default.svc', 'A', 'NXDOMAIN'],
      ['pod default/busybox1', 'PTR', 'alpha.rendezvous.default.svc'],
      [
        ...(['_foo._tcp.rendezvous.default.svc', 'SRV', '1234 alpha.rendezvous.default.svc'] as const),
        ...['1234 beta.rendezvous.default.svc', '1234 pods default/busybox3 1 of rendezvous.default.svc']
      ],
      ['10-244-77-7.default.pod', 'A', '10.244.77.7'],
      ['10.244.77.7', 'PTR', 'NXDOMAIN']
    ]
  },
  'stated-addresses': {
    warned: [
      'guide.yaml:2 Service default/backend',
      'guide.yaml:10 Service production/database',
      'guide.yaml:18 Service default/cart-service',
      'guide.yaml:27 Service default/anything'
    ],
    rows: [
      ['backend.default.svc', 'A', '10.96.0.100'],
      ['database.production.svc', 'A', '10.96.0.200'],
      ['cart-service.default.svc', 'A', '10.96.0.101'],
      ['10.96.0.100', 'PTR', 'backend.default.svc'],
      ['10.96.0.200', 'PTR', 'database.production.svc'],
      ['anything.default.svc', 'A', 'svc default/anything'],
      ['database.default.svc', 'A', 'NXDOMAIN']
    ]
  },
  'not-ready': {
    rows: [
      ['store.default.svc', 'A', 'pod default/store-1', 'pod default/store-3'],
      ['store-1.store.default.svc', 'A', 'pod default/store-1'],
      ['store-0.store.default.svc', 'A', 'NXDOMAIN'],
      ['store-2.store.default.svc', 'A', 'NXDOMAIN'],
      ['store-front.default.svc', 'A', 'svc default/store-front'],
      ['crashing.default.svc', 'A', 'NXDOMAIN'],
      // A Pod has its address whether it is ready or not.
      ['pods default/crashing- 2', 'POD', 'itself'],
      ['pods default/store- 4', 'POD', 'itself']
    ]
  },
  'publish-not-ready': {
    rows: [
      ['gossip.default.svc', 'A', 'pods default/gossip- 3'],
      ['gossip-0.gossip.default.svc', 'A', 'pod default/gossip-0'],
      [
        ...(['_serf._udp.gossip.default.svc', 'SRV', '8301 gossip-0.gossip.default.svc'] as const),
        ...['8301 gossip-1.gossip.default.svc', '8301 gossip-2.gossip.default.svc']
      ],
      ['_serf._tcp.gossip.default.svc', 'SRV', 'NXDOMAIN'],
      ['gossip-ready.default.svc', 'A', 'NXDOMAIN']
    ]
  },
  'headless-without-ports': {
    rows: [
      ['peers.grid.svc', 'A', 'pods grid/peer- 2'],
      ['peer-0.peers.grid.svc', 'A', 'pod grid/peer-0'],
      ['peer-1.peers.grid.svc', 'A', 'pod grid/peer-1'],
      ['pod grid/peer-1', 'PTR', 'peer-1.peers.grid.svc']
    ],
    shown: [['grid/peers', PORTS, '<none>']]
  },
  'many-ports': {
    rows: [
      ['pilot.mesh-system.svc', 'A', 'svc mesh-system/pilot'],
      ['_grpc-xds._tcp.pilot.mesh-system.svc', 'SRV', '15010 pilot.mesh-system.svc'],
      ['_https-dns._tcp.pilot.mesh-system.svc', 'SRV', '15012 pilot.mesh-system.svc'],
      ['_https-webhook._tcp.pilot.mesh-system.svc', 'SRV', '443 pilot.mesh-system.svc'],
      ['_dns-udp._udp.pilot.mesh-system.svc', 'SRV', '53 pilot.mesh-system.svc'],
      ['_dns-tcp._tcp.pilot.mesh-system.svc', 'SRV', '53 pilot.mesh-system.svc'],
      ['_dns-udp._tcp.pilot.mesh-system.svc', 'SRV', 'NXDOMAIN'],
      ['_quic._udp.gateway.mesh-system.svc', 'SRV', '443 gateway.mesh-system.svc'],
      ['_https._tcp.gateway.mesh-system.svc', 'SRV', '443 gateway.mesh-system.svc'],
      ['_diameter._sctp.gateway.mesh-system.svc', 'SRV', '3868 gateway.mesh-system.svc'],
      ['_quic._tcp.gateway.mesh-system.svc', 'SRV', 'NXDOMAIN']
    ]
  },
  'custom-resources': {
    rows: [
      ['operator-webhook.operators.svc', 'A', 'svc operators/operator-webhook'],
      ['_webhook._tcp.operator-webhook.operators.svc', 'SRV', '443 operator-webhook.operators.svc'],
      ['not-a-core-service.operators.svc', 'A', 'NXDOMAIN'],
      ['front.operators.svc', 'A', 'NXDOMAIN']
    ],
    said: ['Cache 1', 'CustomResourceDefinition 1', 'Ingress 1', 'Secret 1']
  },
  'replica-sets': {
    warned: ['older.yaml:61 Service default/paused'],
    rows: [
      ['nginx.default.svc', 'A', 'pods default/nginx- 2'],
      ['frontend.default.svc', 'A', 'pods default/frontend- 3'],
      ['paused.default.svc', 'A', 'NXDOMAIN']
    ]
  },
  'own-dns': {
    rows: [
      ['kube-dns.kube-system.svc', 'A', '10.96.0.53'],
      ['10.96.0.53', 'PTR', 'kube-dns.kube-system.svc'],
      ['10.96.0.10', 'PTR', 'NXDOMAIN'],
      ['dns-pods.kube-system.svc', 'A', 'pods kube-system/coredns- 3'],
      ['_metrics._tcp.kube-dns.kube-system.svc', 'SRV', 'NXDOMAIN']
    ]
  }
}
