// The page: what it says, that strangers' text does nothing in it, that it needs nothing else, and that it can be read.
/* eslint-disable no-control-regex -- controls are what some of these look for */
import { createHash } from 'node:crypto'
import t from 'tap'
import type { ExperimentResult } from '../../../src/experiment/result.ts'
import { htmlReport } from '../../../src/experiment/report/html.ts'
import { STYLE } from '../../../src/experiment/report/style.ts'
import { HOSTILE, hostile, large, row, sample } from './sample.ts'
import { elementsOf, textOf } from './read-html.ts'

const page = htmlReport(sample)
const text = textOf(page)

t.test('says first what the experiment comes to', t => {
  const conclusion = text.indexOf('ndots 2 is the least that breaks no name: 2.4 queries a lookup')
  t.ok(conclusion > 0, 'the least ndots of glibc')
  t.match(text, '60% fewer than with ndots 5 (6); 0.6 leak upstream instead of 1.2.')
  t.match(text, 'ndots 1 would save more (2 a lookup) and break 1 name: web.orders.')
  t.match(text, 'ndots 5 is the least that breaks no name: 6 queries a lookup.')
  t.match(text, 'ndots 5 is the least that breaks no name in any setting.')
  t.ok(conclusion < text.indexOf('Search lists'), 'before anything else')
  t.end()
})

t.test('says what was asked, and every outcome in words', t => {
  for (const each of [
    ...['ndots of the shop', '--apps config/apps', '4 names', '1, 2, 5', 'glibc-2.36, musl-1.2.5'],
    ...['shop.svc.cluster.local svc.cluster.local cluster.local', '20 ms, 1% lost', '60 in 6 settings'],
    ...['✓ least that breaks none', '✕ 1 name broken', 'breaks none', '75%', '120', 'modelled'],
    ...['✕ fails queries_per_lookup<=2.5', 'glibc-2.36, ndots 5: 6', '✓ holds failures==0'],
    ...['1 name is found in no setting', 'Names that nothing in the cluster answers exist beyond it.']
  ]) {
    t.ok(text.includes(each), each)
  }
  t.end()
})

t.test('shows the walks in order, with what each query was answered and which left the cluster', t => {
  const walks = text.slice(text.lastIndexOf('How names are looked up'))
  t.match(
    walks,
    /glibc-2\.36 and musl-1\.2\.5: ndots 5 \(modelled\).*?web\.orders\.shop\.svc\.cluster\.local\. A NXDOMAIN at 0 ms AAAA NXDOMAIN at 0 ms.*?web\.orders\.svc\.cluster\.local\. A ANSWER at 0\.75 ms AAAA NODATA at 0\.75 ms.*?✓ found after 4 queries, 1\.5 ms/
  )
  t.match(walks, /web\.orders\. A SERVFAIL ↗ upstream at 0 ms AAAA DROP ↗ upstream at 0 ms/)
  t.match(walks, '✕ not found: EAI_NONAME after 3 queries, 41 ms')
  t.match(walks, 'all settings (modelled)', 'a walk of all settings')
  t.end()
})

t.test('every row of the settings says where it comes from', t => {
  const mixed = htmlReport({
    ...sample,
    settings: [
      ...sample.settings,
      row({ resolver: 'glibc-2.36', ndots: 5, queries: 61, nxdomain: 45, upstream: 12, origin: 'measured' })
    ]
  })
  const rows = [...mixed.matchAll(/<tr id="setting-\d+".*?<\/tr>/gs)].map(([each]) => textOf(each))
  t.equal(rows.length, 7)
  t.equal(rows.filter(each => / modelled /.test(each)).length, 6)
  t.equal(rows.filter(each => / measured /.test(each)).length, 1)
  t.match(textOf(mixed), 'glibc-2.36 (measured)', 'a line of its own in the chart')
  t.match(textOf(mixed), 'The real program of this machine was run', 'and a word of what it means')
  t.end()
})

t.test('names and other texts of strangers stay text', t => {
  const bad = htmlReport(hostile())
  const elements = elementsOf(bad)
  t.equal(elements.filter(({ tag }) => tag === 'script').length, 1, 'one script: ours')
  t.same(
    [...new Set(elements.map(({ tag }) => tag))].filter(tag =>
      ['img', 'iframe', 'object', 'b2'].includes(tag)
    ),
    []
  )
  for (const { tag, attributes } of elements) {
    for (const [name, value] of attributes) {
      t.notMatch(name, /^on|^style$/, `${tag} has no ${name}`)
      if (name === 'href' || name === 'src')
        t.match(value, /^#|^data:,$/, `${tag} ${name}=${value.slice(0, 40)}`)
    }
  }
  t.notMatch(
    bad,
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/,
    'nothing invisible'
  )
  const seen = textOf(bad)
  for (const name of HOSTILE.slice(0, 7)) t.ok(seen.includes(name), `shown as it is: ${name}`)
  t.ok(seen.includes('safe.\\u{202e}slaer\\u{2066}.example'), 'marks of direction are written out')
  t.ok(seen.includes('web\\u{0}\\u{1b}[31m\\u{7}\\u{85}red'), 'so are controls')
  t.notMatch(bad, /\u0301{3}/u, 'and piles of marks')
  t.end()
})

t.test('needs nothing but itself', t => {
  const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
  t.match(policy, /^default-src 'none';/)
  for (const [tag, directive] of [
    ['style', 'style-src'],
    ['script', 'script-src']
  ] as const) {
    const [, content = ''] = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(page) ?? []
    const digest = createHash('sha256').update(content).digest('base64')
    t.ok(policy.includes(`${directive} 'sha256-${digest}'`), `${tag} by its digest, and no other`)
  }
  t.notMatch(
    page,
    /\b(?:https?|wss?|ftp):|\burl\(|@import|\bfetch\(|XMLHttpRequest|sendBeacon|<link(?![^>]*data:,)/
  )
  t.end()
})

t.test('is made of what assistive programs understand', t => {
  const elements = elementsOf(page)
  const attribute = (at: (typeof elements)[number], name: string) => at.attributes.get(name)
  const ids = elements.flatMap(each => attribute(each, 'id') ?? [])
  t.equal(new Set(ids).size, ids.length, 'ids are unique')
  for (const each of elements) {
    const target = attribute(each, 'href')
    if (target?.startsWith('#') === true) t.ok(ids.includes(target.slice(1)), `${target} is there`)
    for (const id of (attribute(each, 'aria-labelledby') ?? '').split(' ').filter(Boolean)) {
      t.ok(ids.includes(id), `label ${id} is there`)
    }
    if (attribute(each, 'role') === 'region') {
      t.equal(attribute(each, 'tabindex'), '0', 'a region that scrolls takes the focus')
      t.ok(each.attributes.has('aria-label') || each.attributes.has('aria-labelledby'), 'and has a name')
    }
    if (each.tag === 'th') t.match(attribute(each, 'scope'), /^(row|col)$/)
    if (each.tag === 'svg') {
      t.ok(
        attribute(each, 'aria-hidden') === 'true' || attribute(each, 'role') === 'img',
        'a picture is named or hidden'
      )
    }
  }
  const levels = elements.flatMap(({ tag }) => (/^h[1-6]$/.test(tag) ? [Number(tag[1])] : []))
  t.equal(levels.filter(level => level === 1).length, 1, 'one h1')
  levels.reduce((before, level) => {
    t.ok(level <= before + 1, `h${level} after h${before}`)
    return level
  }, 0)
  const tables = [...page.matchAll(/(<div class="scroll[^>]*>\s*)?<table.*?<\/table>/gs)]
  t.equal(tables.length, 2)
  for (const [table, region] of tables) {
    t.match(table, /<caption/)
    t.match(region, /role="region" tabindex="0"/)
  }
  t.match(page, /^<!DOCTYPE html>\n<html lang="en">/)
  const [first] = elements.filter(({ tag }) => tag === 'a')
  t.equal(attribute(first!, 'href'), '#content', 'the first link skips to the content')
  t.end()
})

t.test('charts tell their numbers in words', t => {
  const [, description = ''] = /<desc[^>]*>(.*?)<\/desc>/s.exec(page) ?? []
  t.equal(
    description,
    'glibc-2.36: ndots 1 2 (1 name broken), ndots 2 2.4, ndots 5 6. musl-1.2.5: ndots 1 2 (1 name broken), ndots 2 2.2 (1 name broken), ndots 5 6.'
  )
  t.notMatch(page, /NaN|Infinity|undefined/)
  t.end()
})

t.test('resolvers that ask alike share a line', t => {
  const like = sample.settings
    .slice(0, 3)
    .map(each => ({ ...each, setting: { ...each.setting, resolver: 'python-3.11' } }))
  const shared = htmlReport({ ...sample, settings: [...sample.settings, ...like] })
  t.match(shared, /class="letter"[^>]*>AC</)
  t.match(textOf(shared), 'C python-3.11')
  t.end()
})

t.test('colours can be told apart from their paper, light and dark', t => {
  const roots = [...STYLE.matchAll(/:root\{([^}]*)\}/g)]
    .map(([, body = '']) => inksOf(body))
    .filter(inks => inks.size > 0)
  t.equal(roots.length, 3, 'light, dark and printed')
  for (const inks of roots) {
    for (const paper of ['page', 'panel', 'head', 'marked']) {
      for (const [ink, colour] of inks) {
        if (['page', 'panel', 'head', 'marked', 'rule'].includes(ink)) continue
        const ratio = contrast(colour, inks.get(paper) ?? '')
        t.ok(ratio >= 4.5, `${ink} ${colour} on ${paper} ${inks.get(paper) ?? ''}: ${ratio.toFixed(2)}`)
      }
    }
  }
  t.notMatch(
    STYLE.replace(/:root\{[^}]*\}/g, ''),
    /#[0-9a-f]{3,8}\b|rgba?\(|opacity/i,
    'every colour is one of these'
  )
  t.end()
})

t.test('results with little in them', t => {
  const { spec } = sample
  const empty = {
    ...sample,
    spec: { ...spec, names: [], exists: [] },
    settings: [],
    least: [],
    walks: [],
    nowhere: [],
    assertions: [],
    notes: []
  }
  t.match(textOf(htmlReport(empty)), 'no setting was asked')
  const single = {
    ...sample,
    settings: sample.settings.slice(1, 2),
    least: sample.least.slice(0, 1),
    walks: []
  }
  const one = htmlReport({ ...single, spec: { ...spec, ndots: [2], resolvers: ['glibc-2.36'] } })
  t.notMatch(one, /NaN|Infinity|undefined/)
  t.match(textOf(one), 'ndots 2 is the least that breaks no name: 2.4 queries a lookup.')
  t.match(textOf(one), '✓ No setting breaks a name.')
  const none = htmlReport({ ...sample, least: sample.least.map(each => ({ ...each, ndots: undefined })) })
  t.match(textOf(none), 'Each ndots of this experiment breaks a name; the fewest with ndots 2')
  t.end()
})

t.test('the largest experiment makes a page of bounded size', t => {
  const result = large()
  const start = process.hrtime.bigint()
  const octets = Buffer.byteLength(htmlReport(result))
  t.comment(`${octets} octets in ${Number((process.hrtime.bigint() - start) / 1_000_000n)} ms`)
  t.ok(octets < 3_000_000, `${octets} octets`)
  const upstreams = Array.from({ length: 20_000 }, (_, at) => ({ delayMs: at, loss: 0 }))
  const wide: ExperimentResult = {
    ...sample,
    spec: { ...sample.spec, upstreams, resolvers: ['glibc-2.36'], ndots: [1] },
    settings: upstreams.map(upstream => ({
      ...sample.settings[0]!,
      setting: { ...sample.settings[0]!.setting, upstream }
    })),
    least: upstreams.map(upstream => ({ ...sample.least[0]!, ndots: 1, upstream }))
  }
  const begin = process.hrtime.bigint()
  const many = Buffer.byteLength(htmlReport(wide))
  const ms = Number((process.hrtime.bigint() - begin) / 1_000_000n)
  t.ok(many < 3_000_000 && ms < 5_000, `${many} octets of 20,000 settings in ${ms} ms`)
  const walk = result.walks[0]!.walks[0]!
  const endless = { ...walk, queries: Array.from({ length: 10_000 }, () => walk.queries[0]!) }
  const long = htmlReport({
    ...result,
    walks: Array.from({ length: 1000 }, (_, at) => ({ name: `n${at}`, walks: [endless, endless] })),
    nowhere: Array.from({ length: 100_000 }, (_, at) => `${'x'.repeat(200)}${at}`)
  })
  t.ok(Buffer.byteLength(long) < 3_000_000, `${Buffer.byteLength(long)} octets with walks without end`)
  t.match(textOf(long), '9,940 more queries')
  t.end()
})

function inksOf(body: string): Map<string, string> {
  return new Map(
    [...body.matchAll(/--(\w+):(#[0-9a-f]{6})/g)].map(([, name = '', colour = '']) => [name, colour])
  )
}

/** WCAG 2.2 "contrast ratio" of two colours as `#rrggbb`. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
      const channel = parseInt(colour.slice(at, at + 2), 16) / 255
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light! + 0.05) / (dark! + 0.05)
}
