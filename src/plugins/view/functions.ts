// What an expression may ask of a query.
import { parseCidr, parseIp, type Cidr } from '../../corefile/addresses.ts'
import type { Query } from '../../dns/query.ts'
import { queryLength, queryNameText } from '../../dns/query-text.ts'
import { rclassName, rtypeName } from '../../wire/numbers.ts'

export type ValueType = 'string' | 'int' | 'float64' | 'bool' | 'array' | 'nil' | 'any'
export type Value = string | number | boolean | null | readonly Value[]

/** A value that can't be had for this query: the view doesn't match. */
export class NoValue extends Error {}

export interface QueryFunction {
  readonly parameters: readonly ValueType[]
  readonly result: ValueType
  readonly call: (query: Query, args: readonly Value[]) => Value
}

const ofQuery = (result: ValueType, call: (query: Query) => Value): QueryFunction => ({
  parameters: [],
  result,
  call
})

const ofText = (result: ValueType, call: (text: string) => Value): QueryFunction => ({
  parameters: ['string'],
  result,
  call: (_query, [text]) => call(String(text))
})

const withoutBrackets = (address: string): string => address.replace(/^\[|\]$/g, '')

/** `readMetadata` tells what other plugins know of a query. */
export function queryFunctions(
  readMetadata: (query: Query, label: string) => string
): ReadonlyMap<string, QueryFunction> {
  return new Map<string, QueryFunction>([
    ['name', ofQuery('string', queryNameText)],
    ['type', ofQuery('string', query => rtypeName(query.qtype))],
    ['class', ofQuery('string', query => rclassName(query.qclass))],
    ['client_ip', ofQuery('string', query => query.peer.address)],
    ['port', ofQuery('string', query => String(query.peer.port))],
    ['proto', ofQuery('string', query => (query.transport === 'udp' ? 'udp' : 'tcp'))],
    ['server_ip', ofQuery('string', query => withoutBrackets(query.listener.address))],
    ['server_port', ofQuery('string', query => String(query.listener.port))],
    ['size', ofQuery('int', queryLength)],
    ['bufsize', ofQuery('int', query => query.sizeMax)],
    ['do', ofQuery('bool', query => query.dnssecOk)],
    ['id', ofQuery('int', query => query.id)],
    ['opcode', ofQuery('int', query => query.opcode)],
    [
      'metadata',
      {
        parameters: ['string'],
        result: 'string',
        call: (query, [label]) => readMetadata(query, String(label))
      }
    ],
    [
      'incidr',
      {
        parameters: ['string', 'string'],
        result: 'bool',
        call: (_query, [address, network]) => isIn(String(address), String(network))
      }
    ],
    ['lower', ofText('string', text => text.toLowerCase())],
    ['upper', ofText('string', text => text.toUpperCase())],
    ['len', ofText('int', text => Array.from(text).length)]
  ])
}

/** An address of one family lies in no network of the other. Throws NoValue when either is none, as CoreDNS fails. */
function isIn(address: string, network: string): boolean {
  const ip = parseIp(address)
  if (ip === undefined) throw new NoValue('first argument is not an IP address')
  const cidr = parseCidr(network)
  if (cidr === undefined) throw new NoValue(`invalid CIDR address: ${network}`)
  return covers(cidr, ip.octets)
}

function covers({ octets, bits }: Cidr, address: Uint8Array): boolean {
  if (octets.length !== address.length) return false
  for (let at = 0; at * 8 < bits; at++) {
    const left = bits - at * 8
    const mask = left >= 8 ? 0xff : (0xff00 >> left) & 0xff
    if (((octets[at] as number) ^ (address[at] as number)) & mask) return false
  }
  return true
}
