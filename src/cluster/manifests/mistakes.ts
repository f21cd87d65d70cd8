// Says what is wrong with a text in words that help the person who pasted it from a web page, saved it on Windows or
// forgot to render a template. The YAML parser's own words name its rules; these name the mistake.
import { shown } from '../fields.ts'
import type { SyntaxFlaw } from './document.ts'

interface Mistake {
  /** Where to look, as an offset in the text. */
  readonly offset: number
  readonly text: string
}

/** The mistake behind a syntax flaw, and what to do about it. */
export function mistakeBehind(text: string, flaw: SyntaxFlaw): Mistake {
  const line = lineAround(text, flaw.offset)
  return (
    tab(text, flaw, line) ??
    space(text, line) ??
    foreign(text, line) ??
    quotes(line) ??
    prose(text, flaw, line) ??
    dashWithoutSpace(line) ??
    colonWithoutSpace(flaw, line) ?? { offset: flaw.offset, text: plainWords(flaw, line) }
  )
}

/**
 * The mistake behind an object that can be read but makes no sense: characters from a web page that look ordinary.
 * `missing` says that the flaw at `offset` is something that isn't there.
 */
export function mistakeAround(text: string, offset: number, missing: boolean): Mistake | undefined {
  const line = lineAround(text, offset)
  // Something that is missing may be there under a key that begins with an odd space.
  return (missing ? space(text, line) : oddSpace(line)) ?? remark(line)
}

/** What a document without apiVersion and kind looks like, or '' when it is not known. */
export function looksLike(text: string): string {
  const start = text.trimStart()
  if (/^<(?:!doctype|html|\?xml|head|body)/i.test(start)) {
    return 'HTML: the page was saved instead of the file it shows (look for a "raw" link)'
  }
  if (/^(?:-{3}\s*)?\{\{/.test(start)) return TEMPLATE
  return ''
}

interface Line {
  readonly start: number
  readonly text: string
}

const TEMPLATE =
  'a Helm template ("{{ }}"); render it first: helm template CHART | labdns serve --manifests -'

/** Characters that look like a space or like nothing. */
const ODD_SPACES = /[\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]/

const SPACE_NAMES: Readonly<Record<string, string>> = {
  '\u00a0': 'non-breaking space',
  '\u200b': 'zero-width space',
  '\u200c': 'zero-width character',
  '\u200d': 'zero-width character',
  '\u2060': 'zero-width character',
  '\u3000': 'wide space',
  '\ufeff': 'byte order mark'
}

function tab(text: string, flaw: SyntaxFlaw, line: Line): Mistake | undefined {
  // The line that the parser blames may be the one after.
  for (const each of [line, lineBefore(text, line)]) {
    if (each === undefined) continue
    const indentation = /^[ \t]*/.exec(each.text)?.[0] ?? ''
    const at = indentation.indexOf('\t')
    if (at >= 0 && each.text.length > indentation.length) {
      return { offset: each.start + at, text: 'a tab in the indentation; YAML takes spaces only' }
    }
  }
  return flaw.code === 'TAB_AS_INDENT'
    ? { offset: flaw.offset, text: 'a tab; YAML takes spaces here' }
    : undefined
}

/** An odd space in the line, or anywhere in the document where YAML expects a space: its effect may show lines later. */
function space(text: string, line: Line): Mistake | undefined {
  const here = oddSpace(line)
  if (here !== undefined || !ODD_SPACES.test(text)) return here
  let start = 0
  for (const each of text.split('\n')) {
    const found = ODD_SPACES.test(each) ? oddSpace({ start, text: each }) : undefined
    if (found !== undefined && /(?:^|[:-])\s*$/.test(each.slice(0, found.offset - start))) return found
    start += each.length + 1
  }
  return undefined
}

function oddSpace(line: Line): Mistake | undefined {
  const at = line.text.search(ODD_SPACES)
  if (at < 0 || /(?:^|\s)#/.test(line.text.slice(0, at))) return undefined
  const character = line.text[at] ?? ''
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  const name = SPACE_NAMES[character] ?? 'typographic space'
  return { offset: line.start + at, text: `a ${name} (U+${code}), as web pages have; type an ordinary space` }
}

/** Things that are no YAML at all: templates, code fences, prompts, HTML, conflict markers. */
function foreign(text: string, line: Line): Mistake | undefined {
  const brace = line.text.indexOf('{{')
  if (brace >= 0) return { offset: line.start + brace, text: TEMPLATE }
  if (/^[ \t]*(?:\{\{|[\w.-]+:[ \t]*\{\{)/m.test(text)) return { offset: text.indexOf('{{'), text: TEMPLATE }
  for (const { pattern, says } of FOREIGN) {
    const match = pattern.exec(text)
    if (match !== null) return { offset: match.index + (/^\s*/.exec(match[0])?.[0].length ?? 0), text: says }
  }
  return undefined
}

const FOREIGN = [
  { pattern: /^[ ]*```/m, says: 'a Markdown code fence (```); delete the line' },
  { pattern: /^(?:<{7}|>{7}|={7})(?= |\r?$)/m, says: 'a merge conflict marker; resolve the conflict first' },
  {
    pattern: /^(?:\$ |PS [A-Z]:\\|[\w.-]+@[\w.-]+:\S*[$#] )\S/m,
    says: 'a shell prompt, not YAML; delete the line'
  },
  { pattern: /^<(?:[a-zA-Z!/])/m, says: 'HTML, not YAML; copy the text of the page, not its source' }
]

function quotes(line: Line): Mistake | undefined {
  const at = line.text.search(/[“”„‟‘’‚‛]/)
  if (at < 0 || /(?:^|\s)#/.test(line.text.slice(0, at)) || !/[:[{,-]\s*[“”„‟‘’‚‛]/.test(line.text))
    return undefined
  return { offset: line.start + at, text: 'typographic quotes, as web pages have; type " or \'' }
}

/** A line at the left edge that is no key, no item and no comment. */
function prose(text: string, flaw: SyntaxFlaw, line: Line): Mistake | undefined {
  if (!PROSE_CODES.has(flaw.code)) return undefined
  for (const each of [line, lineBefore(text, line), lineAfter(text, line)]) {
    if (each === undefined || !isProse(each.text)) continue
    const words = shown(each.text.trim())
    return { offset: each.start, text: `${words} is prose, not YAML; delete it or begin the line with #` }
  }
  return undefined
}

const PROSE_CODES = new Set(['MULTILINE_IMPLICIT_KEY', 'MISSING_CHAR', 'UNEXPECTED_TOKEN', 'BAD_INDENT'])

function isProse(line: string): boolean {
  if (!/^[^\s#'"[{&*!|>%@`?-]/.test(line) || /^\S+:(?:\s|$)/.test(line)) return false
  return / /.test(line.trim()) && !/^[\w./-]+:\S/.test(line)
}

function dashWithoutSpace(line: Line): Mistake | undefined {
  const match = /^(\s*)-([A-Za-z][\w.-]*:(?: .*)?)$/.exec(line.text.trimEnd())
  if (match === null) return undefined
  const [, indentation = '', rest = ''] = match
  return { offset: line.start + indentation.length, text: `no space after the dash; write - ${rest}` }
}

function colonWithoutSpace(flaw: SyntaxFlaw, line: Line): Mistake | undefined {
  const match = /^(\s*(?:- )?)([\w./-]+):([^\s/:][^:]*)$/.exec(line.text.trimEnd())
  if (match === null || !PROSE_CODES.has(flaw.code)) return undefined
  const [, indentation = '', key = '', value = ''] = match
  const offset = line.start + indentation.length + key.length
  return { offset, text: `no space after the colon; write ${key}: ${value}` }
}

/** `port: 80   ← the port` reads as text: arrows and the like belong in a comment. */
function remark(line: Line): Mistake | undefined {
  const match = /[←→⇐⇒✓✗❌⬅➡•]/u.exec(line.text)
  if (match === null || /(?:^|\s)#/.test(line.text.slice(0, match.index))) return undefined
  const words = shown(line.text.slice(match.index).trim())
  return { offset: line.start + match.index, text: `${words} is a remark, not YAML; begin it with #` }
}

function plainWords(flaw: SyntaxFlaw, line: Line): string {
  const words = WORDS[flaw.code]
  if (flaw.code === 'MISSING_CHAR') return missing(flaw)
  if (flaw.code === 'MULTILINE_IMPLICIT_KEY' && !line.text.includes(':')) return KEY_ALONE
  if (flaw.code === 'OPEN_QUOTE')
    return `a quote (${line.text[flaw.offset - line.start] ?? '"'}) that is never closed`
  if (flaw.code === 'BAD_SCALAR_START') {
    const first = shown(line.text[flaw.offset - line.start] ?? '')
    return `a value can't begin with ${first} unless it is in quotes`
  }
  if (flaw.code.startsWith('JSON')) return flaw.text
  if (words !== undefined) return words
  return flaw.text.charAt(0).toLowerCase() + flaw.text.slice(1)
}

function missing(flaw: SyntaxFlaw): string {
  if (flaw.text.includes('Sequence item')) return 'a line that is indented like a list item but has no "- "'
  if (flaw.text.includes('map values')) return KEY_ALONE
  return flaw.text.charAt(0).toLowerCase() + flaw.text.slice(1)
}

const KEY_ALONE = 'a key without ":"; expected key: value'

const WORDS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias (*name) without an anchor (&name) before it in this document or List item',
  BAD_DQ_ESCAPE: 'a backslash in double quotes that means nothing; use single quotes',
  BAD_INDENT: 'indented less or more than the lines it belongs to',
  BLOCK_AS_IMPLICIT_KEY:
    'a second ": " in the line, or an indentation that fits no line above; put a value with ": " in quotes',
  BLOCK_IN_FLOW: 'a block inside of { } or [ ]; close the bracket first',
  KEY_NOT_TEXT: 'a key that is a map or a list; is this a template that was not rendered?',
  MULTILINE_IMPLICIT_KEY: 'text over several lines before a ":"; expected key: value on each line',
  OPEN_BRACKET: 'a bracket that is never closed',
  TAB_AS_INDENT: 'a tab in the indentation; YAML takes spaces only',
  TOO_DEEP: 'nested more than 100 deep; no Kubernetes object is',
  UNEXPECTED_TOKEN: 'something after the end of a value; a quote inside of quotes, or a missing indentation?'
}

function lineAround(text: string, offset: number): Line {
  const at = Math.min(Math.max(offset, 0), text.length)
  const start = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', at)
  return { start, text: text.slice(start, end < 0 ? text.length : end) }
}

function lineBefore(text: string, line: Line): Line | undefined {
  let start = line.start
  while (start > 0) {
    const before = lineAround(text, start - 1)
    if (before.text.trim() !== '') return before
    start = before.start
  }
  return undefined
}

function lineAfter(text: string, line: Line): Line | undefined {
  const start = line.start + line.text.length + 1
  return start < text.length ? lineAround(text, start) : undefined
}
