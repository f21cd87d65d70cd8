// `template CLASS TYPE [ZONES…] { … }`, tried in file order (corefile-and-plugins.md §8.14).
import type { Dispenser } from '../../corefile/dispenser.ts'
import { compilePattern, type Pattern } from '../../corefile/pattern.ts'
import { parseUnsigned } from '../../corefile/values.ts'
import { fallthroughZones, zonesOrKeys } from '../../corefile/zones.ts'
import type { RcodeNumber } from '../../dns/answer.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { metricsOf, type Metrics } from '../../metrics/metrics.ts'
import { Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import type { PluginDefinition, SetupContext } from '../definition.ts'
import { Template } from './go/execute.ts'
import { className, typeName, type Matched } from './template-data.ts'
import { Templates, type SectionName, type TemplateMeter, type TemplateRule } from './template.ts'

const EDE_TEXT_OCTETS_MAX = 1000

const MATCHES = {
  name: 'coredns_template_matches_total',
  help: 'Counter of template regex matches.',
  labels: ['server', 'zone', 'view', 'class', 'type']
}
const FAILURE_LABELS = ['server', 'zone', 'view', 'class', 'type', 'section', 'template']
const TEMPLATE_FAILURES = {
  name: 'coredns_template_template_failures_total',
  help: 'Counter of go template failures.',
  labels: FAILURE_LABELS
}
const RECORD_FAILURES = {
  name: 'coredns_template_rr_failures_total',
  help: 'Counter of mis-templated RRs.',
  labels: FAILURE_LABELS
}

export const templatePlugin: PluginDefinition = {
  name: 'template',
  setup(c, context) {
    const rules: TemplateRule[] = []
    while (c.next()) rules.push(readStanza(c, context))
    return new Templates(rules, context.lookup, meterOf(metricsOf(context)))
  }
}

function readStanza(c: Dispenser, context: SetupContext): TemplateRule {
  const qclass = readNumber(c, Rclass, 'invalid query class')
  const qtype = readNumber(c, Rtype, 'invalid RR class')
  const zones = zonesOrKeys(c.remainingArgs(), context.keys)
  const patterns: Pattern[] = []
  const sections: Record<SectionName, Template[]> = { answer: [], additional: [], authority: [] }
  let rcode: RcodeNumber = Rcode.NOERROR
  let ede: TemplateRule['ede']
  let fallthrough: TemplateRule['fallthrough']
  while (c.nextBlock()) {
    const property = c.val()
    switch (property) {
      case 'match':
        patterns.push(...readPatterns(c))
        break
      case 'answer':
      case 'additional':
      case 'authority':
        sections[property].push(...readTemplates(c, property))
        break
      case 'rcode':
        rcode = readRcode(c)
        break
      case 'ederror':
        ede = readEde(c)
        break
      case 'fallthrough': {
        const names = fallthroughZones(c.remainingArgs()).flatMap(({ name }) => name ?? [])
        fallthrough = new ZoneTable(names.map(name => [name, true] as const))
        break
      }
      case 'upstream':
        c.remainingArgs() // aliases are always looked up through the server itself
        break
      default:
        throw c.argErr(
          'template knows match, answer, additional, authority, rcode, ederror, fallthrough and upstream'
        )
    }
  }
  const everything = compilePattern('.*')
  if (patterns.length === 0 && everything.error === undefined) patterns.push(everything.value)
  return {
    qclass,
    qtype,
    zones: new ZoneTable(
      zones.flatMap(({ name, zone }) => (name === undefined ? [] : [[name, zone] as const]))
    ),
    patterns,
    sections,
    rcode,
    ede,
    fallthrough
  }
}

/** A name of a class or type, in capitals. */
function readNumber(c: Dispenser, known: Readonly<Record<string, number>>, wrong: string): number {
  if (!c.nextArg()) throw c.argErr('template takes a class, a type, and perhaps zones')
  const number = Object.hasOwn(known, c.val()) ? known[c.val()] : undefined
  if (number !== undefined) return number
  const upper = c.val().toUpperCase()
  const hint = Object.hasOwn(known, upper) ? `write it in capitals: ${upper}` : undefined
  throw c.errf(`${wrong} ${c.val()}`, hint)
}

function readPatterns(c: Dispenser): Pattern[] {
  const words = c.remainingTokens()
  if (words.length === 0) throw c.argErr()
  return words.map(word => {
    const pattern = compilePattern(word.text)
    if (pattern.error !== undefined)
      throw c.errf(`could not parse regex: ${word.text}, ${pattern.error}`, undefined, word)
    return pattern.value
  })
}

function readTemplates(c: Dispenser, section: SectionName): Template[] {
  const words = c.remainingTokens()
  if (words.length === 0) throw c.argErr()
  return words.map(word => {
    try {
      return new Template(section, word.text)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw c.errf(`could not compile template: ${c.val()}, ${message}`, undefined, word)
    }
  })
}

function readRcode(c: Dispenser): RcodeNumber {
  if (!c.nextArg()) throw c.argErr()
  const known: Readonly<Record<string, number>> = Rcode
  const rcode = Object.hasOwn(known, c.val()) ? known[c.val()] : undefined
  if (rcode === undefined) throw c.errf(`unknown rcode ${c.val()}`)
  return rcode
}

function readEde(c: Dispenser): { readonly code: number; readonly text: string } {
  const [code, text = '', ...more] = c.remainingArgs()
  if (code === undefined || more.length > 0) throw c.argErr()
  const number = parseUnsigned(code, 16)
  if (number.error !== undefined)
    throw c.errf(`error parsing extended DNS error code ${code}, ${number.error}`)
  if (Buffer.byteLength(text) > EDE_TEXT_OCTETS_MAX)
    throw c.errf(`the text of ederror has more than ${EDE_TEXT_OCTETS_MAX} octets`)
  return { code: number.value, text }
}

function meterOf(metrics: Metrics): TemplateMeter {
  const labels = (matched: Matched): [string, string, string, string, string] => [
    matched.query.listener.label,
    matched.zone,
    '',
    className(matched),
    typeName(matched)
  ]
  const matches = metrics.counter(MATCHES)
  const templateFailures = metrics.counter(TEMPLATE_FAILURES)
  const recordFailures = metrics.counter(RECORD_FAILURES)
  return {
    matched: matched => matches.with(...labels(matched)).increment(),
    templateFailed: (matched, section, template) =>
      templateFailures.with(...labels(matched), section, template.text).increment(),
    recordFailed: (matched, section, template) =>
      recordFailures.with(...labels(matched), section, template.text).increment()
  }
}
