// A picture of each walk: the names asked in order, as stations of a line, with what each was answered told by shape and word.
import type { ExperimentResult, NameWalks, Walk, WalkQuery } from '../result.ts'
import { counted, milliseconds, numbered, originsOf, settingsText, type NumberedSetting } from './figures.ts'
import { code, html, type Markup } from './markup.ts'

/** Queries drawn on the page and in one walk. */
const QUERIES_MAX = 6_000
const WALK_MAX = 60

/** Shapes that steps refer to by name; part of the page once. */
export const WALK_SHAPES = html`<svg class="shapes" aria-hidden="true">
  <defs>
    <symbol id="shape-answer" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8" class="solid" /></symbol>
    <symbol id="shape-nxdomain" viewBox="0 0 20 20"><path class="shape" d="M3 3L17 17M17 3L3 17" /></symbol>
    <symbol id="shape-nodata" viewBox="0 0 20 20"><circle cx="10" cy="10" r="7" class="shape" /></symbol>
    <symbol id="shape-failure" viewBox="0 0 20 20"><path class="shape" d="M10 2L18 17H2Z" /></symbol>
    <symbol id="shape-silence" viewBox="0 0 20 20">
      <path class="shape" stroke-dasharray="3 3" d="M3 3H17V17H3Z" />
    </symbol>
  </defs>
</svg>`

/** Names with their walks; undefined when the result has none. */
export function walkPictures(result: ExperimentResult): Markup | undefined {
  if (result.walks.length === 0) return undefined
  const rows = numbered(result)
  const names: Markup[] = []
  let queries = 0
  let left = 0
  // The one that goes the most ways shows the most.
  const open = result.walks.reduce((most, each) => (each.walks.length > most.walks.length ? each : most))
  for (const each of result.walks) {
    queries += each.walks.reduce((sum, walk) => sum + Math.min(walk.queries.length, WALK_MAX), 0)
    if (queries > QUERIES_MAX && names.length > 0) left++
    else names.push(nameWalks(each, rows, result, each === open))
  }
  const of =
    result.spec.names.length > result.walks.length ? ` of ${counted(result.spec.names.length, 'name')}` : ''
  return html`<p>
      The first ${counted(result.walks.length, 'name')}${of}. Names are asked from top to bottom; what a
      resolver added from its search list is <span class="added">underlined with dots</span>.
    </p>
    <ul class="legend">
      ${KINDS.map(([shape, text]) => html`<li>${icon(shape)}<span>${text}</span></li> `)}
      <li><span class="warn">↗ upstream</span> <span>left the cluster</span></li>
    </ul>
    ${names}${left > 0 ? html`<p>Walks of ${counted(left, 'more name')} are in the JSON.</p>` : undefined}`
}

const KINDS = [
  ['answer', 'ANSWER or CNAME: found'],
  ['nxdomain', 'NXDOMAIN: no such name'],
  ['nodata', 'NODATA: the name has no record of this type'],
  ['failure', 'SERVFAIL and other errors'],
  ['silence', 'DROP: nothing came back']
] as const
type Shape = (typeof KINDS)[number][0]

const icon = (shape: Shape): Markup =>
  html`<svg viewBox="0 0 20 20" aria-hidden="true"><use href="#shape-${shape}" /></svg>`

function nameWalks(
  { name, walks }: NameWalks,
  rows: readonly NumberedSetting[],
  result: ExperimentResult,
  isOpen: boolean
): Markup {
  const counts = walks.map(({ queries }) => queries.length)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  const failing = walks.filter(({ ok }) => !ok).length
  const summary = [
    walks.length === 1 ? 'one walk' : counted(walks.length, 'different walk'),
    least === most ? counted(most, 'query', 'queries') : `${least} to ${counted(most, 'query', 'queries')}`,
    ...(failing > 0 ? [failing === walks.length ? 'finds nothing' : `${failing} without finding it`] : [])
  ]
  return html`<details${isOpen ? html` open` : undefined}>
<summary><h3>${code(name)}</h3> <span class="soft">${summary.join(', ')}</span></summary>
<div class="walks">
${walks.map(walk => picture(name, walk, rows, result))}</div>
</details>
`
}

function picture(
  name: string,
  walk: Walk,
  rows: readonly NumberedSetting[],
  result: ExperimentResult
): Markup {
  const own = walk.settings.flatMap(number => rows[number] ?? [])
  const steps = stepsOf(walk.queries.slice(0, WALK_MAX))
  const left = walk.queries.length - WALK_MAX
  const end = walk.ok
    ? html`<span class="good">✓ found</span>`
    : html`<span class="bad">✕ not found${walk.error === null ? '' : `: ${walk.error}`}</span>`
  return html`<div class="walk">
    <p>
      <strong>${settingsText(own, result)}</strong>
      <span class="soft">(${originsOf(own) || 'modelled'})</span>
    </p>
    <ol class="steps">
      ${steps.map(step => stepMarkup(name, step))}
    </ol>
    ${left > 0 ? html`<p>… and ${counted(left, 'more query', 'more queries')}</p> ` : undefined}
    <p class="ends">
      ${end} after ${counted(walk.queries.length, 'query', 'queries')}, ${milliseconds(walk.elapsedMs)} ms
    </p>
  </div> `
}

/** Queries for one name that follow each other. */
interface Step {
  readonly name: string
  readonly queries: WalkQuery[]
}

function stepsOf(queries: readonly WalkQuery[]): readonly Step[] {
  const steps: Step[] = []
  for (const query of queries) {
    const last = steps.at(-1)
    if (last?.name === query.name) last.queries.push(query)
    else steps.push({ name: query.name, queries: [query] })
  }
  return steps
}

const SEVERITY: readonly Shape[] = ['answer', 'failure', 'silence', 'nodata', 'nxdomain']

function stepMarkup(asked: string, { name, queries }: Step): Markup {
  const shapes = new Set(queries.map(({ reply }) => shapeOf(reply)))
  const shape = SEVERITY.find(each => shapes.has(each)) ?? 'failure'
  return html`<li>
    ${icon(shape)}${nameMarkup(asked, name)}
    <div class="replies">
      ${queries.map(
        ({ type, reply, upstream, atMs }) =>
          html`<span
            >${type}
            <span class="${classOf(shapeOf(reply))}">${reply}</span
            >${upstream ? html` <span class="warn">↗ upstream</span>` : undefined}
            <span class="soft">at ${milliseconds(atMs)} ms</span></span
          > `
      )}
    </div>
  </li> `
}

function shapeOf(reply: string): Shape {
  switch (reply) {
    case 'ANSWER':
    case 'CNAME':
      return 'answer'
    case 'NXDOMAIN':
      return 'nxdomain'
    case 'NODATA':
      return 'nodata'
    case 'DROP':
    case 'CLOSED':
    case 'UNREACHABLE':
      return 'silence'
    default:
      return 'failure'
  }
}

/** NODATA is what AAAA gets wherever there is IPv4 only: nothing bad. */
const classOf = (shape: Shape): string => (shape === 'answer' ? 'good' : shape === 'nodata' ? 'ends' : 'bad')

/** The name with what the search list added to it set apart. */
function nameMarkup(asked: string, name: string): Markup {
  const own = asked.replace(/\.$/, '')
  const rest = name.slice(own.length)
  if (
    own === '' ||
    !rest.startsWith('.') ||
    rest === '.' ||
    !name.toLowerCase().startsWith(own.toLowerCase())
  ) {
    return code(name)
  }
  return html`<bdi dir="ltr" class="name"
    >${name.slice(0, own.length)}<span class="added">${rest}</span></bdi
  >`
}
