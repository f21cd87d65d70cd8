// Settings and broken names as CSV (RFC 4180), for spreadsheets.
import { figureNames } from '../assertions.ts'
import type { ExperimentResult } from '../result.ts'
import { leastOf } from './figures.ts'

/** One row a setting, with a head; `\r\n` ends each line. Shares are 0 to 1, times milliseconds of model time; broken names stand in one field, with spaces. */
export function settingsCsv(result: ExperimentResult): string {
  const head = [
    ...['setting', 'origin', 'resolver', 'ndots', 'search', 'search_domains', 'autopath'],
    ...['upstream_delay_ms', 'upstream_loss', 'lookups', 'found', 'queries', 'nxdomain', 'upstream'],
    ...figureNames,
    ...['least_that_breaks_no_name', 'broken']
  ]
  const isLeast = leastOf(result)
  const rows = result.settings.map((each, at) => {
    const { setting, figures } = each
    return [
      ...[at + 1, each.origin, setting.resolver, setting.ndots, setting.search],
      ...[(result.spec.search[setting.search] ?? []).join(' '), setting.autopath ? 'on' : 'off'],
      ...[setting.upstream.delayMs, setting.upstream.loss, each.lookups, each.found],
      ...[each.queries, each.nxdomain, each.upstream],
      ...figureNames.map(name => rounded(figures[name])),
      ...[isLeast(each) ? 'yes' : 'no', cell(each.broken)]
    ]
  })
  return csv([head, ...rows])
}

const csv = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map(row => `${row.map(field).join(',')}\r\n`).join('')

/** Spreadsheets cut a cell at 32,767 characters without a word; the JSON has every name. */
const CELL_MAX = 32_000

function cell(names: readonly string[]): string {
  const text = names.join(' ')
  if (text.length <= CELL_MAX) return text
  const kept = text.slice(0, text.lastIndexOf(' ', CELL_MAX)).split(' ')
  return `${kept.join(' ')} and ${names.length - kept.length} more`
}

const rounded = (value: number): number => Number(value.toFixed(6))

/**
 * RFC 4180 §2. Text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line end)
 * gets an apostrophe before it, which spreadsheets take for "this is text"; numbers stay numbers.
 */
function field(value: string | number): string {
  if (typeof value === 'number') return String(value)
  // eslint-disable-next-line no-control-regex -- NUL and the like end a field early in some programs.
  const clean = value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd')
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(clean) ? `'${clean}` : clean
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
