// Metric families: a name, a help text, label names, and series of numbers. Nothing here knows the format they leave in.

export type FamilyType = 'counter' | 'gauge' | 'histogram'

export interface FamilySpec {
  readonly name: string
  readonly help: string
  /** Label names; without any, the family has one series, which is there from the start at 0. */
  readonly labels?: readonly string[]
}

export interface HistogramSpec extends FamilySpec {
  /** Upper bounds, ascending; +Inf is added. */
  readonly buckets: readonly number[]
}

/** One line of an exposition: `NAME[SUFFIX]{LABELS} VALUE`. */
export interface Sample {
  readonly suffix: '' | '_bucket' | '_sum' | '_count'
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A family as it is at one moment. */
export interface FamilySamples {
  readonly name: string
  readonly help: string
  readonly type: FamilyType
  readonly samples: readonly Sample[]
}

/** The most series one family keeps; what is counted under further labels is lost, and memory isn't. */
const SERIES_MAX = 2000

/** A number that grows, or one that is set. */
export class Value {
  value = 0

  increment(by = 1): void {
    this.value += by
  }
}

/** How often values fell below each bound, and their sum. */
export class Histogram {
  readonly bounds: readonly number[]
  /** One count for each bound and one for what is above them all; not cumulative. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const bounds = this.bounds
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at++
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += value
  }
}

/** Series of one family, by the values of its labels. */
export class Family<T> {
  readonly spec: FamilySpec
  readonly type: FamilyType
  readonly #make: () => T
  readonly #samples: (series: T, labels: Readonly<Record<string, string>>) => readonly Sample[]
  readonly #series = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; readonly series: T }
  >()
  #overflow: T | undefined

  constructor(
    spec: FamilySpec,
    type: FamilyType,
    make: () => T,
    samples: (series: T, labels: Readonly<Record<string, string>>) => readonly Sample[]
  ) {
    this.spec = spec
    this.type = type
    this.#make = make
    this.#samples = samples
    if ((spec.labels ?? []).length === 0) this.with()
  }

  /** The series with these label values, in the order of the spec's labels; made when it is new. */
  with(...values: readonly string[]): T {
    const key = values.join('\0')
    const known = this.#series.get(key)
    if (known !== undefined) return known.series
    if (this.#series.size >= SERIES_MAX) return (this.#overflow ??= this.#make())
    const names = this.spec.labels ?? []
    const labels = Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
    const series = this.#make()
    this.#series.set(key, { labels, series })
    return series
  }

  /** How many series there are. */
  get size(): number {
    return this.#series.size
  }

  collect(): FamilySamples {
    const samples = [...this.#series.values()].flatMap(each => this.#samples(each.series, each.labels))
    return { name: this.spec.name, help: this.spec.help, type: this.type, samples }
  }
}

/** A counter's or gauge's only line. */
export const valueSamples = (series: Value, labels: Readonly<Record<string, string>>): readonly Sample[] => [
  { suffix: '', labels, value: series.value }
]

/** A histogram's lines, its buckets cumulative as the exposition format wants them. */
export function histogramSamples(
  bounds: readonly number[],
  counts: ArrayLike<number>,
  sum: number,
  labels: Readonly<Record<string, string>>
): readonly Sample[] {
  const samples: Sample[] = []
  let total = 0
  for (let at = 0; at <= bounds.length; at++) {
    total += counts[at] ?? 0
    const le = at === bounds.length ? '+Inf' : String(bounds[at])
    samples.push({ suffix: '_bucket', labels: { ...labels, le }, value: total })
  }
  samples.push({ suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: total })
  return samples
}

/** A family of numbers that are read when somebody asks for them, by the values of its labels. */
export function readSamples(
  spec: FamilySpec,
  type: 'counter' | 'gauge',
  values: readonly (readonly [labels: readonly string[], value: number])[]
): FamilySamples {
  const names = spec.labels ?? []
  const samples = values.map(([labels, value]) => ({
    suffix: '' as const,
    labels: Object.fromEntries(names.map((name, at) => [name, labels[at] ?? ''])),
    value
  }))
  return { name: spec.name, help: spec.help, type, samples }
}
