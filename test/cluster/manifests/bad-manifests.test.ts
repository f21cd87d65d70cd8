// Bad manifests, and the exact message that each gives. Every message says where, what was found and what was expected.
import t from 'tap'
import { readTexts } from './harness.ts'

interface BadManifest {
  readonly name: string
  readonly text: string | Uint8Array
  /** All lines of the log but the one that counts objects. */
  readonly says: readonly string[]
  /** Objects in service nevertheless. */
  readonly serves?: readonly string[]
  /** Default `shop.yaml`. */
  readonly file?: string
}

const shop = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n'

/** A Service with this in its spec, from line 7 on. */
function service(spec: string): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n${spec}\n---\n${shop}`
}

/** A slice whose own fields stand from line 8 on. */
function slice(fields: string): string {
  return (
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: web-1\n  namespace: shop\n' +
    `  labels:\n    kubernetes.io/service-name: web\n${fields}\n---\n${shop}`
  )
}

const lost = 'this document is left out'

const cases: readonly BadManifest[] = [
  // Values that can't be.
  {
    name: 'a number over 255 in an address',
    text: service('  clusterIP: 10.96.300.1'),
    says: [
      'error: shop.yaml:7:14: Service shop/web: spec.clusterIP: "10.96.300.1" is not an IP address (300 is over 255); expected an IPv4 or IPv6 address, or None; it is left out'
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'a prefix length behind an address',
    text: service('  clusterIPs:\n  - 10.96.0.1\n  - fd00::1/112'),
    says: [
      'error: shop.yaml:9:5: Service shop/web: spec.clusterIPs[1]: "fd00::1/112" is not an IP address (no prefix length here); expected an IPv4 or IPv6 address, or None; it is left out'
    ]
  },
  {
    name: 'a leading zero in an address',
    text: service('  clusterIP: 10.096.0.1'),
    says: [
      'error: shop.yaml:7:14: Service shop/web: spec.clusterIP: "10.096.0.1" is not an IP address (a number begins with 0); expected an IPv4 or IPv6 address, or None; it is left out'
    ]
  },
  {
    name: 'a word for an address',
    text: service('  externalIPs: [none]'),
    says: [
      'error: shop.yaml:7:17: Service shop/web: spec.externalIPs[0]: "none" is not an IP address; expected an IPv4 or IPv6 address; it is left out'
    ]
  },
  {
    name: 'a port in quotes',
    text: service('  ports:\n  - name: http\n    port: "80"'),
    says: [
      'error: shop.yaml:9:11: Service shop/web: spec.ports[0].port: "80" is text; expected a number from 1 to 65535: write it without quotes; it is left out'
    ]
  },
  {
    name: 'a port by name',
    text: service('  ports:\n  - port: http'),
    says: [
      'error: shop.yaml:8:11: Service shop/web: spec.ports[0].port: "http" is text; expected a number from 1 to 65535; it is left out'
    ]
  },
  {
    name: 'a port out of range',
    text: service('  ports:\n  - port: 70000'),
    says: [
      'error: shop.yaml:8:11: Service shop/web: spec.ports[0].port: 70000 is out of range; expected a number from 1 to 65535; it is left out'
    ]
  },
  {
    name: 'a port without number',
    text: service('  ports:\n  - name: http\n    protocol: TCP'),
    says: [
      'error: shop.yaml:8:5: Service shop/web: spec.ports[0].port is missing; expected a number from 1 to 65535; it is left out'
    ]
  },
  {
    name: 'a protocol in lower case',
    text: service('  ports:\n  - port: 80\n    protocol: tcp'),
    says: [
      'error: shop.yaml:9:15: Service shop/web: spec.ports[0].protocol: "tcp" is unknown; expected TCP, UDP or SCTP; it is left out'
    ]
  },
  {
    name: 'a field in the wrong letter case, and so no address',
    text: service('  clusterip: 10.96.0.1\n  ports:\n  - Port: 80\n    port: 81'),
    says: [
      'warn: shop.yaml:7:14: Service shop/web: spec.clusterip is unknown; did you mean clusterIP?',
      'warn: shop.yaml:9:11: Service shop/web: spec.ports[0].Port is unknown; did you mean port?',
      'warn: Service shop/web has no clusterIP and so no address; nothing is added to manifests: write spec.clusterIP, an address or None, or name the files with --apps instead'
    ],
    serves: ['Namespace//shop', 'Service/shop/web']
  },
  {
    name: 'an unknown Service type',
    text: service('  type: Cluster'),
    says: [
      'error: shop.yaml:7:9: Service shop/web: spec.type: "Cluster" is unknown; expected ClusterIP, NodePort, LoadBalancer or ExternalName; it is left out'
    ]
  },
  {
    name: 'a map where a list belongs',
    text: service('  ports:\n    port: 80'),
    says: [
      'error: shop.yaml:8:5: Service shop/web: spec.ports is a map; expected a list (lines that begin with "- "); it is left out'
    ]
  },
  {
    name: 'a list where a map belongs',
    text: service('- clusterIP: None'),
    says: [
      'error: shop.yaml:7:1: Service shop/web: spec is a list; expected a map (key: value); it is left out'
    ]
  },
  {
    name: 'a text where a map belongs',
    text: service('  ports: [80/TCP]'),
    says: [
      'error: shop.yaml:7:11: Service shop/web: spec.ports[0]: "80/TCP" is text; expected a map (key: value); it is left out'
    ]
  },
  {
    name: 'several wrong fields: the first, and how many more',
    text: service('  clusterIP: 10.96.0.256\n  ports:\n  - port: "80"\n  - port: "81"'),
    says: [
      'error: shop.yaml:7:14: Service shop/web: spec.clusterIP: "10.96.0.256" is not an IP address (256 is over 255); expected an IPv4 or IPv6 address, or None (and 2 more); it is left out'
    ]
  },
  {
    name: 'an ExternalName Service without externalName',
    text: service('  type: ExternalName'),
    says: [
      'error: shop.yaml:7:3: Service shop/web: spec.externalName is missing; expected the name that this Service stands for; it is left out'
    ]
  },
  {
    name: 'an externalName with a scheme',
    text: service('  type: ExternalName\n  externalName: https://db.example.org'),
    says: [
      'error: shop.yaml:8:17: Service shop/web: spec.externalName: "https://db.example.org" is not a domain name; expected a domain name; it is left out'
    ]
  },
  {
    name: 'an externalName with an empty label',
    text: service('  type: ExternalName\n  externalName: db..example.org'),
    says: [
      'error: shop.yaml:8:17: Service shop/web: spec.externalName: "db..example.org" has an empty label; expected a domain name; it is left out'
    ]
  },
  {
    name: 'a label that is a number',
    text: `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    release: 1.10\n`,
    says: [
      'error: shop.yaml:6:14: Namespace shop: metadata.labels.release: 1.1 is a number; expected text: write "1.1" in quotes; it is left out'
    ]
  },
  {
    name: 'a label that kubectl takes for a boolean',
    text: `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    example.org/public: yes\n`,
    says: [
      'error: shop.yaml:6:25: Namespace shop: metadata.labels["example.org/public"]: true is a boolean; expected text: write "true" in quotes; it is left out'
    ]
  },
  {
    name: 'a name that is a number',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: 12345\n',
    says: [
      'error: shop.yaml:4:9: Namespace: metadata.name: 12345 is a number; expected text: write "12345" in quotes; this document is left out'
    ]
  },
  {
    name: 'a name that is no DNS label',
    text: `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${'a'.repeat(64)}\n`,
    says: [
      `error: shop.yaml:4:9: Namespace ${'a'.repeat(64)}: metadata.name: "${'a'.repeat(59)}… has 64 characters; expected at most 63; it is left out`
    ]
  },
  {
    name: 'a name with a space',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: my shop\n',
    says: [
      'error: shop.yaml:4:9: Namespace my shop: metadata.name: "my shop" is not a name; expected lower-case letters, digits and "-"; it is left out'
    ]
  },
  {
    name: 'a name that no API server takes is served all the same',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: Shop\n',
    says: [
      'warn: shop.yaml:4:9: Namespace Shop: metadata.name: "Shop" is a name that no API server takes (lower-case letters, digits and "-" only); it is served as it is'
    ],
    serves: ['Namespace//Shop']
  },
  {
    name: 'no name',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {}\n',
    says: [
      'error: shop.yaml:4:3: Namespace: metadata.name is missing; expected the name of the object; this document is left out'
    ]
  },
  {
    name: 'no namespace',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  clusterIP: None\n',
    says: [
      'error: shop.yaml:4:3: Service web: metadata.namespace is missing; expected the namespace it lives in, for example namespace: default; it is left out'
    ]
  },
  // Slices, Pods, Endpoints, imports.
  {
    name: 'a slice without addressType',
    text: slice('endpoints: []'),
    says: [
      'error: shop.yaml:1:1: EndpointSlice shop/web-1: addressType is missing; expected IPv4, IPv6 or FQDN; it is left out'
    ]
  },
  {
    name: 'an IPv6 address in an IPv4 slice',
    text: slice('addressType: IPv4\nendpoints:\n- addresses: ["fd00::1"]'),
    says: [
      'error: shop.yaml:10:15: EndpointSlice shop/web-1: endpoints[0].addresses[0]: "fd00::1" is an IPv6 address; expected IPv4, since addressType is IPv4; it is left out'
    ]
  },
  {
    name: 'an endpoint without address',
    text: slice('addressType: IPv4\nendpoints:\n- hostname: a'),
    says: [
      'error: shop.yaml:10:3: EndpointSlice shop/web-1: endpoints[0].addresses is empty; expected at least one address; it is left out'
    ]
  },
  {
    name: 'readiness that is a text',
    text: slice('addressType: IPv4\nendpoints:\n- addresses: [10.1.1.1]\n  conditions: {ready: "true"}'),
    says: [
      'error: shop.yaml:11:23: EndpointSlice shop/web-1: endpoints[0].conditions.ready: "true" is text; expected true or false; it is left out'
    ]
  },
  {
    name: 'a slice of an API that is gone',
    text: 'apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: a, namespace: shop}\n',
    says: [
      `error: shop.yaml:1:13: apiVersion: "discovery.k8s.io/v1beta1" is not known; expected discovery.k8s.io/v1 for kind EndpointSlice; ${lost}`
    ]
  },
  {
    name: 'a Pod whose address is a name',
    text: `${shop}---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nstatus: {podIP: node-1}\n`,
    says: [
      'error: shop.yaml:9:17: Pod shop/p: status.podIP: "node-1" is not an IP address; expected an IPv4 or IPv6 address; it is left out'
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'Endpoints with an address that is no map',
    text: `${shop}---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: web, namespace: shop}\nsubsets:\n- addresses: [10.1.1.1]\n`,
    says: [
      'error: shop.yaml:10:15: Endpoints shop/web: subsets[0].addresses[0]: "10.1.1.1" is text; expected a map (key: value); it is left out'
    ]
  },
  {
    name: 'a ServiceImport of an unknown type',
    text: `${shop}---\napiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceImport\nmetadata: {name: web, namespace: shop}\nspec: {type: ClusterIP}\n`,
    says: [
      'error: shop.yaml:9:14: ServiceImport shop/web: spec.type: "ClusterIP" is unknown; expected ClusterSetIP or Headless; it is left out'
    ]
  },
  // What an object is.
  {
    name: 'no kind',
    text: 'apiVersion: v1\nmetadata: {name: web}\n',
    says: [
      `error: shop.yaml:1:1: kind is missing; expected what the object is, for example kind: Service; ${lost}`
    ]
  },
  {
    name: 'no apiVersion',
    text: 'kind: EndpointSlice\nmetadata: {name: web}\n',
    says: [`error: shop.yaml:1:1: apiVersion is missing; expected apiVersion: discovery.k8s.io/v1; ${lost}`]
  },
  {
    name: 'a kind in lower case',
    text: 'apiVersion: v1\nkind: service\nmetadata: {name: web}\n',
    says: [
      `error: shop.yaml:2:7: kind: "service" is not known; expected Service (letter case counts); ${lost}`
    ]
  },
  {
    name: 'a Service of the wrong API group',
    text: 'apiVersion: apps/v1\nkind: Service\nmetadata: {name: web}\n',
    says: [`error: shop.yaml:1:13: apiVersion: "apps/v1" is not known; expected v1 for kind Service; ${lost}`]
  },
  {
    name: 'values of a chart',
    text: 'replicaCount: 1\nimage: {repository: nginx}\nservice: {port: 80}\ningress: {}\n',
    says: [
      `warn: shop.yaml:1:1: no Kubernetes object: expected apiVersion, kind and metadata, found a map with "replicaCount", "image", "service" and 1 more keys; ${lost}`
    ]
  },
  {
    name: 'a list of objects that is no List',
    text: '- apiVersion: v1\n  kind: Namespace\n  metadata: {name: shop}\n',
    says: [
      `error: shop.yaml:1:1: no Kubernetes object: expected apiVersion, kind and metadata, found a list; ${lost}`
    ]
  },
  {
    name: 'a sentence',
    text: `see the other file\n---\n${shop}`,
    says: [
      `error: shop.yaml:1:1: no Kubernetes object: expected apiVersion, kind and metadata, found "see the other file"; ${lost}`
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'a saved web page',
    text: '<!DOCTYPE html>\n<html>\n<body>hello</body>\n',
    says: [
      `error: shop.yaml:1:1: no Kubernetes object: expected apiVersion, kind and metadata, this looks like HTML: the page was saved instead of the file it shows (look for a "raw" link); ${lost}`
    ]
  },
  // Declared twice.
  {
    name: 'the same object twice in a file',
    text: `${shop}---\n${shop}`,
    says: [
      'error: shop.yaml:6:1: Namespace shop: is declared a second time; the first one counts, shop.yaml:1:1; delete or rename one'
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'a missing --- between two objects: the last value of each key counts',
    text: `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n${shop}`,
    says: [
      'warn: shop.yaml:5:1: the key "apiVersion" stands twice, first 4 lines above (and 2 more keys); the last one counts, as in kubectl; is a line with --- missing before this object?'
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'a key twice deeper down',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  name: store\n',
    says: [
      'warn: shop.yaml:5:3: the key "name" stands twice, first 1 lines above; the last one counts, as in kubectl'
    ],
    serves: ['Namespace//store']
  },
  {
    name: 'a namespace that is used but not declared',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  clusterIP: None\n',
    says: [
      'warn: namespace shop is used (shop.yaml:1) but not declared, so no name in it exists, as in CoreDNS; add {apiVersion: v1, kind: Namespace, metadata: {name: shop}}'
    ],
    serves: ['Service/shop/web']
  },
  // YAML that is none.
  {
    name: 'a tab in the indentation',
    text: `apiVersion: v1\nkind: Namespace\nmetadata:\n\tname: web\n---\n${shop}`,
    says: [`error: shop.yaml:4:1: a tab in the indentation; YAML takes spaces only; ${lost}`],
    serves: ['Namespace//shop']
  },
  {
    name: 'non-breaking spaces in the indentation',
    text: `apiVersion: v1\nkind: Namespace\nmetadata:\n\u00a0\u00a0name: web\n---\n${shop}`,
    says: [
      'error: shop.yaml:4:1: Namespace: metadata.name is missing; expected the name of the object (a non-breaking space (U+00A0), as web pages have; type an ordinary space); this document is left out'
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'a non-breaking space after a colon',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name:\u00a0web\n',
    says: [
      `error: shop.yaml:4:8: Namespace: metadata: "name:\u00a0web" is text; expected a map (key: value) (a non-breaking space (U+00A0), as web pages have; type an ordinary space) (and 1 more); this document is left out`
    ]
  },
  {
    name: 'typographic quotes around a name',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: “web”\n',
    says: [
      'error: shop.yaml:4:9: Namespace “web”: metadata.name: "“web”" has typographic quotes, as web pages have; type " or \'; it is left out'
    ]
  },
  {
    name: 'typographic quotes around an address',
    text: service('  clusterIP: “10.96.0.1”'),
    says: [
      'error: shop.yaml:7:14: Service shop/web: spec.clusterIP: "“10.96.0.1”" has typographic quotes, as web pages have; type " or \'; expected an IPv4 or IPv6 address, or None; it is left out'
    ]
  },
  {
    name: 'typographic quotes that break a list',
    text: 'apiVersion: v1\nkind: Pod\nspec: {command: [“a: b”, c]\n',
    says: [`error: shop.yaml:3:18: typographic quotes, as web pages have; type " or '; ${lost}`]
  },
  {
    name: 'a typographic quote in a label',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {tier: “front”}\n',
    says: [
      'warn: shop.yaml:5:18: Namespace shop: metadata.labels.tier: "“front”" begins with a typographic quote, which is part of the value; type " or \''
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'prose before the object',
    text: `Only inside of the cluster\n\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: web\n---\n${shop}`,
    says: [
      `error: shop.yaml:1:1: "Only inside of the cluster" is prose, not YAML; delete it or begin the line with #; ${lost}`
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'prose after the object',
    text: `${shop}\nWhat this does:\n✓ Names in it exist\n`,
    says: [
      `error: shop.yaml:7:1: "✓ Names in it exist" is prose, not YAML; delete it or begin the line with #; ${lost}`
    ]
  },
  {
    name: 'a remark behind a value',
    text: service('  ports:\n  - port: 80   ← Service port'),
    says: [
      'error: shop.yaml:8:16: Service shop/web: spec.ports[0].port: "80   ← Service port" is text; expected a number from 1 to 65535 ("← Service port" is a remark, not YAML; begin it with #); it is left out'
    ]
  },
  {
    name: 'a Markdown code fence',
    text: `\`\`\`yaml\n${shop}\`\`\`\n`,
    says: [`error: shop.yaml:1:1: a Markdown code fence (\`\`\`); delete the line; ${lost}`]
  },
  {
    name: 'a shell prompt',
    text: `$ kubectl get ns shop -o yaml\n${shop}`,
    says: [`error: shop.yaml:1:1: a shell prompt, not YAML; delete the line; ${lost}`]
  },
  {
    name: 'a merge conflict',
    text: `apiVersion: v1\nkind: Namespace\nmetadata:\n<<<<<<< HEAD\n  name: shop\n=======\n  name: store\n>>>>>>> branch\n`,
    says: [`error: shop.yaml:4:1: a merge conflict marker; resolve the conflict first; ${lost}`]
  },
  {
    name: 'a Helm template',
    text: '{{- if .Values.shop }}\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n{{- end }}\n',
    says: [
      `error: shop.yaml:1:1: a Helm template ("{{ }}"); render it first: helm template CHART | labdns serve --manifests -; ${lost}`
    ]
  },
  {
    name: 'a Helm value',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {{ .Values.shop }}\n',
    says: [
      `error: shop.yaml:4:9: a Helm template ("{{ }}"); render it first: helm template CHART | labdns serve --manifests -; ${lost}`
    ]
  },
  {
    name: 'no space after a colon',
    text: 'apiVersion: v1\nkind:Namespace\nmetadata:\n  name: shop\n',
    says: [`error: shop.yaml:2:5: no space after the colon; write kind: Namespace; ${lost}`]
  },
  {
    name: 'no space after a dash',
    text: service('  ports:\n  -name: http\n   port: 80'),
    says: [`error: shop.yaml:8:3: no space after the dash; write - name: http; ${lost}`]
  },
  {
    name: 'lines that are not indented alike',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n labels: {}\n',
    says: [`error: shop.yaml:5:1: indented less or more than the lines it belongs to; ${lost}`]
  },
  {
    name: 'a second colon in a value',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop: web\n',
    says: [
      `error: shop.yaml:4:9: a second ": " in the line, or an indentation that fits no line above; put a value with ": " in quotes; ${lost}`
    ]
  },
  {
    name: 'a quote that is never closed',
    text: `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "shop\n---\n${shop}`,
    says: [`error: shop.yaml:4:9: a quote (") that is never closed; ${lost}`],
    serves: ['Namespace//shop']
  },
  {
    name: 'a bracket that is never closed',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop\n',
    says: [`error: shop.yaml:3:11: a bracket that is never closed; ${lost}`]
  },
  {
    name: 'a value that begins with @',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: @shop\n',
    says: [`error: shop.yaml:4:9: a value can't begin with "@" unless it is in quotes; ${lost}`]
  },
  {
    name: 'an alias without anchor',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata: *shop\n',
    says: [
      `error: shop.yaml:3:11: an alias (*name) without an anchor (&name) before it in this document or List item; ${lost}`
    ]
  },
  {
    name: 'a backslash in double quotes',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "sh\\op"\n',
    says: [
      `error: shop.yaml:4:12: a backslash in double quotes that means nothing; use single quotes; ${lost}`
    ]
  },
  {
    name: 'nested beyond reason',
    text: `apiVersion: v1\nkind: ConfigMap\ndata: ${'['.repeat(300)}${']'.repeat(300)}\n`,
    says: [`error: shop.yaml:3:107: nested more than 100 deep; no Kubernetes object is; ${lost}`]
  },
  // Lists: one bad item costs only itself.
  {
    name: 'a bad item of a List',
    text:
      'apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: web, namespace: shop}\n' +
      '  spec: {clusterIP: 10.96.0}\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: shop}\nkind: List\n',
    says: [
      'error: shop.yaml:6:21: Service shop/web: spec.clusterIP: "10.96.0" is not an IP address; expected an IPv4 or IPv6 address, or None; it is left out'
    ],
    serves: ['Namespace//shop']
  },
  {
    name: 'an item of a List that is no YAML',
    text:
      'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Namespace\n    metadata: {name: "store}\n' +
      '  - apiVersion: v1\n    kind: Namespace\n    metadata: {name: shop}\n',
    says: [`error: shop.yaml:6:22: a quote (") that is never closed; ${lost}`],
    serves: ['Namespace//shop']
  },
  // JSON.
  {
    name: 'a comma too many in JSON',
    file: 'shop.json',
    text: '{\n  "apiVersion": "v1",\n  "kind": "Namespace",\n  "metadata": {"name": "shop",}\n}\n',
    says: [`error: shop.json:4:31: found "}" where JSON has a key in double quotes; ${lost}`]
  },
  {
    name: 'JSON that ends too early',
    file: 'shop.json',
    text: '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}',
    says: [`error: shop.json:1:71: the file ends where JSON has "," or "}"; ${lost}`]
  },
  {
    name: 'a wrong value in JSON',
    file: 'shop.json',
    text: '{"apiVersion": "v1", "kind": "Namespace",\n "metadata": {"name": 7}}',
    says: [
      'error: shop.json:2:23: Namespace: metadata.name: 7 is a number; expected text: write "7" in quotes; this document is left out'
    ]
  },
  {
    name: 'a bad item of a JSON List in one line',
    file: 'shop.json',
    text: '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}},{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"status":{"podIP":"x"}}]}',
    says: [
      'error: shop.json:1:202: Pod shop/p: status.podIP: "x" is not an IP address; expected an IPv4 or IPv6 address; it is left out'
    ],
    serves: ['Namespace//shop']
  },
  // Files that are no text, or odd text.
  {
    name: 'UTF-16',
    text: Buffer.from(`\ufeff${shop}`, 'utf16le'),
    says: [
      `error: shop.yaml:1:1: UTF-16 text, as PowerShell writes it with ">"; save the file as UTF-8; ${lost}`
    ]
  },
  {
    name: 'Latin-1',
    text: Buffer.from('apiVersion: v1\nkind: Namespace\nmetadata: {name: caf\u00e9}\n', 'latin1'),
    says: [`error: shop.yaml:3:1: not UTF-8; save the file as UTF-8; ${lost}`]
  },
  {
    name: 'a binary file',
    text: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0x0a, 0, 0, 1]),
    says: [`error: shop.yaml:2:1: no text: there is an octet 0; expected YAML or JSON; ${lost}`]
  },
  {
    name: 'a byte order mark is passed over',
    text: `\ufeff${shop}`,
    says: ['info: shop.yaml: begins with a byte order mark (U+FEFF), which is passed over'],
    serves: ['Namespace//shop']
  },
  {
    name: 'Windows line ends are fine',
    text: shop.replaceAll('\n', '\r\n'),
    says: ['info: shop.yaml: has Windows line ends (CR LF), which are read as LF'],
    serves: ['Namespace//shop']
  }
]

t.ok(cases.length >= 40, 'at least 40 bad manifests')

for (const { name, text, says, serves, file = 'shop.yaml' } of cases) {
  t.test(name, async t => {
    const { log, mirror } = await readTexts({ [file]: text })
    t.strictSame(
      log.lines.filter(line => !line.startsWith('info: manifests: 1 file')),
      says
    )
    if (serves !== undefined) t.strictSame(mirror.keys(), serves)
  })
}
