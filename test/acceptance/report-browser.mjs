// The HTML report of an experiment in a real browser without a window: nothing complains, nothing is loaded, text can be
// read in light and dark, on a desk and on a phone, everything is reached by keyboard, and what is there is there without
// scripts. Usage (after npm run build): report-browser.mjs [--screenshot FILE] [REPORT.html…]
// Needs Chromium (CHROMIUM names the program); without one it says so and ends. Last line: N passed, N failed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { htmlReport } from '../../build/src/experiment/report/html.js'
import { hostile, large, sample } from '../../build/test/experiment/report/sample.js'
import { chromiumProgram, startChromium } from './browser/chromium.mjs'
import { focused, hardToRead, looseTables, overflow, reachable, readableText } from './browser/looks.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { screenshot: { type: 'string' } }
})
const program = chromiumProgram(process.env)
if (program === undefined) {
  console.log('no Chromium here: how the report looks in a browser is left out')
  console.log('0 passed, 0 failed')
  process.exit(0)
}

let passed = 0
let failed = 0
function check(isTrue, text, detail = '') {
  if (isTrue) passed++
  else {
    failed++
    console.log(`not ok ${text}${detail === '' ? '' : `: ${detail}`}`)
  }
}

const DESK = { width: 1100, height: 800 }
const PHONE = { width: 360, height: 740, isPhone: true }
/** A page enlarged four times on a desk is as wide (WCAG 2.2, 1.4.10). */
const NARROW = { width: 320, height: 256 }
const TABS_MAX = 1500
const SCREENSHOT_OCTETS_MAX = 200_000

const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-report-'))
const reports = Object.entries({ sample: sample, hostile: hostile(), large: large() }).map(
  ([name, result]) => {
    const file = path.join(folder, `${name}.html`)
    writeFileSync(file, htmlReport(result))
    return { name, file }
  }
)
reports.push(...positionals.map(file => ({ name: file, file: path.resolve(file) })))

const browser = await startChromium(program)
try {
  for (const report of reports) await inspect(report)
  if (values.screenshot !== undefined) await takeScreenshot(reports.at(-1), values.screenshot)
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

async function inspect({ name, file }) {
  const page = await browser.newPage()
  const url = pathToFileURL(file).href
  for (const [place, size] of Object.entries({ desk: DESK, narrow: NARROW, phone: PHONE })) {
    for (const scheme of ['light', 'dark']) {
      const where = `${name}, ${place}, ${scheme}`
      await page.look({ ...size, scheme })
      await page.goTo(url)
      const text = await page.run(hardToRead)
      check(text.texts > 50 && text.kinds > 5, `${where}: there is text`, JSON.stringify(text))
      check(text.faults.length === 0, `${where}: text can be read`, text.faults.join('; '))
      const { width, scrollWidth, out } = await page.run(overflow)
      check(width === size.width && scrollWidth <= width, `${where}: ${scrollWidth} px wide`, out.join('; '))
      check(out.length === 0, `${where}: nothing sticks out`, out.join('; '))
    }
  }
  await keyboard(page, name)
  await scripted(page, name)
  await unscripted(page, name, url)
  await named(page, name)
  check(page.complaints.length === 0, `${name}: nothing complains`, page.complaints.join('; '))
  check(page.dialogs.length === 0, `${name}: no script of a name runs`, page.dialogs.join('; '))
  const foreign = page.requests.filter(each => each !== url && each !== 'data:,')
  check(page.requests.includes(url) && foreign.length === 0, `${name}: nothing is loaded`, foreign.join(' '))
}

/** Tab goes through everything, in the order of the page, and it can be seen where it is. */
async function keyboard(page, name) {
  await page.run(() => document.querySelectorAll('details').forEach((each, at) => (each.open = at < 3)))
  await page.run(() => window.scrollTo(0, 0))
  const wanted = await page.run(reachable)
  check((await page.run(looseTables)) === 0, `${name}: every table stands in a region`)
  const order = []
  for (let tabs = 0; tabs < Math.min(TABS_MAX, wanted.length + 5); tabs++) {
    await page.press('Tab')
    const focus = await page.run(focused)
    if (focus === null || order.some(({ at }) => at === focus.at)) break
    order.push(focus)
    check(focus.isSeen && focus.isOnPage, `${name}: focus is seen on ${focus.text}`)
  }
  check(order[0]?.text.startsWith('A Skip'), `${name}: the first stop skips to the content`, order[0]?.text)
  check(
    order.every((each, at) => at === 0 || each.at > order[at - 1].at),
    `${name}: in the order of the page`
  )
  const reached = new Set(order.map(({ at }) => at))
  const missed = wanted.filter(({ at }) => !reached.has(at)).slice(0, TABS_MAX - order.length)
  check(missed.length === 0, `${name}: Tab reaches everything`, missed.map(({ text }) => text).join('; '))
  // On the phone tables are wider than their region: arrows scroll it.
  const before = await page.run(() => {
    const region = document.querySelector('[role=region]')
    region.focus()
    return { at: region.scrollLeft, isWider: region.scrollWidth > region.clientWidth + 1 }
  })
  check(before.isWider, `${name}: the phone has something to scroll`)
  for (let at = 0; at < 3; at++) await page.press('ArrowRight')
  await new Promise(resolve => setTimeout(resolve, 400))
  const after = await page.run(() => document.querySelector('[role=region]').scrollLeft)
  check(after > before.at, `${name}: arrows scroll a table`, `${before.at} to ${after}`)
}

/** Sorting and filtering by keyboard. */
async function scripted(page, name) {
  const column = () =>
    [...document.querySelectorAll('[data-sortable] tbody tr')].map(row => Number(row.cells[1].dataset.value))
  const head = () => document.querySelectorAll('[data-sortable] thead button')[1]?.focus()
  await page.run(head)
  await page.press('Enter')
  const up = await page.run(column)
  await page.press('Enter')
  const down = await page.run(column)
  const sorted = [...up].sort((a, b) => a - b)
  check(JSON.stringify(up) === JSON.stringify(sorted), `${name}: sorts up`, up.slice(0, 9).join())
  check(
    JSON.stringify(down) === JSON.stringify(sorted.toReversed()),
    `${name}: sorts down`,
    down.slice(0, 9).join()
  )
  await page.run(() => document.querySelector('input[type=search]')?.focus())
  await page.type('musl')
  const [shown, all] = await page.run(() => {
    const rows = [...document.querySelectorAll('[data-sortable] tbody tr')]
    return [rows.filter(row => !row.hidden).map(row => row.innerText), rows.length]
  })
  check(
    shown.length < all && shown.every(text => text.includes('musl')),
    `${name}: filters`,
    `${shown.length} of ${all}`
  )
}

/** Without scripts all of it is there. */
async function unscripted(page, name, url) {
  await page.look({ ...DESK, scheme: 'light' })
  await page.goTo(url)
  const withScripts = await page.run(readableText)
  await page.send('Emulation.setScriptExecutionDisabled', { value: true })
  await page.goTo(url)
  const without = await page.run(readableText)
  await page.send('Emulation.setScriptExecutionDisabled', { value: false })
  check(
    !without.includes('Rows that hold') && withScripts.includes('Rows that hold'),
    `${name}: scripts are off`
  )
  const bare = withScripts.replace('Rows that hold ', '').replace('Open all walks Close all walks ', '')
  check(
    without === bare,
    `${name}: reads the same without scripts`,
    `${without.length} and ${bare.length} characters`
  )
}

/** What assistive programs are told: everything that needs a name has one. */
async function named(page, name) {
  await page.goTo(await page.run(() => location.href))
  const { nodes } = await page.send('Accessibility.getFullAXTree')
  const needs = [
    'region',
    'table',
    'image',
    'img',
    'link',
    'button',
    'searchbox',
    'heading',
    'navigation',
    'RootWebArea'
  ]
  const present = nodes.filter(({ ignored, role }) => !ignored && needs.includes(role?.value))
  const nameless = present.filter(each => (each.name?.value ?? '').trim() === '')
  check(present.length > 20, `${name}: assistive programs see something`, String(present.length))
  check(
    nameless.length === 0,
    `${name}: everything has a name`,
    nameless.map(({ role }) => role.value).join(' ')
  )
  for (const role of ['region', 'table', 'main', 'columnheader', 'rowheader']) {
    check(
      nodes.some(each => !each.ignored && each.role?.value === role),
      `${name}: has a ${role}`
    )
  }
}

/** The first part of the last report, light. */
async function takeScreenshot({ file }, target) {
  const page = await browser.newPage()
  await page.look({ width: 900, height: 800, scheme: 'light' })
  await page.goTo(pathToFileURL(file).href)
  const height = await page.run(() => Math.min(document.documentElement.scrollHeight, 1290))
  const png = await page.screenshot({ x: 0, y: 0, width: 900, height, scale: 1 })
  check(png.length < SCREENSHOT_OCTETS_MAX, `the screenshot has ${png.length} octets`)
  writeFileSync(target, png)
}
