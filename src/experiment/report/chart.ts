// Queries a lookup against ndots, one line a resolver, as SVG. Lines of different resolvers often lie on each other: those
// that are equal are drawn once, with the letters of all at their end. Where names break, a cross says so.
import type { ExperimentResult } from '../result.ts'
import {
  circumstances,
  circumstancesKey,
  counted,
  figure,
  grouped,
  numbered,
  variedBy,
  type NumberedSetting
} from './figures.ts'
import { html, trusted, type Markup } from './markup.ts'
import { SERIES_COLOURS } from './style.ts'

/** Beyond that nobody compares them by eye; the table has all. */
const PANELS_MAX = 12

const WIDTH = 360
const HEIGHT = 240
const LEFT = 44
const RIGHT = 306
const TOP = 34
const BOTTOM = 196
/** Letters of lines that end close together are moved this far apart. */
const LETTER_HEIGHT = 14
/** ndots written below the axis. */
const TICKS_MAX = 12

interface Series {
  readonly name: string
  readonly letter: string
  readonly number: number
}

interface Point {
  readonly ndots: number
  readonly value: number
  readonly broken: number
}

interface Line {
  readonly series: readonly Series[]
  readonly points: readonly Point[]
}

/** Charts with their legend, one for each combination of what the experiment varies besides resolver and ndots. */
export function charts(result: ExperimentResult): Markup {
  const varied = variedBy(result)
  const rows = numbered(result)
  const seriesName = ({ setting, origin }: NumberedSetting) =>
    varied.origin ? `${setting.resolver} (${origin})` : setting.resolver
  const series = [...new Set(rows.map(seriesName))].map((name, number) => ({
    ...{ name, number, letter: letterOf(number) }
  }))
  const panels = grouped(rows, ({ setting }) => circumstancesKey(setting))
  const drawn = [...panels.values()].slice(0, PANELS_MAX)
  const top = niceTop(rows.reduce((most, { figures }) => Math.max(most, figures.queries_per_lookup), 0))
  const ndots = [...new Set(rows.map(({ setting }) => setting.ndots))].sort((a, b) => a - b)
  const figures = drawn.map((panel, at) => {
    const lines = linesOf(panel, series, seriesName)
    const title = circumstances(panel[0]!.setting, varied) || 'All resolvers'
    return html`<figure>
      <figcaption>${title}</figcaption>
      ${picture({ lines, ndots, top, title, id: `chart-${at + 1}` })}
    </figure> `
  })
  const left = panels.size - drawn.length
  return html`<p>
      Lower is cheaper. A cross (✕) marks an ndots at which names break. Resolvers whose lines are equal share
      one line, with all their letters at its end. The numbers are in <a href="#settings">the table</a>.
    </p>
    <ul class="legend">
      ${series.map(
        each =>
          html`<li>
            ${swatch(each)}<span><b>${each.letter}</b> ${each.name}</span>
          </li> `
      )}
      <li><svg viewBox="0 0 48 16" aria-hidden="true">${cross(24, 8)}</svg><span>names break</span></li>
    </ul>
    <div class="charts">${figures}</div>
    ${left > 0 ? html`<p>${counted(left, 'more combination')} of search list, autopath and upstream: in the table.</p>` : undefined}`
}

/** A, B … Z, A2 … */
const letterOf = (number: number): string =>
  String.fromCharCode(65 + (number % 26)) + (number < 26 ? '' : String(Math.floor(number / 26) + 1))

function linesOf(
  rows: readonly NumberedSetting[],
  series: readonly Series[],
  seriesName: (row: NumberedSetting) => string
): readonly Line[] {
  const lines = new Map<string, { series: Series[]; points: readonly Point[] }>()
  for (const [name, own] of grouped(rows, seriesName)) {
    const points = own
      .map(({ setting, figures, broken }) => ({
        ...{ ndots: setting.ndots, value: figures.queries_per_lookup, broken: broken.length }
      }))
      .sort((a, b) => a.ndots - b.ndots)
    const key = JSON.stringify(points.map(point => [point.ndots, figure(point.value), point.broken]))
    const one = series.find(each => each.name === name)!
    const same = lines.get(key)
    if (same === undefined) lines.set(key, { series: [one], points })
    else same.series.push(one)
  }
  return [...lines.values()]
}

interface Picture {
  readonly lines: readonly Line[]
  readonly ndots: readonly number[]
  readonly top: number
  readonly title: string
  readonly id: string
}

function picture({ lines, ndots, top, title, id }: Picture): Markup {
  const x = (value: number) =>
    ndots.length === 1
      ? (LEFT + RIGHT) / 2
      : round(LEFT + 12 + ((RIGHT - LEFT - 24) * ndots.indexOf(value)) / (ndots.length - 1))
  const y = (value: number) => round(BOTTOM - ((BOTTOM - TOP) * value) / top)
  const steps = [0, 1, 2, 3, 4].map(step => (top * step) / 4)
  const every = Math.ceil(ndots.length / TICKS_MAX)
  const ends = apart(lines.map(({ points }) => y(points.at(-1)!.value)))
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-text">
    <title id="${id}-title">Queries a lookup against ndots: ${title}</title>
    <desc id="${id}-text">${lines.map(described).join(' ')}</desc>
    <text x="2" y="15" class="soft-text">queries a lookup</text>
    ${steps.map(step => html`<path class="grid" d="M${LEFT} ${y(step)}H${RIGHT}" /><text x="${LEFT - 5}" y="${y(step) + 4}" text-anchor="end" class="soft-text">${figure(step)}</text> `)}${ndots
      .filter((_, at) => at % every === 0)
      .map(each => html`<text x="${x(each)}" y="${BOTTOM + 18}" text-anchor="middle">${each}</text> `)}
    <text x="${(LEFT + RIGHT) / 2}" y="${BOTTOM + 36}" text-anchor="middle" class="soft-text">ndots</text>
    ${lines.map(({ series, points }, at) => {
      const [first] = series
      const { number } = first!
      const path = points
        .map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.ndots)} ${y(point.value)}`)
        .join('')
      const end = x(points.at(-1)!.ndots)
      return html`<path class="line c${number % SERIES_COLOURS}" ${dashes(number)} d="${trusted(path)}" />
        ${points.map(point => marker(number, x(point.ndots), y(point.value)))}${points.map(point => (point.broken > 0 ? cross(x(point.ndots), y(point.value)) : undefined))}<text
          x="${end + 12}"
          y="${ends[at]! + 4}"
          class="letter"
          >${lettersOf(series)}</text
        > `
    })}
  </svg>`
}

/** `ABC`; of many the first and how many more. */
function lettersOf(series: readonly Series[]): string {
  if (series.length <= 4) return series.map(({ letter }) => letter).join('')
  return `${series
    .slice(0, 3)
    .map(({ letter }) => letter)
    .join('')}+${series.length - 3}`
}

/** A line in words. */
function described({ series, points }: Line): string {
  const values = points.map(
    ({ ndots, value, broken }) =>
      `ndots ${ndots} ${figure(value)}${broken > 0 ? ` (${counted(broken, 'name')} broken)` : ''}`
  )
  return `${series.map(({ name }) => name).join(', ')}: ${values.join(', ')}.`
}

/** A number at or above the greatest value whose quarters are short. */
function niceTop(greatest: number): number {
  if (!(greatest > 0)) return 1
  const unit = 10 ** Math.floor(Math.log10(greatest))
  return (
    [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10]
      .map(each => each * unit)
      .find(each => each >= greatest * 0.999) ?? 10 * unit
  )
}

/** Heights moved apart, in the order given. */
function apart(heights: readonly number[]): readonly number[] {
  const order = heights.map((height, at) => ({ height, at })).sort((a, b) => a.height - b.height)
  for (let at = 1; at < order.length; at++) {
    order[at]!.height = Math.max(order[at]!.height, order[at - 1]!.height + LETTER_HEIGHT)
  }
  const over = Math.max(0, (order.at(-1)?.height ?? 0) - (BOTTOM + 30))
  const moved: number[] = []
  for (const { height, at } of order) moved[at] = round(height - over)
  return moved
}

const DASHES = ['', '7 3', '2 3', '9 3 2 3', '4 2']

function dashes(number: number): Markup | undefined {
  const pattern = DASHES[number % DASHES.length]
  return pattern === '' ? undefined : html` stroke-dasharray="${pattern}"`
}

/** Seven shapes, five dashes and six colours: no two of the first 210 lines share all three. */
function marker(number: number, x: number, y: number): Markup {
  const shapes = [
    `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z`,
    `M${x - 4} ${y - 4}h8v8h-8z`,
    `M${x} ${y - 5}l5 9h-10z`,
    `M${x} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z`,
    `M${x} ${y + 5}l5 -9h-10z`,
    `M${x - 5} ${y - 2}h10v4h-10z`,
    `M${x - 2} ${y - 5}h4v10h-4z`
  ]
  return html`<path class="f${number % SERIES_COLOURS}" d="${trusted(shapes[number % shapes.length]!)}" />`
}

const cross = (x: number, y: number): Markup =>
  html`<path class="broken" d="M${x - 7} ${y - 7}l14 14m0 -14l-14 14" />`

const swatch = ({ number }: Series): Markup =>
  html`<svg viewBox="0 0 48 16" aria-hidden="true">
    <path class="line c${number % SERIES_COLOURS}" ${dashes(number)} d="M2 8H46" />
    ${marker(number, 24, 8)}
  </svg>`

const round = (value: number): number => Number(value.toFixed(1))
