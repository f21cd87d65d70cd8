// Values that outlive a configuration: what it shares with the one before it.

/** A configuration's own values, and those of the one it takes over from. */
export class KeptValues {
  readonly #values = new Map<string, unknown>()
  #previous: ReadonlyMap<string, unknown> | undefined

  constructor(previous?: KeptValues) {
    this.#previous = previous === undefined ? undefined : previous.#values
  }

  /** The value, from the configuration before where that had it. */
  get<T>(key: string, make: () => T): T {
    if (!this.#values.has(key)) {
      const before = this.#previous
      this.#values.set(key, before?.has(key) === true ? before.get(key) : make())
    }
    return this.#values.get(key) as T
  }

  /** The configuration is in service: what it has not asked for is let go with the one before. */
  settle(): void {
    this.#previous = undefined
  }
}
