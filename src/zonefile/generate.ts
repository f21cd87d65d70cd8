// $GENERATE: one line for each number of a range.

/** Lines that one directive may make, as CoreDNS bounds it. */
const STEPS_MAX = 65_535
const NUMBER_MAX = 2 ** 31 - 1

export interface GenerateRange {
  readonly start: number
  readonly stop: number
  readonly step: number
}

/** `1-5` or `1-9/2`, or the text of what is wrong with it. */
export function parseRange(text: string): GenerateRange | string {
  const slash = text.indexOf('/')
  const step = slash < 0 ? 1 : parseWhole(text.slice(slash + 1))
  if (step === undefined || step <= 0) return 'bad step in $GENERATE range'
  const range = slash < 0 ? text : text.slice(0, slash)
  const dash = range.indexOf('-')
  if (dash < 0) return 'bad start-stop in $GENERATE range'
  const start = parseWhole(range.slice(0, dash))
  if (start === undefined) return 'bad start in $GENERATE range'
  const stop = parseWhole(range.slice(dash + 1))
  if (stop === undefined) return 'bad stop in $GENERATE range'
  if (start < 0 || stop < start || Math.floor((stop - start) / step) > STEPS_MAX) {
    return 'bad range in $GENERATE range'
  }
  return { start, stop, step }
}

function parseWhole(text: string): number | undefined {
  const number = /^[+-]?\d{1,19}$/.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(number) ? number : undefined
}

/** Literal text, or a number that an offset is added to and that is written in a base. */
type Piece =
  string | { readonly offset: number; readonly width: number; readonly base: 'd' | 'o' | 'x' | 'X' }

/** A line with `$` and `${offset,width,base}` in it; or the text of what is wrong. */
export function parseTemplate(text: string, range: GenerateRange): readonly Piece[] | string {
  const pieces: Piece[] = []
  let literal = ''
  const number = (offset: number, width: number, base: 'd' | 'o' | 'x' | 'X') => {
    if (literal !== '') pieces.push(literal)
    literal = ''
    pieces.push({ offset, width, base })
  }
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    const following = text.charAt(at + 1)
    if (character === '\\') {
      // A backslash takes the meaning of `$` and of another backslash, and goes together with any other character.
      if (following === '$' || following === '\\') literal += following
      at++
    } else if (character !== '$') literal += character
    else if (following === '$') {
      literal += '$'
      at++
    } else if (following === '{') {
      const end = text.indexOf('}', at)
      if (end < 0) return 'bad modifier in $GENERATE'
      const modifier = parseModifier(text.slice(at + 2, end))
      if (typeof modifier === 'string') return modifier
      const [offset, width, base] = modifier
      if (range.start + offset < 0 || range.stop + offset > NUMBER_MAX) return 'bad offset in $GENERATE'
      number(offset, width, base)
      at = end
    } else number(0, 0, 'd')
  }
  if (literal !== '') pieces.push(literal)
  return pieces
}

/** `offset[,width[,base]]`. */
function parseModifier(text: string): [number, number, 'd' | 'o' | 'x' | 'X'] | string {
  const [offsetText = '', widthText = '0', base = 'd', ...more] = text.split(',')
  if (more.length > 0) return 'bad modifier in $GENERATE'
  if (base !== 'd' && base !== 'o' && base !== 'x' && base !== 'X') return 'bad base in $GENERATE'
  const offset = parseWhole(offsetText)
  if (offset === undefined) return 'bad offset in $GENERATE'
  const width = /^\d{1,3}$/.test(widthText) ? Number(widthText) : 256
  if (width > 255) return 'bad width in $GENERATE'
  return [offset, width, base]
}

/** The line for one number. */
export function expandTemplate(pieces: readonly Piece[], number: number): string {
  let line = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') line += piece
    else {
      const value = number + piece.offset
      const digits = value.toString(piece.base === 'd' ? 10 : piece.base === 'o' ? 8 : 16)
      line += (piece.base === 'X' ? digits.toUpperCase() : digits).padStart(piece.width, '0')
    }
  }
  return line
}
