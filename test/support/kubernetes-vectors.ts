// CoreDNS's recorded answers of the kubernetes plugin (test/fixtures/vectors/kubernetes, format in its README): the sets, a
// stub upstream, asking, and what differs.
import dgram from 'node:dgram'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import dnsPacket from 'dns-packet'
import dns2 from 'dns2'
import YAML from 'yaml'
import { parseAddress, parsedAddress } from '../../src/wire/address.ts'
import { encodeName } from '../../src/wire/name.ts'
import { rcodeName, rclassNumber, rtypeNumber } from '../../src/wire/numbers.ts'
import type { ClusterKind } from '../../src/cluster/objects.ts'
import type { MemorySource, RawObject } from './memory-source.ts'
import { messageText, type MessageText } from './wire-text.ts'

const folder = new URL('../../../test/fixtures/vectors/kubernetes/', import.meta.url)

export interface Case {
  readonly qname: string
  readonly qtype: string
  readonly qclass?: string
  readonly transport?: 'udp' | 'tcp'
  readonly edns?: {
    readonly size?: number
    readonly do?: boolean | number
    readonly version?: number
    readonly options?: string
  }
  readonly rd?: boolean
  readonly cd?: boolean
  readonly ad?: boolean
  readonly opcode?: number
  readonly ixfr_serial?: number | 'current'
  readonly rcode: string
  readonly answer?: readonly string[]
  readonly ns?: readonly string[]
  readonly extra?: readonly string[]
  readonly flags?: string
  readonly opt?: string
  readonly truncated?: boolean
  readonly order?: string
  readonly compare_as?: 'multiset' | 'set'
  readonly ttl_slack?: number
  readonly skip?: string
  readonly instead?: Partial<Case>
  readonly rcode_any_of?: readonly string[]
  readonly local_ips?: readonly string[]
}

interface Upstream {
  readonly qname: string
  readonly qtype: string
  readonly rcode?: string
  readonly answer?: readonly string[]
  readonly tc?: boolean
  readonly drop?: boolean
}

interface Deleted {
  readonly kind: ClusterKind
  readonly namespace?: string
  readonly name?: string
  readonly metadata?: { readonly namespace?: string; readonly name: string }
}

export interface Step {
  readonly delete?: readonly Deleted[]
  readonly apply?: readonly RawObject[]
  readonly cases: readonly Case[]
  readonly disconnect?: boolean
  readonly compact?: boolean
  readonly unsynced?: boolean
}

export interface VectorSet {
  readonly set: string
  readonly corefile: string
  readonly manifests: string
  readonly files?: Readonly<Record<string, string>>
  readonly upstream?: readonly Upstream[]
  readonly local_ips?: readonly string[]
  readonly client_ip?: string
  readonly requires?: unknown
  readonly skip?: string
  readonly cases?: readonly Case[]
  readonly steps?: readonly Step[]
}

function address(text: string): Buffer {
  const octets = parseAddress(text)
  return Buffer.from(parsedAddress.subarray(0, octets))
}

function rdata(type: string, words: readonly string[]): Buffer {
  switch (type) {
    case 'A':
    case 'AAAA':
      return address(words[0] ?? '')
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return Buffer.from(encodeName(words[0] ?? ''))
    case 'TXT':
      return Buffer.concat(
        words.map(word => Buffer.concat([Buffer.of(word.length - 2), Buffer.from(word.slice(1, -1))]))
      )
    default:
      throw new Error(`the stub upstream has no ${type} records`)
  }
}

function record(line: string): Buffer {
  const [owner = '', ttl = '0', , type = '', ...words] = line.split(' ')
  const data = rdata(type, words)
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(rtypeNumber(type) ?? 0, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(Number(ttl), 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([encodeName(owner), fixed, data])
}

/** The stub resolver behind `forward`: UDP and TCP on one free port. */
export async function startUpstream(table: readonly Upstream[]) {
  const answer = (query: Buffer, overTcp: boolean): Buffer | undefined => {
    let end = 12
    while (query[end] !== 0) end += (query[end] as number) + 1
    end += 5
    const header = Buffer.from(query.subarray(0, 12))
    const question = { name: '', type: 0 }
    const bare = Buffer.concat([Buffer.from(header), query.subarray(12, end)])
    bare.fill(0, 6, 12)
    Object.assign(question, messageText(bare).question[0])
    const entry = table.find(
      one =>
        one.qname.toLowerCase() === question.name.toLowerCase() && rtypeNumber(one.qtype) === question.type
    )
    if (entry?.drop === true) return undefined
    const same = (owner: string) =>
      owner.toLowerCase() === question.name.toLowerCase() ? question.name : owner
    const records = (entry?.answer ?? []).map(line => record(line.replace(/^\S+/, same)))
    const isCut = entry?.tc === true && !overTcp
    const rcodes: Readonly<Record<string, number>> = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 }
    header.writeUInt16BE(
      0x8080 |
        (query.readUInt16BE(2) & 0x7910) |
        (isCut ? 0x200 : 0) |
        (rcodes[entry?.rcode ?? 'NOERROR'] ?? 0),
      2
    )
    header.writeUInt16BE(records.length, 6)
    header.writeUInt32BE(0, 8)
    return Buffer.concat([header, query.subarray(12, end), ...records])
  }
  const tcp = net.createServer(socket => {
    let buffer = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', data => {
      buffer = Buffer.concat([buffer, data])
      while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
        const reply = answer(buffer.subarray(2, 2 + buffer.readUInt16BE(0)), true)
        buffer = buffer.subarray(2 + buffer.readUInt16BE(0))
        if (reply !== undefined) socket.write(framed(reply))
      }
    })
  })
  for (;;) {
    await new Promise<void>(resolve => tcp.listen(0, '127.0.0.1', resolve))
    const { port } = tcp.address() as net.AddressInfo
    const udp = dgram.createSocket('udp4')
    udp.on('message', (query, peer) => {
      const reply = answer(query, false)
      if (reply !== undefined) udp.send(reply, peer.port, peer.address)
    })
    const isBound = await new Promise<boolean>(resolve => {
      udp.once('error', () => resolve(false))
      udp.bind(port, '127.0.0.1', () => resolve(true))
    })
    const close = () => {
      udp.close()
      tcp.close()
    }
    if (isBound) return { port, close }
    await new Promise<void>(resolve => void tcp.close(() => resolve()))
  }
}

const framed = (message: Buffer) => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

function encodeQuery(test: Case, serial: number | undefined): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt16BE(7, 0)
  const flags =
    ((test.opcode ?? 0) << 11) |
    (test.rd === false ? 0 : 0x100) |
    (test.ad === true ? 0x20 : 0) |
    (test.cd === true ? 0x10 : 0)
  header.writeUInt16BE(flags, 2)
  header.writeUInt16BE(1, 4)
  const numbers = Buffer.alloc(4)
  numbers.writeUInt16BE(rtypeNumber(test.qtype) ?? 0, 0)
  numbers.writeUInt16BE(rclassNumber(test.qclass ?? 'IN') ?? Number(test.qclass), 2)
  const parts = [header, Buffer.from(encodeName(test.qname)), numbers]
  if (serial !== undefined) {
    header.writeUInt16BE(1, 8)
    const data = Buffer.alloc(22)
    data.writeUInt32BE(serial, 2)
    const fixed = Buffer.from('00060001000000000016', 'hex')
    parts.push(Buffer.from(encodeName(test.qname)), fixed, data)
  }
  if (test.edns !== undefined) {
    header.writeUInt16BE(1, 10)
    const options = Buffer.from(test.edns.options ?? '', 'hex')
    const opt = Buffer.alloc(11)
    opt.writeUInt16BE(41, 1)
    opt.writeUInt16BE(test.edns.size ?? 1232, 3)
    opt[6] = test.edns.version ?? 0
    opt[7] = test.edns.do === true || test.edns.do === 1 ? 0x80 : 0
    opt.writeUInt16BE(options.length, 9)
    parts.push(opt, options)
  }
  return Buffer.concat(parts)
}

function askUdp(query: Buffer, port: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    const timer = setTimeout(() => {
      socket.close()
      reject(new Error('no reply'))
    }, 5000)
    socket.on('message', message => {
      clearTimeout(timer)
      socket.close()
      resolve([message])
    })
    socket.send(query, port, '127.0.0.1')
  })
}

function askTcp(query: Buffer, port: number, isTransfer: boolean): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    const messages: Buffer[] = []
    let buffer = Buffer.alloc(0)
    let timer = setTimeout(() => reject(new Error('no reply')), 5000)
    const finish = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(messages)
    }
    socket.on('error', reject)
    socket.on('connect', () => socket.write(framed(query)))
    socket.on('data', data => {
      buffer = Buffer.concat([buffer, data])
      while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
        messages.push(buffer.subarray(2, 2 + buffer.readUInt16BE(0)))
        buffer = buffer.subarray(2 + buffer.readUInt16BE(0))
      }
      const lines = messages.flatMap(message => messageText(message).answer)
      const soas = lines.filter(line => line.split(' ')[3] === 'SOA').length
      if (messages.length > 0 && (!isTransfer || soas === 2 || lines.length === 0)) finish()
      else if (soas === 1 && lines.length === 1) {
        clearTimeout(timer)
        timer = setTimeout(finish, 100) // an IXFR that is up to date is one SOA
      }
    })
  })
}

/** Two other programs must read what we send: the same names, types and lifetimes, record by record. */
function otherReaders(message: Buffer): string[] {
  const ours = messageText(message)
  const expected = [...ours.answer, ...ours.ns, ...ours.extra]
    .map(line => line.split(' ').slice(0, 2).join(' '))
    .sort()
  const packet = dnsPacket.decode(message)
  const sections = [packet.answers ?? [], packet.authorities ?? [], packet.additionals ?? []].flat()
  const theirs = sections.flatMap(one =>
    one.type === 'OPT' ? [] : [`${one.name} ${'ttl' in one ? String(one.ttl) : ''}`]
  )
  const plain = (line: string) =>
    line
      .replace(/^\./, '')
      .replace(/\.? /, ' ')
      .replace(/\\(\d{3}|.)/g, '')
  const found: string[] = []
  // Its names have no escapes and no final dot; those with special octets are left to our own reader.
  if (!ours.question.some(({ name }) => name.includes('\\'))) {
    const [left, right] = [expected.map(plain).sort(), theirs.map(plain).sort()]
    if (JSON.stringify(left) !== JSON.stringify(right))
      found.push(`dns-packet reads ${right.join('; ')}, we ${left.join('; ')}`)
  }
  const parsed = dns2.Packet.parse(message) as Record<
    'answers' | 'authorities' | 'additionals',
    { type: number }[]
  >
  const counts = [parsed.answers, parsed.authorities, parsed.additionals].map(
    list => list.filter(({ type }) => type !== 41).length
  )
  const own = [ours.answer.length, ours.ns.length, ours.extra.length]
  if (JSON.stringify(counts) !== JSON.stringify(own))
    found.push(`dns2 reads ${counts.join()} records, we ${own.join()}`)
  return found
}

/** Where a server listens: over both transports alike, or not. */
export type Ports = number | { readonly udp: number; readonly tcp: number }

export async function ask(
  test: Case,
  ports: Ports
): Promise<MessageText & { readonly otherReaders: string[] }> {
  const { udp, tcp } = typeof ports === 'number' ? { udp: ports, tcp: ports } : ports
  const isTransfer = test.qtype === 'AXFR' || test.qtype === 'IXFR'
  let serial: number | undefined
  if (test.qtype === 'IXFR') {
    serial = test.ixfr_serial === 'current' ? await currentSerial(test.qname, ports) : (test.ixfr_serial ?? 0)
  }
  const query = encodeQuery(test, serial)
  const overTcp = test.transport === undefined ? isTransfer : test.transport === 'tcp'
  let messages = overTcp ? await askTcp(query, tcp, isTransfer) : await askUdp(query, udp)
  let reply = messageText(messages[0] as Buffer)
  if (reply.flags.includes('tc') && !overTcp && test.truncated !== true && test.transport !== 'udp') {
    messages = await askTcp(query, tcp, false)
    reply = messageText(messages[0] as Buffer)
  }
  return {
    ...reply,
    answer: messages.flatMap(message => messageText(message).answer),
    otherReaders: messages.flatMap(otherReaders)
  }
}

async function currentSerial(qname: string, ports: Ports): Promise<number> {
  const reply = await ask({ qname, qtype: 'SOA', rcode: 'NOERROR' }, ports)
  return Number(reply.answer[0]?.split(' ')[6] ?? 0)
}

/** Serials are the server's own; IPv6 addresses compare as addresses. */
function normal(line: string): string {
  const parts = line.trim().split(' ')
  if (parts[3] === 'AAAA') parts[4] = address(parts[4] ?? '').toString('hex')
  if (parts[3] === 'SOA') parts[6] = 'SERIAL'
  return parts.join(' ')
}

export function differences(given: Case, reply: MessageText): string[] {
  const bare = { answer: [], ns: [], extra: [] }
  const test =
    given.instead === undefined
      ? given
      : { ...given, flags: undefined, opt: undefined, ...bare, ...given.instead }
  const found: string[] = []
  const rcode = rcodeName(reply.rcode)
  if (!(test.rcode_any_of ?? [test.rcode]).includes(rcode))
    found.push(`rcode ${rcode}, expected ${test.rcode}`)
  const isTransfer = test.qtype === 'AXFR' || test.qtype === 'IXFR'
  for (const section of ['answer', 'ns', 'extra'] as const) {
    let expected = (test[section] ?? []).map(line => normal(line))
    let actual = reply[section].map(line => normal(line))
    if (isTransfer && section === 'answer' && reply.answer[0] !== reply.answer.at(-1))
      found.push('first and last SOA differ')
    if (test.compare_as === 'set') {
      expected = [...new Set(expected)]
      actual = [...new Set(actual)]
    }
    const left = [...actual]
    const missing = expected.filter(line => {
      const at = left.indexOf(line)
      if (at >= 0) left.splice(at, 1)
      return at < 0
    })
    // How many records fit a truncated reply depends on compression: at least as many, of the same owners and types.
    const isCut = reply.flags.includes('tc') && (test.flags ?? '').includes('tc')
    const kinds = new Set(expected.map(line => `${line.split(' ')[0] ?? ''} ${line.split(' ')[3] ?? ''}`))
    const isSameKind = (line: string) => kinds.has(`${line.split(' ')[0] ?? ''} ${line.split(' ')[3] ?? ''}`)
    if (isCut && actual.length >= expected.length && actual.every(isSameKind)) continue
    if (missing.length > 0) found.push(`${section} lacks ${JSON.stringify(missing)}`)
    if (left.length > 0) found.push(`${section} has ${JSON.stringify(left)}`)
    if (test.order !== undefined && section === 'answer') {
      const types = actual.map(line => line.split(' ')[3])
      if (
        types.lastIndexOf('CNAME') > types.findIndex(type => type !== 'CNAME') &&
        types.some(type => type !== 'CNAME')
      ) {
        found.push('a CNAME after its target')
      }
    }
  }
  if (test.flags !== undefined && !isTransfer && test.flags !== reply.flags)
    found.push(`flags ${reply.flags}, expected ${test.flags}`)
  if (test.opt !== undefined && test.opt !== reply.opt) found.push(`opt ${reply.opt}, expected ${test.opt}`)
  const echoed = reply.question[0]?.name
  if (echoed !== undefined && echoed !== test.qname) found.push(`question ${echoed}, expected ${test.qname}`)
  return found
}

/** The Pod that is to be the client gets the address that the questions come from. */
export function objectsOf(file: string, clientIp: string | undefined): RawObject[] {
  const text = readFileSync(new URL(file, folder), 'utf8')
  return YAML.parseAllDocuments(
    clientIp === undefined ? text : text.replaceAll(clientIp, '127.0.0.1')
  ).flatMap(document => {
    const object = document.toJS() as RawObject | null
    return object === null ? [] : (object.items ?? [object])
  })
}

/** The sets that can be replayed without an API server, and why the others can't. */
export function vectorSets(): { readonly sets: readonly VectorSet[]; readonly excepted: readonly string[] } {
  const sets: VectorSet[] = []
  const excepted: string[] = []
  for (const file of readdirSync(folder).filter(name => name.endsWith('.cases.json'))) {
    const set = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as VectorSet
    const needsApi = stepsOf(set).some(
      step => step.disconnect === true || step.compact === true || step.unsynced !== undefined
    )
    if (set.skip !== undefined || set.requires != null || needsApi) {
      excepted.push(`${set.set}: ${set.skip ?? 'needs an API server'}`)
    } else sets.push(set)
  }
  return { sets, excepted }
}

export const stepsOf = (set: VectorSet): readonly Step[] => set.steps ?? [{ cases: set.cases ?? [] }]

/** The cases of a set that are asked of a server with the same addresses of its own. */
export interface Group {
  readonly addresses: readonly string[]
  has(test: Case): boolean
}

export function groupsOf(set: VectorSet): readonly Group[] {
  const addressesOf = (test: Case) => JSON.stringify(test.local_ips ?? set.local_ips ?? [])
  const texts = new Set(stepsOf(set).flatMap(step => step.cases.map(addressesOf)))
  return [...texts].map(text => ({
    addresses: JSON.parse(text) as string[],
    has: test => addressesOf(test) === text && test.skip === undefined
  }))
}

/** Changes the cluster as a step says; returns what to ask then. */
export function takeStep(step: Step, source: MemorySource, group: Group): readonly Case[] {
  for (const one of step.delete ?? []) {
    const { namespace = '', name = '' } = one.metadata ?? one
    source.remove(one.kind, namespace, name)
  }
  for (const object of step.apply ?? []) source.putRaw(object)
  return step.cases.filter(test => group.has(test))
}

/** Writes a set's files into a folder; returns its Corefile, in which they stand with their whole paths. */
export function writeFiles(set: VectorSet, folder: string): string {
  let { corefile } = set
  for (const [name, text] of Object.entries(set.files ?? {})) {
    const path = join(folder, name)
    writeFileSync(path, text)
    corefile = corefile.replaceAll(name, path)
  }
  return corefile
}
