// The outcome for a terminal, or for whatever reads standard output: a table of the settings, then what it comes to.
import Table from 'cli-table3'
import type { ExperimentResult } from '../result.ts'
import { conclusions, overall, subject } from './conclusion.ts'
import {
  counted,
  figure,
  isBeyond,
  leastOf,
  milliseconds,
  numbered,
  percent,
  variedBy,
  type NumberedSetting
} from './figures.ts'
import { visible } from './markup.ts'

export interface TableOptions {
  /** Characters a line may have; undefined: any number. */
  readonly width: number | undefined
  /** The terminal shows bold and colours, and nobody said NO_COLOR. */
  readonly colour: boolean
  /** Lines and signs beyond ASCII; off for pipes and files. */
  readonly unicode: boolean
}

interface Column {
  readonly head: string
  readonly text: (row: NumberedSetting) => string
  readonly isNumber?: boolean
  /** What is left out first where the width doesn't do: the highest. Absent: never. */
  readonly drop?: number
}

/** Ends with a line end. */
export function tableReport(result: ExperimentResult, options: TableOptions): string {
  const rows = numbered(result)
  let columns = columnsOf(result, options)
  let table = rendered(columns, rows, options)
  while (options.width !== undefined && widthOf(table) > options.width) {
    const last = columns.reduce<Column | undefined>(
      (worst, each) => (each.drop !== undefined && each.drop > (worst?.drop ?? -1) ? each : worst),
      undefined
    )
    if (last === undefined) break
    columns = columns.filter(each => each !== last)
    table = rendered(columns, rows, options)
  }
  const parts = rows.length === 0 ? [] : [table]
  return `${[...parts, ...conclusionLines(result, options), ...assertionLines(result, options), ...noteLines(result)].join('\n')}\n`
}

function columnsOf(result: ExperimentResult, { unicode, colour }: TableOptions): readonly Column[] {
  const varied = variedBy(result)
  const isLeast = leastOf(result)
  const verdict = (row: NumberedSetting): string => {
    if (row.broken.length > 0) return bad(`${unicode ? '✕ ' : ''}${row.broken.length} broken`, colour)
    return isLeast(row) ? good(`${unicode ? '✓ ' : ''}least`, colour) : 'none broken'
  }
  return [
    { head: 'RESOLVER', text: ({ setting }) => setting.resolver },
    { head: 'NDOTS', text: ({ setting }) => String(setting.ndots), isNumber: true },
    ...(varied.search
      ? [{ head: 'SEARCH', text: ({ setting }: NumberedSetting) => visible(setting.search) }]
      : []),
    ...(varied.autopath
      ? [{ head: 'AUTOPATH', text: ({ setting }: NumberedSetting) => (setting.autopath ? 'on' : 'off') }]
      : []),
    ...(varied.upstream
      ? [{ head: 'UPSTREAM', text: ({ setting }: NumberedSetting) => isBeyond(setting.upstream) }]
      : []),
    { head: 'QUERIES', text: ({ figures }) => figure(figures.queries_per_lookup), isNumber: true },
    { head: 'NXDOMAIN', text: ({ figures }) => percent(figures.nxdomain_share), isNumber: true, drop: 2 },
    { head: 'LEAKS', text: ({ figures }) => figure(figures.upstream_per_lookup), isNumber: true, drop: 1 },
    { head: 'P50 MS', text: ({ figures }) => milliseconds(figures.p50_ms), isNumber: true, drop: 4 },
    { head: 'P90 MS', text: ({ figures }) => milliseconds(figures.p90_ms), isNumber: true, drop: 5 },
    { head: 'P99 MS', text: ({ figures }) => milliseconds(figures.p99_ms), isNumber: true, drop: 3 },
    { head: 'NAMES', text: verdict },
    { head: 'ORIGIN', text: ({ origin }) => origin }
  ]
}

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' },
  ...{ 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '' },
  ...{ right: '', 'right-mid': '', middle: '' }
}

/** Lines around the head alone; without Unicode no lines at all, so that every row is a line that `awk` can read. */
function rendered(
  columns: readonly Column[],
  rows: readonly NumberedSetting[],
  options: TableOptions
): string {
  const table = new Table({
    head: columns.map(({ head }) => bold(head, options.colour)),
    colAligns: columns.map(({ isNumber }) => (isNumber === true ? 'right' : 'left')),
    chars: options.unicode ? { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } : NO_LINES,
    style: options.unicode
      ? { head: [], border: [] }
      : { head: [], border: [], 'padding-left': 0, 'padding-right': 2 }
  })
  for (const row of rows) table.push(columns.map(({ text }) => text(row)))
  const lines = table.toString().split('\n')
  return lines.map(line => line.trimEnd()).join('\n')
}

// eslint-disable-next-line no-control-regex -- the sequences that `sgr` writes.
const widthOf = (text: string): number => text.split('\n', 1)[0]!.replace(/\u001b\[\d+m/g, '').length

/** What people read; the page has more, and the JSON all. */
const CONCLUSIONS_MAX = 40

function conclusionLines(result: ExperimentResult, options: TableOptions): readonly string[] {
  const all = overall(result)
  const found = conclusions(result)
  const left = found.length - CONCLUSIONS_MAX
  return [
    ...(all === undefined ? [] : [bold(all, options.colour)]),
    ...found
      .slice(0, CONCLUSIONS_MAX)
      .map(each => `${bold(visible(subject(each)), options.colour)}: ${visible(each.sentences.join(' '))}`),
    ...(left > 0 ? [`… and ${left} more`] : [])
  ]
}

/** Whether each holds; where it doesn't is told on standard error, wherever the table goes. */
const assertionLines = ({ assertions }: ExperimentResult, { colour }: TableOptions): readonly string[] =>
  assertions.map(
    ({ text, holds }) =>
      `assert ${visible(text)}: ${holds ? good('holds', colour) : bad('does not hold', colour)}`
  )

const noteLines = ({ notes, nowhere }: ExperimentResult): readonly string[] => [
  ...(nowhere.length === 0
    ? []
    : [`note: ${counted(nowhere.length, 'name is', 'names are')} found in no setting`]),
  ...notes.map(note => `note: ${visible(note)}`)
]

const sgr = (text: string, begin: number, end: number, colour: boolean): string =>
  colour ? `\u001b[${begin}m${text}\u001b[${end}m` : text
const bold = (text: string, colour: boolean): string => sgr(text, 1, 22, colour)
const good = (text: string, colour: boolean): string => sgr(text, 32, 39, colour)
const bad = (text: string, colour: boolean): string => sgr(text, 31, 39, colour)
