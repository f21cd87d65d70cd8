// Files beside an application's manifests that are none: charts, templates, kustomizations, settings of other programs.
// Each is left out with a word; where another program makes manifests of it, the word is what to type.
import { basename, dirname, relative } from 'node:path'
import type { Files } from '../../runtime/files.ts'

const TO_LABDNS = '| labdns serve --apps -'

/** Why a file is left out, in the same words for all files with the same reason; undefined: it is to be read. */
export function whyForeign(path: string, text: string, files: Files): string | undefined {
  // Nothing but comments: whoever wrote it knows.
  if (text.split('\n').every(line => /^(?:\s*#.*|---\s*|\s*)$/.test(line))) return undefined
  const chart = chartOf(path, files)
  if (chart !== undefined) {
    return `part of a Helm chart, left out; to serve what it makes: helm template ${shownFolder(chart)} ${TO_LABDNS}`
  }
  const name = basename(path)
  if (KUSTOMIZATION.test(name)) {
    const folder = shownFolder(dirname(path))
    return `a kustomization, left out; to serve what it makes: kubectl kustomize ${folder} ${TO_LABDNS}`
  }
  if (isTemplate(text)) {
    return `a Helm template ("{{ }}"), left out; to serve what it makes: helm template CHART ${TO_LABDNS}`
  }
  if (!OBJECT.test(text) && !PAGE.test(text)) return 'no Kubernetes object in it, left out'
  return undefined
}

const KUSTOMIZATION = /^kustomization(?:\.ya?ml)?$/i
/** Somewhere is said which API an object belongs to, or what it is. */
const OBJECT = /(?:^|[\s{,"'-])(?:apiVersion|kind)["']?\s*:/im
/** A web page that was saved instead of the file it shows: that is a mistake worth a message of its own. */
const PAGE = /^\s*<(?:!doctype|html)/i

/** Files at the top of a chart that belong to it; others there may be manifests. */
const CHART_FILES = /^(?:Chart|values[\w.-]*|requirements)\.(?:ya?ml|json)$/
const CHART_FOLDERS = new Set(['templates', 'charts'])

/** The folder of the chart that a file belongs to. */
function chartOf(path: string, files: Files): string | undefined {
  const isChart = (folder: string) => files.kind(`${folder}/Chart.yaml`) === 'file'
  if (CHART_FILES.test(basename(path)) && isChart(dirname(path))) return dirname(path)
  const parts = path.split('/')
  for (const [index, part] of parts.entries()) {
    if (!CHART_FOLDERS.has(part) || index === parts.length - 1) continue
    const folder = parts.slice(0, index).join('/')
    if (isChart(folder)) return folder
  }
  return undefined
}

/**
 * A line that is an action of a template, or a value that begins with one, outside of block scalars: there a manifest may
 * hold templates of its own, as alerts do.
 */
function isTemplate(text: string): boolean {
  if (!text.includes('{{')) return false
  let block = -1
  for (const line of text.split('\n')) {
    const content = line.trimStart()
    if (content === '') continue
    const indent = line.length - content.length
    if (block >= 0 && indent > block) continue
    block = /(?:^|[:-]\s)\s*[|>][-+\d]*\s*(?:#.*)?$/.test(content) ? indent : -1
    if (/^(?:- )?(?:[\w./"'-]+:\s+)?\{\{/.test(content)) return true
  }
  return false
}

/** As it can be typed: from the working folder where it lies below that. */
function shownFolder(folder: string): string {
  const below = relative(process.cwd(), folder)
  const typed = below === '' ? '.' : below.startsWith('..') ? folder : below
  return /^[\w./@:+-]+$/.test(typed) ? typed : `'${typed.replaceAll("'", `'\\''`)}'`
}
