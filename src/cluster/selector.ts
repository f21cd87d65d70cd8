// Label selectors as the API server takes them: `app=web,tier!=db,env in (a,b),!legacy`
// (Kubernetes documentation, "Labels and Selectors").

interface Requirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt'
  readonly values: readonly string[]
}

/** A parsed selector. */
export class LabelSelector {
  /** As it was written, for comparing two of them. */
  readonly text: string
  readonly #requirements: readonly Requirement[]

  private constructor(text: string, requirements: readonly Requirement[]) {
    this.text = text
    this.#requirements = requirements
  }

  /** Reads a selector. Throws Error with what was found and what was expected. */
  static parse(text: string): LabelSelector {
    return new LabelSelector(text, new SelectorReader(text).requirements())
  }

  matches(labels: Readonly<Record<string, string>>): boolean {
    return this.#requirements.every(({ key, operator, values }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined
      switch (operator) {
        case 'exists':
          return value !== undefined
        case 'absent':
          return value === undefined
        case 'in':
          return value !== undefined && values.includes(value)
        case 'notin':
          return value === undefined || !values.includes(value)
        case 'gt':
          return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(values[0])
        case 'lt':
          return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(values[0])
      }
    })
  }
}

const KEY = /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/

/** Reads requirements; error texts are those of the API's own parser, as far as they say where it stopped. */
class SelectorReader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#tokens = text.match(/!=|==?|[!<>(),]|[^\s!=<>(),]+/g) ?? []
  }

  requirements(): Requirement[] {
    const found: Requirement[] = []
    if (this.#tokens.length === 0) return found
    for (;;) {
      const first = this.#peek()
      if (!isIdentifier(first) && first !== '!') {
        throw new Error(
          found.length === 0
            ? `found '${first}', expected: !, identifier, or 'end of string'`
            : `found '${first}', expected: identifier after ','`
        )
      }
      found.push(this.#requirement())
      const separator = this.#take()
      if (separator === '') return found
      if (separator !== ',') throw new Error(`found '${separator}', expected: ',' or 'end of string'`)
    }
  }

  #requirement(): Requirement {
    if (this.#peek() === '!') {
      this.#take()
      return { key: this.#key(), operator: 'absent', values: [] }
    }
    const key = this.#key()
    const operator = this.#peek()
    if (operator === '' || operator === ',') return { key, operator: 'exists', values: [] }
    this.#take()
    switch (operator) {
      case '=':
      case '==':
        return { key, operator: 'in', values: [this.#value()] }
      case '!=':
        return { key, operator: 'notin', values: [this.#value()] }
      case 'in':
      case 'notin':
        return { key, operator, values: this.#list() }
      case '>':
      case '<': {
        const value = this.#value()
        if (!/^-?\d+$/.test(value)) {
          throw stopped(
            `values: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`
          )
        }
        return { key, operator: operator === '>' ? 'gt' : 'lt', values: [value] }
      }
      default:
        throw stopped(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  #key(): string {
    const key = this.#take()
    if (!isIdentifier(key)) throw stopped(`found '${key}', expected: identifier`)
    if (!KEY.test(key)) throw stopped(`key: Invalid value: "${key}": not a label key`)
    return key
  }

  #value(): string {
    const next = this.#peek()
    if (next === '' || next === ',') return ''
    this.#take()
    if (!isIdentifier(next)) throw stopped(`found '${next}', expected: identifier`)
    return checkedValue(next)
  }

  /** `(a, b)`; a value between two commas, or a comma and a parenthesis, may be left out and is empty. */
  #list(): string[] {
    const open = this.#take()
    if (open !== '(') throw stopped(`found '${open}' expected: '('`)
    const values: string[] = []
    for (;;) {
      const next = this.#peek()
      if (isIdentifier(next)) {
        values.push(checkedValue(next))
        this.#take()
      } else if (next === ')' || next === ',') {
        values.push('')
      } else {
        const expected = values.length === 0 ? "',', ')' or identifier" : "',', or identifier"
        throw stopped(`found '${next}', expected: ${expected}`)
      }
      const close = this.#take()
      if (close === ')') return values
      if (close !== ',') throw stopped(`found '${close}', expected: ',' or ')'`)
    }
  }

  /** The next token; empty at the end. */
  #peek(): string {
    return this.#tokens[this.#at] ?? ''
  }

  #take(): string {
    return this.#tokens[this.#at++] ?? ''
  }
}

function isIdentifier(token: string): boolean {
  return /^[^!=<>(),]/.test(token)
}

function checkedValue(value: string): string {
  if (!VALUE.test(value)) throw stopped(`values: Invalid value: "${value}": not a label value`)
  return value
}

/** The error of a requirement that can't be read. */
function stopped(why: string): Error {
  return new Error(`unable to parse requirement: ${why}`)
}
