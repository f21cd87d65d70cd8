// The tables of the page: every setting with its figures, and the names that break with the settings they break in.
import type { ExperimentResult } from '../result.ts'
import {
  counted,
  figure,
  grouped,
  isBeyond,
  leastOf,
  milliseconds,
  numbered,
  originsOf,
  percent,
  settingsText,
  variedBy,
  type NumberedSetting
} from './figures.ts'
import { code, html, type Content, type Markup } from './markup.ts'

/** Rows and names on the page. */
const ROWS_MAX = 2_000
const NAMES_MAX = 2_000
const NAME_CHARACTERS_MAX = 400_000

interface Column {
  readonly head: Content
  readonly text: (row: NumberedSetting) => Content
  /** What the column sorts by, where it isn't the text. */
  readonly value?: (row: NumberedSetting) => number
  readonly isNumber?: boolean
}

export function settingsTable(result: ExperimentResult): Markup | undefined {
  const rows = numbered(result)
  if (rows.length === 0) return undefined
  const varied = variedBy(result)
  const [first] = rows
  const equal = [
    ...(varied.search ? [] : [`search list ${first!.setting.search}`]),
    ...(varied.autopath ? [] : [`autopath ${first!.setting.autopath ? 'on' : 'off'}`]),
    ...(varied.upstream ? [] : [`upstream ${isBeyond(first!.setting.upstream)}`])
  ]
  const columns: readonly Column[] = [
    ...(varied.search
      ? [{ head: 'Search list', text: ({ setting }: NumberedSetting) => setting.search }]
      : []),
    ...(varied.autopath
      ? [{ head: 'autopath', text: ({ setting }: NumberedSetting) => (setting.autopath ? 'on' : 'off') }]
      : []),
    ...(varied.upstream
      ? [{ head: 'Upstream', text: ({ setting }: NumberedSetting) => isBeyond(setting.upstream) }]
      : []),
    { head: 'Origin', text: ({ origin }) => origin },
    { head: 'Names', text: verdict(result), value: ({ broken }) => broken.length },
    number('Queries a lookup', row => row.figures.queries_per_lookup, figure),
    number('NXDOMAIN share', row => row.figures.nxdomain_share, percent),
    number('Leaks a lookup', row => row.figures.upstream_per_lookup, figure),
    number('p50 ms', row => row.figures.p50_ms, milliseconds),
    number('p90 ms', row => row.figures.p90_ms, milliseconds),
    number('p99 ms', row => row.figures.p99_ms, milliseconds),
    number('Found', row => row.found, String)
  ]
  const left = rows.length - ROWS_MAX
  const heads = [{ head: 'Resolver' }, number('ndots', row => row.setting.ndots, String), ...columns] as const
  return html`<div class="scroll tall" role="region" tabindex="0" aria-labelledby="settings-caption">
      <table data-sortable>
        <caption id="settings-caption">
          Figures of
          ${counted(rows.length, 'setting')}${equal.length > 0 ? `; all with ${equal.join(', ')}` : ''}
        </caption>
        <thead>
          <tr>
            ${heads.map(each => html`<th scope="col" ${'isNumber' in each ? html` class="n"` : undefined}>${each.head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, ROWS_MAX).map(row => settingRow(row, columns))}
        </tbody>
      </table>
    </div>
    ${left > 0 ? html`<p>${counted(left, 'more setting')} in the JSON and the CSV.</p>` : undefined}`
}

const number = (
  head: string,
  value: (row: NumberedSetting) => number,
  text: (value: number) => string
): Column => ({
  ...{ head, value, text: row => text(value(row)), isNumber: true }
})

function settingRow(row: NumberedSetting, columns: readonly Column[]): Markup {
  const { setting, broken } = row
  return html`<tr id="setting-${row.number + 1}" ${broken.length > 0 ? html` class="breaks"` : undefined}>
    <th scope="row">${setting.resolver}</th>
    <td class="n">${setting.ndots}</td>
    ${columns.map(
      ({ text, value, isNumber }) =>
        html`<td${isNumber === true ? html` class="n"` : undefined}${value === undefined ? undefined : html` data-value="${value(row)}"`}>${text(row)}</td>`
    )}
  </tr> `
}

function verdict(result: ExperimentResult): (row: NumberedSetting) => Markup {
  const isLeast = leastOf(result)
  return row => {
    if (row.broken.length > 0)
      return html`<a class="bad" href="#broken">✕ ${counted(row.broken.length, 'name')} broken</a>`
    return isLeast(row) ? html`<span class="good">✓ least that breaks none</span>` : html`breaks none`
  }
}

/** Names by the settings they break in: each name is on the page once, however many settings break it. */
export function brokenTable(result: ExperimentResult): Markup {
  const rows = numbered(result)
  const settingsOf = new Map<string, number[]>()
  for (const { number: at, broken } of rows) {
    for (const name of broken) {
      const own = settingsOf.get(name)
      if (own === undefined) settingsOf.set(name, [at])
      else own.push(at)
    }
  }
  if (settingsOf.size === 0) return html`<p><span class="good">✓ No setting breaks a name.</span></p>`
  const groups = [...grouped(settingsOf, ([, settings]) => settings.join()).values()]
  let names = 0
  let characters = 0
  const shown: Markup[] = []
  for (const group of groups) {
    const own = group[0]![1].map(at => rows[at]!)
    const kept: string[] = []
    for (const [name] of group) {
      if (names >= NAMES_MAX || characters > NAME_CHARACTERS_MAX) break
      names++
      characters += name.length
      kept.push(name)
    }
    if (kept.length === 0) break
    const text = settingsText(own, result)
    characters += text.length
    shown.push(
      html`<tr>
        <th scope="row" class="names">${text}</th>
        <td>${originsOf(own)}</td>
        <td class="names">${kept.map((name, at) => [at === 0 ? '' : ', ', code(name)])}</td>
      </tr> `
    )
  }
  const left = settingsOf.size - names
  return html`<p>Found with another ndots, everything else equal, but not there.</p>
    <div class="scroll tall" role="region" tabindex="0" aria-labelledby="broken-caption">
      <table>
        <caption id="broken-caption">
          ${counted(settingsOf.size, 'name')} that break${settingsOf.size === 1 ? 's' : ''} somewhere
        </caption>
        <thead>
          <tr>
            <th scope="col">Where</th>
            <th scope="col">Origin</th>
            <th scope="col">Names</th>
          </tr>
        </thead>
        <tbody>
          ${shown}
        </tbody>
      </table>
    </div>
    ${left > 0 ? html`<p>${counted(left, 'more name')} in the JSON and the CSV.</p>` : undefined}`
}
