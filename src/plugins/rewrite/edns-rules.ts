// `edns0 local|nsid|subnet append|replace|set|unset …` (corefile-and-plugins.md §8.13).
import { parseUnsigned, quoteText, type Parsed } from '../../corefile/values.ts'
import type { EdnsOption } from '../../dns/answer.ts'
import { parseAddress, parsedAddress } from '../../wire/address.ts'
import { formatName } from '../../wire/name.ts'
import { OptionCode } from '../../wire/numbers.ts'
import { write16 } from '../../wire/records.ts'
import type { QueryDraft, ResponseDraft, ResponseRule, Rule } from './draft.ts'

type Action = 'append' | 'replace' | 'set' | 'unset'

const ACTIONS: readonly string[] = ['append', 'replace', 'set', 'unset'] satisfies Action[]
/** Octets of metadata that one option takes at most. */
const DATA_OCTETS_MAX = 4096

/** An option's data for a query; `undefined` when there is none to give, and the rule doesn't apply. */
type Data = (draft: QueryDraft) => Uint8Array | undefined

export interface EdnsRule {
  readonly rule: Rule
  /** A code that answers of this server repeat from now on. */
  readonly localCode: number | undefined
}

/** Reads the words after `edns0`. */
export function readEdnsRule(args: readonly string[]): Parsed<EdnsRule> {
  if (args.length < 2) return { error: 'too few arguments for an EDNS0 rule' }
  const field = (args[0] as string).toLowerCase()
  const action = (args[1] as string).toLowerCase()
  if (!isAction(action)) return { error: `invalid action: ${quoteText(action)}` }
  const revert = args.at(-1) === 'revert'
  const words = (revert ? args.slice(0, -1) : args).slice(2)
  switch (field) {
    case 'local':
      return readLocal(action, words, revert)
    case 'nsid':
      if (words.length > 0) return { error: 'EDNS0 NSID rules can have no more than two args' }
      return plain(OptionCode.NSID, action, () => new Uint8Array(), revert)
    case 'subnet':
      return readSubnet(action, words, revert)
    default:
      return { error: `invalid rule type ${quoteText(field)}` }
  }
}

const isAction = (text: string): text is Action => ACTIONS.includes(text)

function plain(code: number, action: Action, data: Data, revert: boolean): Parsed<EdnsRule> {
  return { value: { rule: new OptionRule(code, action, data, revert), localCode: undefined } }
}

function readLocal(action: Action, words: readonly string[], revert: boolean): Parsed<EdnsRule> {
  if (action === 'unset' && words.length !== 1)
    return { error: 'local unset action requires exactly two arguments' }
  if (action !== 'unset' && words.length !== 2)
    return { error: 'EDNS0 local rules require three or four args' }
  const [codeText = '', dataText = ''] = words
  const code = readCode(codeText)
  if (code.error !== undefined) return code
  const data = action === 'unset' ? { value: () => new Uint8Array() } : readData(dataText)
  if (data.error !== undefined) return data
  const rule = new OptionRule(code.value, action, data.value, revert)
  return { value: { rule, localCode: code.value } }
}

/** A decimal, `0x`, `0o`, `0b` or `0` octal number of 16 bits. */
function readCode(text: string): Parsed<number> {
  const bad = { error: `strconv.ParseUint: parsing ${quoteText(text)}: invalid syntax` }
  const octal = /^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text
  if (!/^(?:\d+|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(octal)) return bad
  const number = Number(octal)
  if (number <= 0xffff) return { value: number }
  return { error: `strconv.ParseUint: parsing ${quoteText(text)}: value out of range` }
}

function readData(text: string): Parsed<Data> {
  if (text.startsWith('{') && text.endsWith('}')) return readVariable(text)
  if (!text.startsWith('0x')) {
    const data = Buffer.from(text, 'utf8')
    return { value: () => data }
  }
  const digits = text.slice(2)
  const wrong = /[^\da-fA-F]/.exec(digits)?.[0]
  if (wrong !== undefined) return { error: `encoding/hex: invalid byte: U+${hex4(wrong)} '${wrong}'` }
  if (digits.length % 2 === 1) return { error: 'encoding/hex: odd length hex string' }
  const data = Buffer.from(digits, 'hex')
  return { value: () => data }
}

const hex4 = (character: string): string =>
  (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')

const variables: Readonly<Record<string, Data>> = {
  '{qname}': draft => Buffer.from(formatName(draft.name), 'latin1'),
  '{qtype}': draft => number16(draft.qtype),
  '{client_ip}': ({ query }) => addressOf(query.peer.address, query.peer.address),
  '{client_port}': ({ query }) => number16(query.peer.port),
  '{protocol}': ({ query }) => Buffer.from(query.transport === 'udp' ? 'udp' : 'tcp', 'latin1'),
  '{server_ip}': ({ query }) => addressOf(query.listener.address, query.peer.address),
  '{server_port}': ({ query }) => number16(query.listener.port)
}

function readVariable(text: string): Parsed<Data> {
  const known = Object.hasOwn(variables, text) ? variables[text] : undefined
  if (known !== undefined) return { value: known }
  const label = text.slice(1, -1)
  if (!label.includes('/')) return { error: `unsupported variable name ${quoteText(text)}` }
  return {
    value: ({ query }) => {
      const value = query.metadata?.get(label)
      return value === undefined || value === ''
        ? undefined
        : Buffer.from(value, 'utf8').subarray(0, DATA_OCTETS_MAX)
    }
  }
}

function number16(value: number): Uint8Array {
  const octets = new Uint8Array(2)
  write16(octets, 0, value)
  return octets
}

/** The octets of an address of the client's family; `undefined` for one of the other family, as a wildcard's is. */
function addressOf(text: string, client: string): Uint8Array | undefined {
  const isIpv6 = client.includes(':')
  const family = parseAddress(text.replace(/^\[|\]$/g, '').replace(/%.*$/, ''))
  if (family !== (isIpv6 ? 16 : 4)) return undefined
  return parsedAddress.slice(0, family)
}

function readSubnet(action: Action, words: readonly string[], revert: boolean): Parsed<EdnsRule> {
  if (action === 'unset') {
    if (words.length > 0) return { error: 'subnet unset action requires exactly one argument' }
    return plain(OptionCode.CLIENT_SUBNET, action, () => new Uint8Array(), revert)
  }
  if (words.length !== 2) return { error: 'EDNS0 subnet rules require three or four args' }
  const bits: number[] = []
  for (const [at, [name, max]] of (
    [
      ['IPv4', 32],
      ['IPv6', 128]
    ] as const
  ).entries()) {
    const number = parseUnsigned(words[at] as string, 8)
    if (number.error !== undefined) return number
    if (number.value > max) return { error: `invalid ${name} bit mask length ${words[at] as string}` }
    bits.push(number.value)
  }
  const [ipv4 = 0, ipv6 = 0] = bits
  return plain(
    OptionCode.CLIENT_SUBNET,
    action,
    ({ query }) => {
      const address = addressOf(query.peer.address, query.peer.address)
      if (address === undefined) return undefined
      return address.length === 4 ? subnet(1, ipv4, address) : subnet(2, ipv6, address)
    },
    revert
  )
}

/** RFC 7871 §6: family, source and scope prefix lengths, as many octets of the address as the prefix needs. */
function subnet(family: number, bits: number, address: Uint8Array): Uint8Array {
  const octets = Math.ceil(bits / 8)
  const data = new Uint8Array(4 + octets)
  write16(data, 0, family)
  data[2] = bits
  data.set(address.subarray(0, octets), 4)
  if (bits % 8 > 0) data[3 + octets] = (data[3 + octets] as number) & (0xff << (8 - (bits % 8)))
  return data
}

class OptionRule implements Rule {
  readonly #code: number
  readonly #action: Action
  readonly #data: Data
  readonly #revert: boolean

  constructor(code: number, action: Action, data: Data, revert: boolean) {
    this.#code = code
    this.#action = action
    this.#data = data
    this.#revert = revert
  }

  rewrite(draft: QueryDraft): boolean {
    const data = this.#data(draft)
    if (data === undefined) return false
    const { options } = draft
    const code = this.#code
    const before = options.filter(option => option.code === code)
    const changed = this.#change(options, { code, data })
    if (changed && this.#revert) draft.responseRules.push(new OptionBack(code, before[0]))
    return changed
  }

  #change(options: EdnsOption[], option: EdnsOption): boolean {
    const at = options.findIndex(({ code }) => code === option.code)
    switch (this.#action) {
      case 'append':
        options.push(option)
        return true
      case 'unset': {
        const others = options.filter(({ code }) => code !== option.code)
        options.splice(0, options.length, ...others)
        return at >= 0
      }
      case 'replace':
      case 'set':
        if (at >= 0) options[at] = option
        else if (this.#action === 'set') options.push(option)
        else return false
        return true
    }
  }
}

/** The option as the client sent it, or not at all, where the answer repeats it. */
class OptionBack implements ResponseRule {
  readonly #code: number
  readonly #original: EdnsOption | undefined

  constructor(code: number, original: EdnsOption | undefined) {
    this.#code = code
    this.#original = original
  }

  apply(response: ResponseDraft): void {
    const original = this.#original
    response.options = response.options?.flatMap(option => {
      if (option.code !== this.#code) return [option]
      return original === undefined ? [] : [original]
    })
  }
}
