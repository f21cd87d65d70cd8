// The rules for names, labels and ports that an API server checks, and its words for those that break them
// (Kubernetes documentation, "Object Names and IDs", "Labels and Selectors"; RFC 1035 §2.3.1, RFC 1123 §2.1).
import { shown } from '../fields.ts'

/** What is wrong with a text, in the API server's words; undefined when nothing is. */
export type Rule = (text: string) => string | undefined

export const required = (detail = ''): string =>
  detail === '' ? 'Required value' : `Required value: ${detail}`

export const invalid = (value: unknown, detail: string): string => `Invalid value: ${shown(value)}: ${detail}`

export const duplicate = (value: unknown): string => `Duplicate value: ${shown(value)}`

export const forbidden = (detail: string): string => `Forbidden: ${detail}`

export const unsupported = (value: string, supported: readonly string[]): string =>
  `Unsupported value: ${shown(value)}: supported values: ${supported.map(each => `"${each}"`).join(', ')}`

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SERVICE_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
/** As search domains may be since Kubernetes 1.33. */
const RELAXED_LABEL = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const RELAXED_SUBDOMAIN = `${RELAXED_LABEL}(\\.${RELAXED_LABEL})*`
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const VALUE = `(${QUALIFIED})?`

const LABEL_MAX = 63
const SUBDOMAIN_MAX = 253
const PORT_NAME_MAX = 15

/** `… (e.g. 'a',  or 'b', regex used for validation is '…')`: its form in every message of this kind. */
const explained = (what: string, pattern: string, ...examples: readonly string[]): string =>
  `${what} (e.g. ${examples.map(each => `'${each}', `).join(' or ')}regex used for validation is '${pattern}')`

const LABEL_WORDS = explained(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  LABEL,
  'my-name',
  '123-abc'
)
const SERVICE_WORDS = explained(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  SERVICE_LABEL,
  'my-name',
  'abc-123'
)
const SUBDOMAIN_WORDS = explained(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN,
  'example.com'
)
const RELAXED_SUBDOMAIN_WORDS = explained(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  RELAXED_SUBDOMAIN,
  'example.com'
)
const QUALIFIED_WORDS = explained(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED,
  'MyName',
  'my.name',
  '123-abc'
)
const VALUE_WORDS = explained(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  VALUE,
  'MyValue',
  'my_value',
  '12345'
)

const tooLong = (most: number): string => `must be no more than ${most} characters`

const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`)
const LABEL_PATTERN = whole(LABEL)
const SERVICE_PATTERN = whole(SERVICE_LABEL)
const SUBDOMAIN_PATTERN = whole(SUBDOMAIN)
const RELAXED_SUBDOMAIN_PATTERN = whole(RELAXED_SUBDOMAIN)
const QUALIFIED_PATTERN = whole(QUALIFIED)
const VALUE_PATTERN = whole(VALUE)

/** The length is judged first: it bounds what the pattern has to walk through. */
const rule =
  (most: number, pattern: RegExp, words: string): Rule =>
  text => {
    if (text.length > most) return tooLong(most)
    if (pattern.test(text)) return undefined
    return /[“”„‟‘’‚‛]/.test(text) ? `${words} (these are typographic quotes, as web pages have)` : words
  }

/** Namespaces, hostnames, container and Service port names. */
export const label = rule(LABEL_MAX, LABEL_PATTERN, LABEL_WORDS)
/** Names of Services. */
export const serviceLabel = rule(LABEL_MAX, SERVICE_PATTERN, SERVICE_WORDS)
/** Names of everything else. */
export const subdomain = rule(SUBDOMAIN_MAX, SUBDOMAIN_PATTERN, SUBDOMAIN_WORDS)
/** Search domains of Pods. */
export const subdomainWithUnderscore = rule(SUBDOMAIN_MAX, RELAXED_SUBDOMAIN_PATTERN, RELAXED_SUBDOMAIN_WORDS)
export const labelValue = rule(LABEL_MAX, VALUE_PATTERN, VALUE_WORDS)

const cronJobLength = rule(52, /^/, '')
/** Names of CronJobs: what their Jobs add must still fit. */
export const cronJobName: Rule = text => cronJobLength(text) ?? subdomain(text)

/** Keys of labels and annotations: `app`, `example.com/tier`. */
export const labelKey: Rule = text => {
  const [first = '', second, ...more] = text.split('/')
  if (more.length > 0)
    return `a qualified name ${QUALIFIED_WORDS} with an optional DNS subdomain prefix and '/'`
  if (second !== undefined) {
    const bad = first === '' ? 'must be non-empty' : subdomain(first)
    if (bad !== undefined) return `prefix part ${bad}`
  }
  const name = second ?? first
  if (name === '') return 'name part must be non-empty'
  if (name.length > LABEL_MAX) return `name part ${tooLong(LABEL_MAX)}`
  return QUALIFIED_PATTERN.test(name) ? undefined : `name part ${QUALIFIED_WORDS}`
}

/** Names of container ports, and target ports by name (RFC 6335 §5.1). */
export const portName: Rule = text => {
  if (text.length > PORT_NAME_MAX) return tooLong(PORT_NAME_MAX)
  if (!/^[-a-z0-9]+$/.test(text))
    return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
  if (!/[a-z]/.test(text)) return 'must contain at least one letter (a-z)'
  if (text.includes('--')) return 'must not contain consecutive hyphens'
  return text.startsWith('-') || text.endsWith('-') ? 'must not begin or end with a hyphen' : undefined
}

export const PORT_RANGE = 'must be between 1 and 65535, inclusive'
