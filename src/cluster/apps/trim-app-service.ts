// A Service as a person writes it.
import type { Fields, Flaw } from '../fields.ts'
import { ADDRESS, checkAddress, trimmed } from '../trim.ts'
import { addressFamily, badHostName } from '../values.ts'
import type { AppService, AppServicePort } from './app-objects.ts'
import { serviceAddresses } from './trim-cluster-ips.ts'
import { appMetadata, labels, oneOf, portNumber, protocol, ruled, unique } from './trim-fields.ts'
import {
  duplicate,
  forbidden,
  invalid,
  label,
  PORT_RANGE,
  portName,
  required,
  serviceLabel,
  subdomain
} from './trim-rules.ts'

type Type = AppService['type']

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
/** What an API server gives and takes by default. */
const NODE_PORTS = { from: 30_000, to: 32_767 }

/** Cuts a Service down; undefined when an API server would refuse it. Adds to `flaws`. */
export function trimAppService(raw: unknown, flaws: Flaw[]): AppService | undefined {
  return trimmed(raw, flaws, root => {
    const { namespace, name, labels: own } = appMetadata(root, serviceLabel)
    const spec = root.map('spec')
    const written = oneOf(spec, 'type', TYPES)
    const type = (TYPES.includes(written) ? written : 'ClusterIP') as Type
    const selector = readSelector(spec)
    const addresses = serviceAddresses(spec, type, selector !== undefined)
    const ports = servicePorts(spec, type, addresses.clusterIPs[0] === 'None')
    return {
      kind: 'AppService',
      ...{ namespace, name, labels: own, type },
      ...addresses,
      selector,
      publishNotReadyAddresses: spec.boolean('publishNotReadyAddresses') ?? false,
      ports,
      externalName: externalName(spec, type),
      externalIPs: externalIPs(spec),
      ingress: type === 'LoadBalancer' ? ingress(root, spec) : []
    }
  })
}

/** An empty selector is none. */
function readSelector(spec: Fields): AppService['selector'] {
  const inner = spec.has('selector') ? Object.keys(spec.map('selector').textsOf('matchLabels')) : []
  if (inner.length > 0) {
    spec.error(['selector', 'matchLabels'], 'is a map; a Service has its labels right under selector')
    return undefined
  }
  const found = labels(spec, 'selector')
  return Object.keys(found).length === 0 ? undefined : found
}

function servicePorts(spec: Fields, type: Type, isHeadless: boolean): AppServicePort[] {
  const fields = spec.maps('ports')
  if (fields.length === 0 && !isHeadless && type !== 'ExternalName') {
    const meant = spec.has('externalName') ? 'did you mean type: ExternalName?' : ''
    spec.error(['ports'], required(meant))
  }
  const names = new Set<string>()
  const numbers = new Set<string>()
  return fields.map((port, index) => {
    const name = ruled(port, 'name', label)
    if (name === '' && fields.length > 1) port.error(['name'], required())
    unique(port, 'name', name, names)
    const number = portNumber(port, 'port') ?? 0
    if (!port.has('port')) port.error(['port'], required(PORT_RANGE))
    const transport = protocol(port)
    const same = `${number}/${transport}`
    if (number > 0 && numbers.has(same)) {
      spec.error(['ports', index], duplicate({ protocol: transport, port: number }))
    }
    numbers.add(same)
    checkNodePort(port, type)
    return { name, port: number, protocol: transport, targetPort: targetPort(port) }
  })
}

function targetPort(port: Fields): number | string | undefined {
  if (!port.holdsText('targetPort')) {
    // 0 is as good as none.
    return port.number('targetPort', 0, 65_535, value => invalid(value, PORT_RANGE)) || undefined
  }
  const text = port.text('targetPort')
  if (text === '') return undefined
  const bad = portName(text)
  if (bad !== undefined) {
    const advice = /^\d+$/.test(text) ? ': write the number without quotes' : ''
    port.error(['targetPort'], invalid(text, `${bad}${advice}`))
  }
  return text
}

function checkNodePort(port: Fields, type: Type): void {
  const number = port.number('nodePort', 0, 65_535) ?? 0
  if (number === 0) return
  const { from, to } = NODE_PORTS
  if (type === 'ClusterIP' || type === 'ExternalName') {
    port.error(['nodePort'], forbidden(`may not be used when \`type\` is '${type}'`))
  } else if (number < from || number > to) {
    const words = `provided port is not in the valid range. The range of valid ports is ${from}-${to}`
    port.error(['nodePort'], invalid(number, words))
  }
}

function externalName(spec: Fields, type: Type): string {
  const name = spec.text('externalName')
  if (type !== 'ExternalName') return ''
  if (name === '') spec.error(['externalName'], required())
  const bad = name === '' ? undefined : subdomain(name.replace(/\.$/, ''))
  if (bad !== undefined) spec.error(['externalName'], invalid(name, bad))
  return name
}

const SPECIAL = [
  {
    pattern: /^(?:0\.0\.0\.0|::)$/,
    words: 'may not be unspecified (0.0.0.0 or ::)'
  },
  { pattern: /^(?:127\.|::1$)/, words: 'may not be in the loopback range (127.0.0.0/8, ::1/128)' },
  {
    pattern: /^(?:169\.254\.|fe[89ab][0-9a-f]:)/i,
    words: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'
  },
  {
    pattern: /^(?:224\.0\.0\.|ff02:)/i,
    words: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'
  }
]

function externalIPs(spec: Fields): string[] {
  const found = spec.texts('externalIPs')
  found.forEach((ip, index) => {
    checkAddress(spec, ['externalIPs', index], ip, ADDRESS)
    const special = SPECIAL.find(each => each.pattern.test(ip))
    if (special !== undefined && addressFamily(ip) !== undefined) {
      spec.error(['externalIPs', index], invalid(ip, special.words))
    }
  })
  return found
}

/** What a cloud gave, as far as the files say so. */
function ingress(root: Fields, spec: Fields): string[] {
  const found: string[] = []
  for (const each of root.map('status').map('loadBalancer').maps('ingress')) {
    const ip = each.text('ip')
    const hostname = each.text('hostname')
    if (ip !== '') checkAddress(each, 'ip', ip, ADDRESS)
    else if (hostname !== '') {
      const bad = badHostName(hostname)
      if (bad !== undefined) each.error(['hostname'], `${bad}; expected a domain name`)
    } else continue
    found.push(ip === '' ? hostname : ip)
  }
  const wanted = spec.text('loadBalancerIP')
  if (wanted !== '') checkAddress(spec, 'loadBalancerIP', wanted, ADDRESS)
  return found.length === 0 && wanted !== '' ? [wanted] : found
}
