// An API server's part in api-scale.mjs, as a process of its own: a cluster of any size whose objects are written when they
// are asked for, in pages as a real server sends them (gzip included), and watches whose events come as they are ordered.
// Objects have what real ones carry along: managedFields, labels, conditions; 1.2, 1.6 and 4 KB of JSON.
// Started with { services, namespaces, pods, isHeld }; told by messages, see the end.
import http from 'node:http'
import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import { ServiceFacts, namespaceName } from '../../build/bench/cluster.js'

const GZIP_FROM = 128 * 1024
const BURST_MS = 5
const STAMP = '2026-01-05T09:30:00Z'
const zip = promisify(gzip)

const size = JSON.parse(process.argv[2])
const uid = (kind, number) => `${kind}${String(number).padStart(7, '0')}-6f1c-4b5e-9d3a-0123456789ab`
const managed = (manager, apiVersion, fields) => ({
  manager,
  operation: 'Update',
  apiVersion,
  time: STAMP,
  fieldsType: 'FieldsV1',
  fieldsV1: fields
})

let version = 1000
/** Of each slice: how often it changed, and its version. */
const generations = new Uint8Array(size.services)
const versions = new Uint32Array(size.services).fill(version)
const canary = { address: '10.1.0.0', version }

const namespace = number => ({
  metadata: {
    name: namespaceName(number),
    uid: uid('a', number),
    resourceVersion: '1000',
    creationTimestamp: STAMP,
    labels: { 'kubernetes.io/metadata.name': namespaceName(number) }
  },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' }
})

const CANARY_SERVICE = {
  metadata: { name: 'canary', namespace: 'default', uid: uid('b', 9999999), resourceVersion: '1000' },
  spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }
}

function service(number) {
  if (number === size.services) return CANARY_SERVICE
  const facts = new ServiceFacts(number, size)
  const labels = { 'app.kubernetes.io/name': facts.name, 'app.kubernetes.io/part-of': facts.namespace }
  return {
    metadata: {
      name: facts.name,
      namespace: facts.namespace,
      uid: uid('b', number),
      resourceVersion: '1000',
      creationTimestamp: STAMP,
      labels,
      managedFields: [
        managed('kubectl-client-side-apply', 'v1', {
          'f:metadata': {
            'f:labels': { '.': {}, 'f:app.kubernetes.io/name': {}, 'f:app.kubernetes.io/part-of': {} }
          },
          'f:spec': {
            'f:internalTrafficPolicy': {},
            'f:ports': {
              '.': {},
              'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {}, 'f:targetPort': {} }
            },
            'f:selector': {},
            'f:sessionAffinity': {},
            'f:type': {}
          }
        })
      ]
    },
    spec: {
      ports: facts.ports.map(port => ({ ...port, targetPort: port.name })),
      selector: labels,
      clusterIP: facts.clusterIPs[0],
      clusterIPs: facts.clusterIPs,
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: facts.isDualStack ? ['IPv4', 'IPv6'] : ['IPv4'],
      ipFamilyPolicy: facts.isDualStack ? 'PreferDualStack' : 'SingleStack',
      internalTrafficPolicy: 'Cluster'
    },
    status: { loadBalancer: {} }
  }
}

/** A slice, of three endpoints; the last number's is the canary's. */
function slice(number) {
  if (number === size.services) {
    return {
      metadata: {
        name: 'canary-1',
        namespace: 'default',
        uid: uid('c', 9999999),
        resourceVersion: String(canary.version),
        labels: { 'kubernetes.io/service-name': 'canary' }
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: [canary.address], conditions: { ready: true } }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }]
    }
  }
  const facts = new ServiceFacts(number, size)
  const { name, labels, endpoints, ports, addressType } = facts.slice(generations[number])
  return {
    metadata: {
      name,
      generateName: `${facts.name}-`,
      namespace: facts.namespace,
      uid: uid('c', number),
      resourceVersion: String(versions[number]),
      generation: 1 + generations[number],
      creationTimestamp: STAMP,
      labels: {
        ...labels,
        'kubernetes.io/service-name': facts.name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io'
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': STAMP },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Service',
          name: facts.name,
          uid: uid('b', number),
          controller: true,
          blockOwnerDeletion: true
        }
      ],
      managedFields: [
        managed('kube-controller-manager', 'discovery.k8s.io/v1', {
          'f:addressType': {},
          'f:endpoints': {},
          'f:ports': {}
        })
      ]
    },
    addressType: addressType ?? 'IPv4',
    endpoints: endpoints.map(({ addresses, hostname }, at) => ({
      addresses,
      conditions: { ready: true, serving: true, terminating: false },
      ...(facts.isHeadless && hostname ? { hostname } : {}),
      targetRef: {
        kind: 'Pod',
        namespace: facts.namespace,
        name: facts.podName(at),
        uid: uid('d', number * 3 + at)
      },
      nodeName: `node-${(number * 7 + at) % 500}`,
      zone: `zone-${at % 3}`
    })),
    ports: ports ?? facts.ports.map(({ name, port, protocol }) => ({ name, port, protocol }))
  }
}

function pod(number) {
  const at = Math.floor(number / size.services)
  const facts = new ServiceFacts(number % size.services, size)
  const condition = type => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: STAMP })
  const image = `registry.example.com/${facts.namespace}/${facts.name}:1.4.2`
  return {
    metadata: {
      name: facts.podName(at),
      generateName: `${facts.name}-`,
      namespace: facts.namespace,
      uid: uid('d', number),
      resourceVersion: '1000',
      creationTimestamp: STAMP,
      labels: { 'app.kubernetes.io/name': facts.name, 'pod-template-hash': '5d4f8c7b9' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${facts.name}-5d4f8c7b9`,
          uid: uid('e', number),
          controller: true
        }
      ],
      managedFields: [
        managed('kube-controller-manager', 'v1', {
          'f:metadata': {
            'f:generateName': {},
            'f:labels': { '.': {}, 'f:app.kubernetes.io/name': {} },
            'f:ownerReferences': {}
          },
          'f:spec': {
            'f:containers': {
              'k:{"name":"main"}': {
                '.': {},
                'f:env': {},
                'f:image': {},
                'f:ports': {},
                'f:readinessProbe': {},
                'f:resources': {}
              }
            }
          }
        }),
        managed('kubelet', 'v1', {
          'f:status': {
            'f:conditions': {},
            'f:containerStatuses': {},
            'f:hostIP': {},
            'f:phase': {},
            'f:podIP': {},
            'f:podIPs': {},
            'f:startTime': {}
          }
        })
      ]
    },
    spec: {
      volumes: [
        {
          name: 'kube-api-access-x7k2p',
          projected: {
            defaultMode: 420,
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
              { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }
            ]
          }
        }
      ],
      containers: [
        {
          name: 'main',
          image,
          ports: facts.ports.map(({ name, port, protocol }) => ({ name, containerPort: port, protocol })),
          env: Array.from({ length: 8 }, (_, n) => ({
            name: `SETTING_${n}`,
            value: `value-of-${facts.name}-${n}`
          })),
          resources: { limits: { memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
          volumeMounts: [
            {
              name: 'kube-api-access-x7k2p',
              readOnly: true,
              mountPath: '/var/run/secrets/kubernetes.io/serviceaccount'
            }
          ],
          readinessProbe: {
            httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3
          },
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'IfNotPresent'
        }
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      nodeName: `node-${number % 500}`,
      securityContext: {},
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map(key => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300
      })),
      priority: 0,
      enableServiceLinks: true
    },
    status: {
      phase: 'Running',
      conditions: [
        'PodReadyToStartContainers',
        'Initialized',
        'Ready',
        'ContainersReady',
        'PodScheduled'
      ].map(condition),
      hostIP: `10.0.${(number % 500) >> 8}.${number % 250}`,
      podIP: facts.podIP(at),
      podIPs: [{ ip: facts.podIP(at) }],
      startTime: STAMP,
      containerStatuses: [
        {
          name: 'main',
          state: { running: { startedAt: STAMP } },
          lastState: {},
          ready: true,
          restartCount: 0,
          image,
          imageID: `${image}@sha256:${'0123456789abcdef'.repeat(4)}`,
          containerID: `containerd://${'fedcba9876543210'.repeat(4)}`,
          started: true
        }
      ],
      qosClass: 'Burstable'
    }
  }
}

const RESOURCES = {
  '/api/v1/namespaces': { kind: 'Namespace', apiVersion: 'v1', count: size.namespaces, make: namespace },
  '/api/v1/services': { kind: 'Service', apiVersion: 'v1', count: size.services + 1, make: service },
  '/apis/discovery.k8s.io/v1/endpointslices': {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    count: size.services + 1,
    make: slice
  },
  '/api/v1/pods': { kind: 'Pod', apiVersion: 'v1', count: size.pods, make: pod }
}

const watches = new Set()
const held = []
let isHeld = size.isHeld
let listOctets = 0
/** Watches opened since the last order to list again. */
let opened = 0

async function list(resource, query, request, response) {
  const [from = 0, asOf = version] = query.get('continue')?.split('.').map(Number) ?? []
  const end = Math.min(resource.count, from + Number(query.get('limit') ?? resource.count))
  const metadata = { resourceVersion: String(asOf) }
  if (end < resource.count) {
    metadata.continue = `${end}.${asOf}`
    metadata.remainingItemCount = resource.count - end
  }
  const items = []
  for (let number = from; number < end; number++) items.push(JSON.stringify(resource.make(number)))
  const head = JSON.stringify({ kind: `${resource.kind}List`, apiVersion: resource.apiVersion, metadata })
  const text = Buffer.from(`${head.slice(0, -1)},"items":[${items.join(',')}]}\n`)
  listOctets += text.length
  const isZipped = text.length >= GZIP_FROM && /gzip/.test(request.headers['accept-encoding'] ?? '')
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(isZipped ? { 'content-encoding': 'gzip' } : {})
  })
  response.end(isZipped ? await zip(text, { level: 4 }) : text)
}

const gone = {
  kind: 'Status',
  status: 'Failure',
  reason: 'Expired',
  message: 'too old resource version',
  code: 410
}

function watch(resource, query, response) {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  const one = { kind: resource.kind, response }
  const since = Number(query.get('resourceVersion'))
  if (resource.kind === 'EndpointSlice' && since < version) {
    response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`)
    return
  }
  opened++
  watches.add(one)
  const timer = setTimeout(() => response.end(), 1000 * Number(query.get('timeoutSeconds') ?? 300))
  response.on('close', () => {
    clearTimeout(timer)
    watches.delete(one)
  })
}

function answer(request, response) {
  const { pathname, searchParams: query } = new URL(request.url, 'http://stand-in')
  const resource = RESOURCES[pathname]
  if (resource === undefined || query.has('sendInitialEvents')) {
    response.writeHead(resource === undefined ? 404 : 422, { 'content-type': 'application/json' }).end('{}')
  } else if (query.has('watch')) watch(resource, query, response)
  else void list(resource, query, request, response)
}

const server = http.createServer((request, response) => {
  if (!isHeld) answer(request, response)
  else held.push(() => answer(request, response))
})
server.keepAliveTimeout = 60_000

function tellEvents(kind, text) {
  for (const one of watches) if (one.kind === kind) one.response.write(text)
}

const eventOf = object =>
  `${JSON.stringify({ type: 'MODIFIED', object: { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', ...object } })}\n`

/** Changes slices evenly for a while, in small bursts as they come from a busy server. */
function change(perSecond, seconds) {
  // Written beforehand, so that what asks the questions has the core.
  const texts = Array.from({ length: 2 * size.services }, (_, at) => {
    generations[at >> 1] = at & 1
    const parts = eventOf(slice(at >> 1)).split(`"resourceVersion":"${versions[at >> 1]}"`)
    generations[at >> 1] = 0
    return parts
  })
  const since = performance.now()
  let made = 0
  const timer = setInterval(() => {
    const passed = Math.min((performance.now() - since) / 1000, seconds)
    const due = Math.floor(passed * perSecond)
    let text = ''
    for (; made < due; made++) {
      const number = (made * 7919) % size.services
      generations[number] ^= 1
      versions[number] = ++version
      text += texts[2 * number + generations[number]].join(`"resourceVersion":"${version}"`)
    }
    if (text !== '') tellEvents('EndpointSlice', text)
    if (passed < seconds) return
    clearInterval(timer)
    process.send({ changed: made })
  }, BURST_MS)
}

process.on('disconnect', () => process.exit(0))
process.on('message', message => {
  if (message.release) {
    isHeld = false
    for (const go of held.splice(0)) go()
  }
  if (message.relist) {
    // As a server that was restarted does it.
    opened = 0
    version++
    for (const { response } of watches) response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`)
  }
  if (message.change) change(...message.change)
  if (message.canary !== undefined) {
    canary.address = message.canary
    canary.version = ++version
    const text = eventOf(slice(size.services))
    tellEvents('EndpointSlice', text)
    process.send({ canary: message.canary, at: Number(process.hrtime.bigint()) / 1e6 })
  }
  if (message.state) process.send({ state: { held: held.length, opened, listOctets } })
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
