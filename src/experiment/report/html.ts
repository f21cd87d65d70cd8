// The report as one page that needs nothing else: no server, no other file, no script to be read. A policy in its head
// allows its own style sheet and script by their digests and nothing more, so that not even a mistake of ours could load
// or run what a name brings along.
import { createHash } from 'node:crypto'
import type { ExperimentResult } from '../result.ts'
import { charts } from './chart.ts'
import { conclusions, overall, subject } from './conclusion.ts'
import { counted, isBeyond, listed } from './figures.ts'
import { code, html, trusted, type Content, type Markup } from './markup.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'
import { brokenTable, settingsTable } from './tables.ts'
import { WALK_SHAPES, walkPictures } from './walks.ts'

/** The whole page. Names of at most `LISTED_MAX` kinds each are on it; the JSON has all. */
export function htmlReport(result: ExperimentResult): string {
  const parts = sections(result).filter(({ content }) => content !== undefined)
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src ${digest(STYLE)}; script-src ${digest(SCRIPT)}`
  const page = html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(policy)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="${result.madeBy}" />
        <link rel="icon" href="data:," />
        <title>${result.title}: labdns experiment</title>
        ${trusted(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header>
          <h1>${result.title}</h1>
          <p class="soft">An experiment of ${result.madeBy} over ${result.state}</p>
          <nav aria-label="Contents">
            <ul>
              ${parts.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li> `)}
            </ul>
          </nav>
        </header>
        <main id="content" tabindex="-1">
          ${parts.map(
            ({ id, heading, content }) =>
              html`<section id="${id}" aria-labelledby="${id}-heading">
                <h2 id="${id}-heading">${heading}</h2>
                ${content}
              </section> `
          )}
        </main>
        <footer>
          <p>${result.madeBy}. The page is complete in itself: it loads nothing and sends nothing.</p>
        </footer>
        ${WALK_SHAPES} ${trusted(`<script>${SCRIPT}</script>`)}
      </body>
    </html> `
  return page.text
}

/** A source of the Content-Security-Policy: what stands between the tags, to the letter. */
const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

interface Section {
  readonly id: string
  readonly heading: string
  /** Undefined: there is nothing to say, and no section. */
  readonly content: Markup | undefined
}

function sections(result: ExperimentResult): readonly Section[] {
  return [
    { id: 'conclusion', heading: 'Conclusion', content: conclusion(result) },
    { id: 'assertions', heading: 'Assertions', content: assertions(result) },
    { id: 'charts', heading: 'Queries a lookup, by ndots', content: chartsOf(result) },
    { id: 'asked', heading: 'What was asked', content: asked(result) },
    { id: 'settings', heading: 'Every setting', content: settingsTable(result) },
    { id: 'broken', heading: 'Names that break', content: brokenTable(result) },
    { id: 'nowhere', heading: 'Names found nowhere', content: nowhere(result) },
    { id: 'walks', heading: 'How names are looked up', content: walkPictures(result) },
    { id: 'notes', heading: 'Notes', content: notes(result) },
    { id: 'words', heading: 'How to read this', content: words(result) }
  ]
}

/** Conclusions that people read one by one. */
const CONCLUSIONS_MAX = 200

function conclusion(result: ExperimentResult): Markup {
  const found = conclusions(result)
  if (found.length === 0) return html`<p>There is nothing to compare: no setting was asked.</p>`
  const all = overall(result)
  const left = found.length - CONCLUSIONS_MAX
  return html`${all === undefined ? undefined : html`<p><strong>${all}</strong></p>`}
    <ul class="verdicts">
      ${found.slice(0, CONCLUSIONS_MAX).map(each => html`<li${each.ndots === undefined ? html` class="worse"` : undefined}><strong>${each.ndots === undefined ? '✕' : '✓'} ${subject(each)}</strong> ${each.sentences.join(' ')}</li>\n`)}
    </ul>
    ${left > 0 ? html`<p>${counted(left, 'more conclusion')} in the JSON, by the least ndots of each.</p>` : undefined}`
}

function assertions({ assertions: all }: ExperimentResult): Markup | undefined {
  if (all.length === 0) return undefined
  const failing = all.filter(({ holds }) => !holds).length
  return html`<p>
      ${failing === 0 ? `All of ${counted(all.length, 'assertion')} hold.` : `${failing} of ${counted(all.length, 'assertion')} ${failing === 1 ? 'does' : 'do'} not hold.`}
    </p>
    <ul>
      ${all.map(
        ({ text, holds, failures }) =>
          html`<li>
            <span class="${holds ? 'good' : 'bad'}">${holds ? '✓ holds' : '✕ fails'}</span> ${code(text)}${
              failures.length > 0
                ? html`<ul>
                    ${failures.map(each => html`<li>${each}</li>`)}
                  </ul>`
                : undefined
            }
          </li> `
      )}
    </ul>`
}

/** Names written out in a sentence. */
const NAMED = 6

/** The first of them, and how many more. */
function named(names: readonly string[]): Content {
  const left = names.length - NAMED
  const shown = left > 1 ? names.slice(0, NAMED) : names
  return [
    shown.map((name, at) => [at === 0 ? '' : ', ', code(name)]),
    left > 1 ? ` and ${counted(left, 'more', 'more')}` : ''
  ]
}

function asked({ spec, state, settings }: ExperimentResult): Markup {
  const lookups = settings.reduce((sum, each) => sum + each.lookups, 0)
  const facts: readonly (readonly [string, Content])[] = [
    ['State', state],
    ...(spec.server === undefined ? [] : [['Server', code(spec.server)] as const]),
    ['Names', [`${counted(spec.names.length, 'name')}: `, named(spec.names)]],
    ['ndots', spec.ndots.join(', ')],
    [
      'Search lists',
      Object.entries(spec.search).map(
        ([label, domains]) =>
          html`<div>${label}: ${domains.length === 0 ? 'empty' : code(domains.join(' '))}</div>`
      )
    ],
    ['Resolvers', spec.resolvers.join(', ')],
    ['Addresses', FAMILIES[spec.family]],
    ['autopath', listed(spec.autopath.map(each => (each ? 'on' : 'off')))],
    ['Upstream', spec.upstreams.map(upstream => html`<div>${isBeyond(upstream)}</div>`)],
    [
      'Exist beyond the cluster',
      spec.exists === undefined
        ? 'every name of the experiment that the cluster has nothing for'
        : [
            `${counted(spec.exists.length, 'name')}${spec.exists.length === 0 ? '' : ': '}`,
            named(spec.exists)
          ]
    ],
    ['Network', `${spec.networkMs} ms to the server`],
    ['Lookups', `${lookups.toLocaleString('en-US')} in ${counted(settings.length, 'setting')}`]
  ]
  return html`<dl>
    ${facts.map(
      ([term, content]) =>
        html`<dt>${term}</dt>
          <dd>${content}</dd> `
    )}
  </dl>`
}

const FAMILIES = {
  unspec: 'IPv4 and IPv6 (unspec)',
  inet: 'IPv4 (inet)',
  inet6: 'IPv6 (inet6)'
} as const

const chartsOf = (result: ExperimentResult): Markup | undefined =>
  result.settings.length === 0 ? undefined : charts(result)

/** Names that a list on the page has at most. */
const LISTED_MAX = 1_000

function nowhere({ nowhere: names }: ExperimentResult): Markup | undefined {
  if (names.length === 0) return undefined
  const left = names.length - LISTED_MAX
  return html`<p>
      ${counted(names.length, 'name is', 'names are')} found in no setting: mistyped, gone, or of another
      namespace. They cost queries at every ndots, and no ndots breaks them.
    </p>
    <div class="scroll tall" role="region" tabindex="0" aria-label="Names found nowhere">
      <ul>
        ${names.slice(0, LISTED_MAX).map(name => html`<li>${code(name)}</li> `)}
      </ul>
    </div>
    ${left > 0 ? html`<p>${counted(left, 'more name')} in the JSON.</p>` : undefined}`
}

const notes = ({ notes: all }: ExperimentResult): Markup | undefined =>
  all.length === 0
    ? undefined
    : html`<ul>
        ${all.map(note => html`<li>${note}</li> `)}
      </ul>`

function words({ settings }: ExperimentResult): Markup {
  const measured = settings.some(({ origin }) => origin === 'measured')
  return html`<dl>
    <dt>Lookup</dt>
    <dd>A program asks its resolver for one name. The resolver sends one query or many.</dd>
    <dt>ndots</dt>
    <dd>
      A name with fewer dots is tried with each domain of the search list before it is tried as it is; one
      with as many or more, the other way round (musl then leaves the search list out).
    </dd>
    <dt>Broken name</dt>
    <dd>Not found in this setting, but found with another ndots and everything else equal.</dd>
    <dt>Leak</dt>
    <dd>A query that went to a server beyond the cluster, whatever was answered.</dd>
    <dt>NXDOMAIN share</dt>
    <dd>Queries answered “no such name”, of all queries.</dd>
    <dt>p50, p90, p99</dt>
    <dd>
      Half, 90% and 99% of the lookups took at most this long, in model time: what the delays of the
      experiment add up to.
    </dd>
    <dt>modelled</dt>
    <dd>labdns asked as that resolver asks; its models are held against recordings of the real programs.</dd>
    ${
      measured
        ? html`<dt>measured</dt>
            <dd>The real program of this machine was run. Times are those of the run.</dd> `
        : undefined
    }
  </dl>`
}
