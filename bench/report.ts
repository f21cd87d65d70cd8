// Figures as people read them: medians with their spread, tables, bounds.

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** A bound of the project and what was measured. */
export interface Bound {
  readonly what: string
  readonly measured: string
  readonly bound: string
  readonly holds: boolean
}

/** What a section found. `tables`: a head and rows of text. `figures`: everything, for the JSON file. */
export interface SectionResult {
  readonly title: string
  readonly method: string
  readonly tables: readonly Table[]
  readonly bounds: readonly Bound[]
  readonly notes: readonly string[]
  readonly figures: unknown
}

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
  return { median, least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN }
}

/** The value that a share of the values does not exceed (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? NaN
}

/** `5.41 (5.30–5.77)`. */
export function spreadText({ median, least, most }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}

/** A bound that a value must not exceed. */
export function atMost(what: string, value: number, limit: number, unit: string, digits = 2): Bound {
  const text = (figure: number) => `${figure.toFixed(digits)}${unit}`
  return { what, measured: text(value), bound: `at most ${text(limit)}`, holds: value <= limit }
}

export function atLeast(what: string, value: number, limit: number, unit: string, digits = 2): Bound {
  const text = (figure: number) => `${figure.toFixed(digits)}${unit}`
  return { what, measured: text(value), bound: `at least ${text(limit)}`, holds: value >= limit }
}

/** A Markdown table that is aligned when read as text. */
export function tableText({ head, rows }: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(row => (row[column] ?? '').length)))
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, i) => (row[i] ?? '').padEnd(width)).join(' | ')} |`
  return [line(head), `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join(
    '\n'
  )
}

/** A section as Markdown. */
export function sectionText(result: SectionResult): string {
  const parts = [`## ${result.title}`, result.method, ...result.tables.map(tableText)]
  if (result.bounds.length > 0) {
    const rows = result.bounds.map(({ what, measured, bound, holds }) => [
      what,
      measured,
      bound,
      holds ? 'holds' : 'MISSED'
    ])
    parts.push(tableText({ head: ['bound', 'measured', 'wanted', ''], rows }))
  }
  parts.push(...result.notes.map(note => `- ${note}`))
  return `${parts.join('\n\n')}\n`
}
