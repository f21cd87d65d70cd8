// The words of an expression.
import { quoteText } from '../../corefile/values.ts'
import { ExpressionError } from './expression-error.ts'

export interface ExpressionToken {
  readonly kind: 'Number' | 'String' | 'Identifier' | 'Operator' | 'Bracket' | 'EOF'
  readonly text: string
  /** Offset into the expression. */
  readonly at: number
}

/** Operators that are written as words. */
const WORDS = new Set(['in', 'not', 'and', 'or', 'matches', 'contains', 'startsWith', 'endsWith'])

const NUMBER = /(?:0x[0-9a-f_]+|0b[01_]+|0o[0-7_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:e[+-]?\d+)?|\.\d+)/iy
const IDENTIFIER = /[A-Za-z_$][\w$]*/y
const OPERATOR = /(?:\|\||&&|==|!=|<=|>=|\*\*|\.\.|\?\?|\?\.|[-+*/%^<>!?:,.|#;=&])/y
const STRING = /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|`[^`]*`/y

/** How a message names a token: `Operator("==")`, `EOF`. */
export const tokenText = ({ kind, text }: ExpressionToken): string =>
  kind === 'EOF' ? 'EOF' : `${kind}(${quoteText(text)})`

/** Throws ExpressionError. */
export function expressionTokens(source: string): readonly ExpressionToken[] {
  const tokens: ExpressionToken[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  while (at < source.length) {
    const character = source.charAt(at)
    if (/\s/.test(character)) {
      at++
      continue
    }
    let word: string | undefined
    if ((word = match(NUMBER)) !== undefined) tokens.push({ kind: 'Number', text: word, at })
    else if ((word = match(STRING)) !== undefined)
      tokens.push({ kind: 'String', text: unquote(word, source, at), at })
    else if ((word = match(IDENTIFIER)) !== undefined)
      tokens.push({ kind: WORDS.has(word) ? 'Operator' : 'Identifier', text: word, at })
    else if (/[()[\]{}]/.test(character)) {
      word = character
      tokens.push({ kind: 'Bracket', text: word, at })
    } else if ((word = match(OPERATOR)) !== undefined) tokens.push({ kind: 'Operator', text: word, at })
    else if (/["'`]/.test(character))
      throw new ExpressionError('literal not terminated', source, source.length)
    else {
      const code = (source.codePointAt(at) as number).toString(16).toUpperCase().padStart(4, '0')
      throw new ExpressionError(`unrecognized character: U+${code} '${character}'`, source, at)
    }
    at += word.length
  }
  // Where expr-lang puts it: at the last character.
  tokens.push({ kind: 'EOF', text: '', at: Math.max(0, source.length - 1) })
  return tokens
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"'
}

function unquote(word: string, source: string, at: number): string {
  const inner = word.slice(1, -1)
  if (word.startsWith('`')) return inner
  return inner.replace(
    /\\(x[0-9a-f]{2}|u[0-9a-f]{4}|[0-7]{3}|[^])/gi,
    (_all: string, escape: string, offset: number) => {
      if (/^[xu]./i.test(escape)) return String.fromCharCode(parseInt(escape.slice(1), 16))
      if (/^[0-7]{3}$/.test(escape)) return String.fromCharCode(parseInt(escape, 8))
      const character = ESCAPES[escape]
      if (character === undefined) throw new ExpressionError('invalid char escape', source, at + 2 + offset)
      return character
    }
  )
}
