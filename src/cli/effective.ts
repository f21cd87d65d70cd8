// A configuration as it is understood: every server block as Corefile text again, imports and snippets in their places,
// each line with where it came from, and the plugins in the order in which a query passes them.
import { relative, sep } from 'node:path'
import type { Block, Directive } from '../corefile/load.ts'
import type { Position } from '../corefile/position.ts'
import { directives } from '../plugins/order.ts'

/** One line of the text, and where its first word stands. */
interface Line {
  readonly text: string
  readonly at: Position | undefined
}

const INDENT = '    '
/** A line longer than this has its place behind it all the same, and doesn't move the others' places to the right. */
const PLACE_COLUMN_MAX = 72

/** The whole of it. `passes` names the plugins that a query of a block passes, in order; `folder` shortens paths. */
export function effectiveText(
  blocks: readonly Block[],
  passes: (block: Block) => readonly string[],
  folder: string
): string {
  return blocks.map(block => describeBlock(block, passes(block), folder)).join('\n')
}

function describeBlock(block: Block, passed: readonly string[], folder: string): string {
  const lines = [...linesOf(block)]
  const column = Math.max(
    0,
    ...lines.map(({ text }) => text.length).filter(length => length <= PLACE_COLUMN_MAX)
  )
  const written = lines.map(({ text, at }) =>
    at === undefined ? text : `${text.padEnd(column)}  # ${placeOf(at, folder)}`
  )
  const beside = directives.filter(name => block.directives.has(name) && !passed.includes(name))
  written.push(`# a query passes: ${passed.length === 0 ? 'nothing, and is refused' : passed.join(' > ')}`)
  if (beside.length > 0) written.push(`# beside that: ${beside.join(', ')}`)
  return `${written.join('\n')}\n`
}

function* linesOf(block: Block): Iterable<Line> {
  const keys = block.keys.map(
    key => `${key.transport === 'dns' ? '' : `${key.transport}://`}${key.zone}:${key.port}`
  )
  yield { text: `${keys.join(' ')} {`, at: block.keys[0]?.token.at }
  for (const name of directives) {
    const directive = block.directives.get(name)
    if (directive !== undefined) yield* directiveLines(directive)
  }
  yield { text: '}', at: undefined }
}

function* directiveLines(directive: Directive): Iterable<Line> {
  const words = directive.dispenser()
  let depth = 1
  while (words.next()) {
    const { at } = words.token()
    const line = [words.val()]
    while (words.nextArg()) line.push(words.val())
    if (line[0] === '}') depth = Math.max(1, depth - 1)
    const text = INDENT.repeat(depth) + line.map(quoted).join(' ')
    if (line.length > 1 && line.at(-1) === '{') depth++
    yield { text, at: line[0] === '}' ? undefined : at }
  }
}

/** A word as it must be written to be read as itself. */
function quoted(word: string): string {
  return word === '' || /[\s"#]/.test(word) ? `"${word.replaceAll('"', '\\"')}"` : word
}

function placeOf(at: Position, folder: string): string {
  // Imported files have absolute paths.
  const path = relative(folder, at.file)
  const file = at.file.startsWith(sep) && path !== '' && !path.startsWith('..') ? path : at.file
  return `${file}:${at.line}`
}
