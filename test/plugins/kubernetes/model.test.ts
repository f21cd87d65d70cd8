// The plugin against a plain model of the same rules: random clusters that change, random questions, every option.
import t from 'tap'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import {
  MULTICLUSTER_SERVICE_LABEL,
  SERVICE_NAME_LABEL,
  SOURCE_CLUSTER_LABEL
} from '../../../src/cluster/objects.ts'
import { encodeResponse } from '../../../src/dns/response.ts'
import { readMessage, type MessageRecord } from '../../../src/wire/message.ts'
import { Rtype, rcodeName } from '../../../src/wire/numbers.ts'
import { formatRecord } from '../../../src/wire/rdata.ts'
import { Dice, endpoint, pod, service, slice } from '../../cluster/index/support.ts'
import { makeQuery } from '../../support/messages.ts'
import { Model, nameText, type Expected, type ModelOptions } from './model.ts'
import { serve, type Served } from './support.ts'

/** Random clusters for each setting; LABDNS_MODEL_SEEDS runs more of them. */
const SEEDS = Number(process.env['LABDNS_MODEL_SEEDS'] ?? 2)
/** How many records and name errors of each type must have been compared, so that the comparison says something. */
const COMPARED_MIN = SEEDS * 5

const ZONES = ['cluster.local', 'in-addr.arpa', 'ip6.arpa']
const plain: ModelOptions = {
  zones: ZONES,
  multicluster: [],
  pods: 'insecure',
  namespaces: [],
  ignoreEmptyService: false,
  zonal: false,
  podNames: false,
  noEndpoints: false
}

const settings: readonly (readonly [stanza: string, options: Partial<ModelOptions>])[] = [
  ['pods insecure', {}],
  [
    'pods disabled\nnamespaces shop __proto__ gone',
    { pods: 'disabled', namespaces: ['shop', '__proto__', 'gone'] }
  ],
  ['pods verified\nendpoint_pod_names', { pods: 'verified', podNames: true }],
  ['pods insecure\nignore empty_service\nzonal', { ignoreEmptyService: true, zonal: true }],
  ['pods insecure\nnoendpoints', { noEndpoints: true }],
  [
    'pods insecure\nmulticluster clusterset.local\nzonal',
    { zones: [...ZONES, 'clusterset.local'], multicluster: ['clusterset.local'], zonal: true }
  ],
  [
    'pods verified\nmulticluster clusterset.local\nignore empty_service\nendpoint_pod_names',
    {
      zones: [...ZONES, 'clusterset.local'],
      multicluster: ['clusterset.local'],
      pods: 'verified',
      ignoreEmptyService: true,
      podNames: true
    }
  ]
]

const namespaces = ['shop', 'data', '__proto__', 'a.b']
const names = ['web', 'db', 'constructor', 'svc', 'x.y', '10-0-0-1']
const ports = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'http', port: 80, protocol: 'UDP' },
  { name: 'Metrics', port: 9153, protocol: 'TCP' },
  { name: '', port: 7, protocol: 'TCP' },
  { name: 'dns', port: 53, protocol: '' }
]
const addresses = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.9',
  '10.65.97.3',
  'fd00::1',
  'fd00::5',
  'fd00::',
  '::1',
  'fd00:0::5',
  '::ffff:10.0.0.9'
]
const clusterIPs = [
  ['None'],
  ['None'],
  [],
  ['10.96.0.1'],
  ['10.96.0.2', 'fd00:96::2'],
  ['fd00:96::3'],
  ['10.96.0.1', '10.96.0.1'],
  ['10.0.0.1']
]
const externalNames = [
  'web.shop.svc.cluster.local',
  'DB.shop.svc.cluster.local.',
  'db.data.svc.cluster.local',
  'x.constructor.shop.svc.cluster.local',
  'www.example.org',
  '192.0.2.1',
  'cluster.local'
]
const clusters = ['', 'east', 'west']
const topology = ['', 'eu', 'eu.a', 'EU']
const hostnames = ['', '', 'h0', 'H1', 'east']

class Cluster {
  readonly objects = new Map<string, ClusterObject>()
  readonly #dice: Dice
  readonly #served: Served

  constructor(dice: Dice, served: Served) {
    this.#dice = dice
    this.#served = served
  }

  declareAll(): void {
    for (const name of namespaces) this.#put({ kind: 'Namespace', name, labels: {} })
  }

  /** Puts a random object, or takes one away. */
  change(): void {
    const dice = this.#dice
    const namespace = dice.pick([...namespaces, 'shop'])
    const name = dice.pick([...names, 'web', 'db'])
    switch (dice.below(9)) {
      case 0:
        return this.#put({ kind: 'Namespace', name: namespace, labels: {} })
      case 1:
      case 2: {
        const isExternal = dice.below(4) === 0
        return this.#put(
          service(namespace, name, {
            type: isExternal ? 'ExternalName' : 'ClusterIP',
            clusterIPs: isExternal ? [] : dice.pick(clusterIPs),
            externalName: isExternal ? dice.pick(externalNames) : '',
            ports: dice.some(ports, 3)
          })
        )
      }
      case 3:
      case 4:
      case 5:
        return this.#put(this.#slice(namespace, dice.pick([name, 'web', 'db'])))
      case 6:
        return this.#put(pod(namespace, name, dice.pick(['10.0.0.1', '10.0.0.2', 'fd00::1', ''])))
      case 7:
        return this.#put({
          kind: 'ServiceImport',
          namespace,
          name,
          labels: {},
          type: dice.pick(['Headless', 'ClusterSetIP']),
          ips: dice.pick([[], ['10.112.0.1'], ['10.112.0.1', 'fd00:112::1']]),
          ports: dice.some(ports, 2)
        })
      default: {
        const [key, object] = dice.pick([...this.objects, undefined]) ?? []
        // A namespace takes everything in it along: that is seldom.
        if (key === undefined || object === undefined || (object.kind === 'Namespace' && dice.below(4) > 0))
          return
        this.objects.delete(key)
        this.#served.source.remove(object.kind, 'namespace' in object ? object.namespace : '', object.name)
        // The source takes what is in a namespace with it.
        if (object.kind !== 'Namespace') return
        for (const [other, one] of this.objects) {
          if ('namespace' in one && one.namespace === object.name) this.objects.delete(other)
        }
      }
    }
  }

  #put(object: ClusterObject): void {
    this.objects.set(`${object.kind} ${'namespace' in object ? object.namespace : ''} ${object.name}`, object)
    this.#served.source.put(object)
  }

  #slice(namespace: string, owner: string): ClusterObject {
    const dice = this.#dice
    let labels: Record<string, string> = dice.below(8) > 0 ? { [SERVICE_NAME_LABEL]: owner } : {}
    if (dice.below(3) === 0) {
      const cluster = dice.pick(clusters)
      labels = {
        [MULTICLUSTER_SERVICE_LABEL]: owner,
        ...(cluster === '' ? {} : { [SOURCE_CLUSTER_LABEL]: cluster })
      }
    }
    const endpoints = Array.from({ length: dice.below(4) }, () =>
      endpoint(dice.some(addresses, 2), {
        hostname: dice.pick(hostnames),
        targetName: dice.pick(['', 'pod-1', 'p'.repeat(64)]),
        zone: dice.pick(topology),
        ready: dice.below(4) > 0
      })
    )
    const slicePorts = dice.some([...ports, { name: 'any', port: -1, protocol: 'TCP' }], 2)
    return slice(namespace, `slice-${dice.below(12)}`, owner, endpoints, { labels, ports: slicePorts })
  }
}

const types = [
  'A',
  'A',
  'AAAA',
  'AAAA',
  'SRV',
  'SRV',
  'TXT',
  'CNAME',
  'MX',
  'ANY',
  'PTR',
  'SOA',
  'NS',
  'HTTPS'
]

/** A name in one of the zones, often one that exists. */
function randomName(dice: Dice, zones: readonly string[]): string[] {
  const zone = dice.pick(['cluster.local', 'cluster.local', ...zones]).split('.')
  if (zone.at(-1) === 'arpa' && dice.below(5) > 0) return reverseName(dice)
  const isLikely = dice.below(3) > 0
  const kind = isLikely ? 'svc' : dice.pick(['svc', 'pod', 'dns', 'x'])
  const space = isLikely ? 'shop' : dice.pick([...namespaces, 'gone'])
  const tail = [dice.pick(isLikely ? ['web', 'db'] : names), space, kind, ...zone]
  const endpoints = [
    'h0',
    'h1',
    '10-0-0-1',
    '10-65-97-3',
    'fd00--1',
    'fd00--0',
    '--1',
    'fd00-0--5',
    '::ffff:10-0-0-9',
    'pod-1',
    'east'
  ]
  const name: readonly string[] = (() => {
    switch (dice.below(12)) {
      case 0:
        return [dice.pick(endpoints), ...tail]
      case 1:
        return [
          dice.pick(['_http', 'http', '_', '_metrics', '_dns', '_x']),
          dice.pick(['_tcp', 'udp', '_', '_udp']),
          ...tail
        ]
      case 2:
        return [dice.pick(endpoints), dice.pick(['east', 'west', '_tcp']), ...tail]
      case 3:
        return [
          ...dice.pick(topology.slice(1)).split('.'),
          dice.pick(['pin', 'prefer', 'x']),
          '_zone',
          ...tail
        ]
      case 4:
        return [
          dice.pick(['10-0-0-1', '10-0-0-2', 'fd00--1', '1-2-3', '01-2-3-4', '--1']),
          dice.pick(namespaces),
          'pod',
          ...zone
        ]
      case 5:
        return [...dice.some(['a', 'b'], 2), '10-0-0-1', dice.pick(namespaces), 'pod', ...zone]
      case 6:
        return dice
          .pick([
            [],
            ['svc'],
            ['pod'],
            ['dns'],
            ['ns', 'dns'],
            ['dns-version'],
            [dice.pick(namespaces), 'svc']
          ])
          .concat(zone)
      case 7:
        return [...dice.some(['a', '_b', 'c'], 3), ...tail]
      default:
        return tail
    }
  })()
  return name.map(label => (dice.below(6) === 0 ? label.toUpperCase() : label))
}

function reverseName(dice: Dice): string[] {
  const [word, zone] = dice.pick([
    ['10.0.0.1', 'in-addr'],
    ['10.0.0.9', 'in-addr'],
    ['10.65.97.3', 'in-addr'],
    ['10.97.97.3', 'in-addr'],
    ['10.96.0.1', 'in-addr'],
    ['10.96.0.2', 'in-addr'],
    ['10.112.0.1', 'in-addr'],
    ['10.0.0', 'in-addr'],
    ['10.0.0.01', 'in-addr'],
    ['fd000000000000000000000000000001', 'ip6'],
    ['fd000000000000000000000000000000', 'ip6'],
    ['fd000000000000000000000000000005', 'ip6'],
    ['fd000096000000000000000000000002', 'ip6'],
    ['00000000000000000000000000000001', 'ip6'],
    ['fd00', 'ip6']
  ] as const)
  return [...(zone === 'ip6' ? Array.from(word) : word.split('.')).reverse(), zone, 'arpa']
}

const dataText = (record: MessageRecord): string => {
  const [, , , type, ...data] = formatRecord(record).toLowerCase().split(' ')
  return record.rtype === Rtype.SOA ? 'soa' : `${type!} ${data.join(' ')}`
}

async function asked(served: Served, name: readonly string[], type: string) {
  const query = makeQuery(nameText(name), type, { transport: 'tcp' })
  const answer = await served.raw(nameText(name), type, { transport: 'tcp' })
  const message = readMessage(encodeResponse(query, answer))!
  return {
    rcode: rcodeName(message.flags & 0xf),
    answer: message.answers.map(dataText).sort(),
    additional: message.additional
      .map(one => `${formatRecord(one).split(' ')[0]!.toLowerCase()} ${dataText(one)}`)
      .sort(),
    soas: message.authority.filter(one => one.rtype === Rtype.SOA).length
  }
}

function isRight(expected: Expected, found: Awaited<ReturnType<typeof asked>>): boolean {
  const soas = expected.answer.length === 0 ? 1 : 0
  if (found.rcode !== expected.rcode || found.soas !== soas) return false
  if (expected.isChoice) return found.answer.length === 1 && expected.answer.includes(found.answer[0]!)
  return (
    found.answer.join('\n') === expected.answer.join('\n') &&
    found.additional.join('\n') === expected.additional.join('\n')
  )
}

for (const [i, [stanza, more]] of settings.entries()) {
  t.test(stanza.replaceAll('\n', ', '), async t => {
    const options = { ...plain, ...more }
    const counts = new Map<string, number>()
    for (let seed = 1; seed <= SEEDS; seed++) {
      const dice = new Dice(seed * 100 + i)
      const served = await serve(`${options.zones.join(' ')} {\n${stanza}\n}`, [])
      const cluster = new Cluster(dice, served)
      cluster.declareAll()
      for (let step = 0; step < 200; step++) {
        for (let changes = dice.below(8); changes >= 0; changes--) cluster.change()
        const model = new Model(cluster.objects.values(), options)
        for (let questions = 0; questions < 12; questions++) {
          const name = randomName(dice, options.zones)
          const type = name.at(-1) === 'arpa' && dice.below(3) > 0 ? 'PTR' : dice.pick(types)
          const expected = model.ask(name, type)
          const found = await asked(served, name, type)
          const what = `${type} ${expected.rcode} ${expected.answer.length > 0 ? 'records' : 'none'}`
          counts.set(what, (counts.get(what) ?? 0) + 1)
          if (isRight(expected, found)) continue
          const objects = [...cluster.objects.values()].filter(
            one => !('namespace' in one) || name.includes(one.namespace) || type === 'PTR'
          )
          t.comment(JSON.stringify(objects))
          const { rcode, answer, additional } = expected
          t.strictSame(
            found,
            { ...found, rcode, answer, additional },
            `seed ${seed}: ${nameText(name)} ${type}`
          )
          return
        }
      }
    }
    for (const type of ['A', 'AAAA', 'SRV', 'PTR']) {
      t.ok((counts.get(`${type} NOERROR records`) ?? 0) > COMPARED_MIN, `${type} records were compared`)
      t.ok((counts.get(`${type} NXDOMAIN none`) ?? 0) > COMPARED_MIN, `${type} name errors were compared`)
    }
  })
}
