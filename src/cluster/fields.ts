// Reads the fields of an untyped object (YAML or JSON that someone wrote) and collects what is wrong with them, so that
// a trim function reads like a list of fields. Paths are built only when something is wrong.

export type FieldPath = readonly (string | number)[]

/** What is wrong with one field. An error makes the object unusable, a warning doesn't. */
export interface Flaw {
  readonly level: 'error' | 'warning'
  readonly path: FieldPath
  /** Where to point, when that is more exact than the path that is named: one label among the labels. */
  readonly at?: FieldPath
  /** What was found, and what was expected: `"x" is not a number; expected …`. */
  readonly text: string
}

/** A map in the object that is read. Absent and `null` are the same, as for the API server. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #flaws: Flaw[]
  readonly #parent: Fields | undefined
  readonly #steps: FieldPath

  constructor(
    values: Readonly<Record<string, unknown>>,
    flaws: Flaw[],
    parent?: Fields,
    steps: FieldPath = []
  ) {
    this.#values = values
    this.#flaws = flaws
    this.#parent = parent
    this.#steps = steps
  }

  /** The root of an object, or `undefined` (and a flaw) when it is no map. */
  static root(value: unknown, flaws: Flaw[]): Fields | undefined {
    if (isMap(value)) return new Fields(value, flaws)
    flaws.push({ level: 'error', path: [], text: `${wrongKind(value)}; expected a map (key: value)` })
    return undefined
  }

  has(key: string): boolean {
    return this.#value(key) !== null
  }

  holdsText(key: string): boolean {
    return typeof this.#value(key) === 'string'
  }

  /** A text, or '' when absent. */
  text(key: string): string {
    return this.#asText(this.#value(key), [key])
  }

  /** A text that is one of `allowed`, or '' when absent. */
  choice(key: string, allowed: readonly string[]): string {
    const text = this.text(key)
    if (text !== '' && !allowed.includes(text)) {
      this.error([key], `${shown(text)} is unknown; expected ${listed(allowed)}`)
    }
    return text
  }

  /**
   * A whole number from `least` to `most`, or `undefined` when absent. `outside` words what is said of whole numbers that
   * are not in this range.
   */
  number(key: string, least: number, most: number, outside?: (value: number) => string): number | undefined {
    const value = this.#value(key)
    if (value === null) return undefined
    const range = `a number from ${least} to ${most}`
    if (typeof value === 'number') {
      if (Number.isInteger(value) && value >= least && value <= most) return value
      const words = Number.isInteger(value) ? outside?.(value) : undefined
      this.error([key], words ?? `${shown(value)} is out of range; expected ${range}`)
    } else if (typeof value === 'string' && /^\d+$/.test(value)) {
      this.error([key], `${shown(value)} is text; expected ${range}: write it without quotes`)
    } else {
      this.error([key], `${wrongKind(value)}; expected ${range}`)
    }
    return undefined
  }

  boolean(key: string): boolean | undefined {
    const value = this.#value(key)
    if (value === null) return undefined
    if (typeof value === 'boolean') return value
    this.error([key], `${wrongKind(value)}; expected true or false`)
    return undefined
  }

  /** A map below this one; an empty one when absent. */
  map(key: string): Fields {
    const value = this.#value(key)
    if (isMap(value)) return new Fields(value, this.#flaws, this, [key])
    if (value !== null) this.error([key], `${wrongKind(value)}; expected a map (key: value)`)
    return new Fields({}, this.#flaws, this, [key])
  }

  /** A list of maps; empty when absent. */
  maps(key: string): Fields[] {
    const found: Fields[] = []
    this.#list(key).forEach((value, index) => {
      if (isMap(value)) found.push(new Fields(value, this.#flaws, this, [key, index]))
      else this.error([key, index], `${wrongKind(value)}; expected a map (key: value)`)
    })
    return found
  }

  /** A list of texts; empty when absent. */
  texts(key: string): string[] {
    return this.#list(key).map((value, index) => this.#asText(value, [key, index]))
  }

  /** The texts of a map, whatever else is in it: for advice, so nothing is said of the rest. */
  textsOf(key: string): Readonly<Record<string, string>> {
    const value = this.#value(key)
    if (!isMap(value)) return {}
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    )
  }

  /** A map of texts, as labels are; empty when absent. Any key is an ordinary key. */
  textMap(key: string): Record<string, string> {
    const value = this.#value(key)
    const texts: Record<string, string> = {}
    if (value === null) return texts
    if (!isMap(value)) {
      this.error([key], `${wrongKind(value)}; expected a map (key: value)`)
      return texts
    }
    for (const name of Object.keys(value)) {
      const text = this.#asText(value[name] ?? null, [key, name])
      if (/^[“”‘’]/.test(text)) {
        this.warning(
          [key, name],
          `${shown(text)} begins with a typographic quote, which is part of the value; type " or '`
        )
      }
      // An assignment to `__proto__` would set no key.
      if (name === '__proto__') Object.defineProperty(texts, name, { value: text, enumerable: true })
      else texts[name] = text
    }
    return texts
  }

  /** Says that what is at `steps` below this map is wrong; `at` are the steps to point at, if those are others. */
  error(steps: FieldPath, text: string, at?: FieldPath): void {
    this.#add('error', steps, text, at)
  }

  warning(steps: FieldPath, text: string, at?: FieldPath): void {
    this.#add('warning', steps, text, at)
  }

  #add(level: Flaw['level'], steps: FieldPath, text: string, at: FieldPath | undefined): void {
    const own = this.#path()
    const path = [...own, ...steps]
    // A map that is read for two purposes is wrong only once.
    const same = (flaw: Flaw) => flaw.text === text && isSamePath(flaw.path, path)
    if (level === 'error' && this.#flaws.some(same)) return
    this.#flaws.push({ level, path, text, ...(at === undefined ? {} : { at: [...own, ...at] }) })
  }

  #value(key: string): unknown {
    return this.#values[key] ?? null
  }

  #list(key: string): readonly unknown[] {
    const value = this.#value(key)
    if (Array.isArray(value)) return value
    if (value !== null) this.error([key], `${wrongKind(value)}; expected a list (lines that begin with "- ")`)
    return []
  }

  #asText(value: unknown, steps: FieldPath): string {
    if (typeof value === 'string') return value
    if (value === null || value === undefined) return ''
    const quoted =
      typeof value === 'number' || typeof value === 'boolean' ? `: write "${String(value)}" in quotes` : ''
    this.error(steps, `${wrongKind(value)}; expected text${quoted}`)
    return ''
  }

  #path(): (string | number)[] {
    return this.#parent === undefined ? [...this.#steps] : [...this.#parent.#path(), ...this.#steps]
  }
}

/** Compared from the end, where paths in one long list differ. */
function isSamePath(a: FieldPath, b: FieldPath): boolean {
  let at = a.length
  if (at !== b.length) return false
  while (at > 0 && a[at - 1] === b[at - 1]) at--
  return at === 0
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const SHOWN_CHARACTERS = 60

/** A value as a message shows it: JSON, cut when it is long. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`
}

/** `metadata.labels["app.kubernetes.io/name"]`, `spec.ports[0].port`. */
export function shownPath(path: FieldPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${shown(step)}]`
  }
  return text
}

/** `A`, `A or B`, `A, B or C`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}

function wrongKind(value: unknown): string {
  if (Array.isArray(value)) return 'is a list'
  if (isMap(value)) return 'is a map'
  if (typeof value === 'number') return `${String(value)} is a number`
  if (typeof value === 'boolean') return `${String(value)} is a boolean`
  return typeof value === 'string' ? `${shown(value)} is text` : 'is empty'
}
