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

class SelectorReader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#tokens = text.match(/[!<>]=?|==?|[(),]|[^\s!=<>(),]+/g) ?? []
  }

  requirements(): Requirement[] {
    const found: Requirement[] = []
    if (this.#tokens.length === 0) return found
    for (;;) {
      found.push(this.#requirement())
      const separator = this.#take()
      if (separator === undefined) return found
      if (separator !== ',') throw new Error(`found '${separator}', expected: ',' or 'end of string'`)
      if (this.#peek() === undefined) throw new Error(`found '', expected: identifier after ','`)
    }
  }

  #requirement(): Requirement {
    if (this.#peek() === '!') {
      this.#take()
      return { key: this.#key(), operator: 'absent', values: [] }
    }
    const key = this.#key()
    const operator = this.#peek()
    if (operator === undefined || operator === ',') return { key, operator: 'exists', values: [] }
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
        if (!/^-?\d+$/.test(value))
          throw new Error(
            `values: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`
          )
        return { key, operator: operator === '>' ? 'gt' : 'lt', values: [value] }
      }
      default:
        throw new Error(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  #key(): string {
    const key = this.#take()
    if (key === undefined || !/^[^!=<>(),]+$/.test(key)) {
      throw new Error(`found '${key ?? ''}', expected: !, identifier, or 'end of string'`)
    }
    if (!KEY.test(key)) throw new Error(`key: Invalid value: "${key}": not a label key`)
    return key
  }

  #value(): string {
    const next = this.#peek()
    if (next === undefined || next === ',') return ''
    this.#take()
    if (!VALUE.test(next)) throw new Error(`values: Invalid value: "${next}": not a label value`)
    return next
  }

  #list(): string[] {
    const open = this.#take()
    if (open !== '(') throw new Error(`found '${open ?? ''}', expected: '('`)
    const values: string[] = []
    for (;;) {
      if (this.#peek() === ')' || this.#peek() === ',') values.push('')
      else values.push(this.#value())
      const close = this.#take()
      if (close === ')') return values
      if (close !== ',') throw new Error(`found '${close ?? ''}', expected: ',', or ')'`)
    }
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  #take(): string | undefined {
    return this.#tokens[this.#at++]
  }
}
