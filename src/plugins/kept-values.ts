// Values that outlive a configuration: what the next one asks for by the same key is handed on, the rest is let go.

interface Kept {
  readonly value: unknown
  readonly drop: () => void
}

/**
 * One configuration's share. A reload makes the next share from this one (`new KeptValues(before)`), and calls `settle`
 * once the next configuration serves, or `abandon` when it came to nothing.
 */
export class KeptValues {
  readonly #values = new Map<string, Kept>()
  #before: KeptValues | undefined

  constructor(before?: KeptValues) {
    this.#before = before
  }

  /** The value of this key: the configuration before's, or a new one. `drop` lets go of it when nobody asks any more. */
  keep<T>(key: string, make: () => T, drop: (value: T) => void = () => undefined): T {
    let kept = this.#values.get(key) ?? this.#before?.find(key)
    if (kept === undefined) {
      const value = make()
      kept = { value, drop: () => drop(value) }
    }
    this.#values.set(key, kept)
    return kept.value as T
  }

  /** All values of this configuration. */
  values(): readonly unknown[] {
    return [...this.#values.values()].map(({ value }) => value)
  }

  /** The configuration before is gone: drops what it had and this one did not ask for. */
  settle(): void {
    const before = this.#before
    this.#before = undefined
    if (before !== undefined) this.#dropUnless(before, this)
  }

  /** This configuration will never serve: drops what was made for it alone. */
  abandon(): void {
    this.#dropUnless(this, this.#before)
  }

  /** What is kept under this key. */
  protected find(key: string): Kept | undefined {
    return this.#values.get(key)
  }

  #dropUnless(values: KeptValues, others: KeptValues | undefined): void {
    for (const [key, kept] of values.#values) {
      if (others?.find(key) !== kept) kept.drop()
    }
  }
}
