// Templates, read once at the start (Go's text/template without `define`, `template`, `block` and `call`).
import type { Command, Node, Operand, Pipe } from './nodes.ts'
import { readTokens, TemplateSyntaxError, type TemplateToken } from './tokens.ts'

/** Actions within actions. */
const DEPTH_MAX = 100

/** The nodes of a template. Throws TemplateSyntaxError. `isFunction` says which names may be called. */
export function parseTemplate(text: string, isFunction: (name: string) => boolean): readonly Node[] {
  return new Parser(text, isFunction).parse()
}

const NOT_HERE = new Set(['define', 'template', 'block', 'call'])

class Parser {
  readonly #text: string
  readonly #tokens: readonly TemplateToken[]
  readonly #isFunction: (name: string) => boolean
  #at = 0
  #variables: string[] = ['$']
  #ranges = 0
  #depth = 0

  constructor(text: string, isFunction: (name: string) => boolean) {
    this.#text = text
    this.#tokens = readTokens(text)
    this.#isFunction = isFunction
  }

  parse(): readonly Node[] {
    const [nodes, ending] = this.#list()
    if (ending !== 'end of text') throw this.#error(`unexpected {{${ending}}}`)
    return nodes
  }

  /** Nodes up to `{{end}}`, `{{else}}` or the end of the text, and which it was. */
  #list(): [Node[], string] {
    if (++this.#depth > DEPTH_MAX) throw this.#error(`more than ${DEPTH_MAX} actions within each other`)
    const nodes: Node[] = []
    for (;;) {
      const token = this.#next()
      if (token.kind === 'text') nodes.push({ kind: 'text', text: token.text })
      else if (token.kind === 'end of text') {
        this.#depth--
        return [nodes, 'end of text']
      } else {
        const node = this.#action()
        if (typeof node === 'string') {
          this.#depth--
          return [nodes, node]
        }
        nodes.push(node)
      }
    }
  }

  /** What stands behind `{{`; `end` and `else` leave the list. */
  #action(): Node | 'end' | 'else' {
    const token = this.#peek()
    if (token.kind === 'identifier') {
      switch (token.text) {
        case 'if':
        case 'with':
        case 'range':
          this.#next()
          return this.#branch(token.text)
        case 'end':
          this.#next()
          this.#expectRight('end')
          return 'end'
        case 'else':
          this.#next()
          return 'else'
        case 'break':
        case 'continue':
          this.#next()
          this.#expectRight(token.text)
          if (this.#ranges === 0) throw this.#error(`{{${token.text}}} outside {{range}}`)
          return { kind: token.text }
        default:
          if (NOT_HERE.has(token.text))
            throw this.#error(`{{${token.text}}} is not there: write the record in one template`)
      }
    }
    return { kind: 'action', pipe: this.#pipe('command', 'right') }
  }

  #branch(kind: 'if' | 'with' | 'range'): Node {
    const known = this.#variables.length
    const pipe = this.#pipe(kind, 'right')
    if (kind === 'range') this.#ranges++
    const [then, ending] = this.#list()
    if (kind === 'range') this.#ranges--
    let otherwise: readonly Node[] | undefined
    if (ending === 'else') otherwise = this.#else(kind)
    else if (ending !== 'end') throw this.#error('unexpected EOF')
    this.#variables.length = known
    return { kind, pipe, then, otherwise }
  }

  #else(kind: 'if' | 'with' | 'range'): readonly Node[] {
    const token = this.#peek()
    // `{{else if …}}` is an if within the else, closed by the same end.
    if (token.kind === 'identifier' && token.text === kind && kind !== 'range') {
      this.#next()
      if (++this.#depth > DEPTH_MAX) throw this.#error(`more than ${DEPTH_MAX} actions within each other`)
      const node = this.#branch(kind)
      this.#depth--
      return [node]
    }
    this.#expectRight('else')
    const [nodes, ending] = this.#list()
    if (ending === 'else') throw this.#error('expected end; found {{else}}')
    if (ending !== 'end') throw this.#error('unexpected EOF')
    return nodes
  }

  #pipe(context: string, end: 'right' | ')'): Pipe {
    const at = this.#peek().at
    const { variables, isAssignment } = this.#declarations(context)
    const commands: Command[] = []
    for (;;) {
      const token = this.#peek()
      const isEnd = end === 'right' ? token.kind === 'right' : token.text === ')' && token.kind === 'operator'
      if (isEnd) {
        this.#next()
        break
      }
      commands.push(this.#command(context))
      const behind = this.#peek()
      if (behind.kind === 'operator' && behind.text === '|') {
        this.#next()
        const after = this.#peek()
        if (after.kind === 'right') throw this.#error(`missing value for ${context}`)
      }
    }
    if (commands.length === 0) throw this.#error(`missing value for ${context}`)
    for (const [position, command] of commands.entries()) {
      const first = command.operands[0]
      if (position > 0 && first?.kind === 'literal')
        throw this.#error(`non executable command in pipeline stage ${position + 1}`)
    }
    if (!isAssignment) this.#variables.push(...variables)
    return { commands, variables, isAssignment, at }
  }

  /** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
  #declarations(context: string): { variables: string[]; isAssignment: boolean } {
    const start = this.#at
    const variables: string[] = []
    while (this.#peek().kind === 'variable') {
      variables.push(this.#next().text)
      const operator = this.#peek()
      if (operator.kind === 'operator' && (operator.text === ':=' || operator.text === '=')) {
        this.#next()
        if (variables.length > 1 && context !== 'range')
          throw this.#error(`too many declarations in ${context}`)
        const isAssignment = operator.text === '='
        const unknown = variables.find(name => !this.#variables.includes(name))
        if (isAssignment && unknown !== undefined)
          throw this.#error(`undefined variable ${JSON.stringify(unknown)}`)
        return { variables, isAssignment }
      }
      if (
        operator.kind !== 'operator' ||
        operator.text !== ',' ||
        context !== 'range' ||
        variables.length > 1
      )
        break
      this.#next()
    }
    this.#at = start
    return { variables: [], isAssignment: false }
  }

  #command(context: string): Command {
    const at = this.#peek().at
    const operands: Operand[] = []
    for (;;) {
      const token = this.#peek()
      if (token.kind === 'right' || (token.kind === 'operator' && (token.text === '|' || token.text === ')')))
        break
      operands.push(this.#operand(context))
    }
    if (operands.length === 0) throw this.#error('empty command')
    return { operands, at }
  }

  #operand(context: string): Operand {
    const token = this.#next()
    const { at, text } = token
    switch (token.kind) {
      case 'dot':
        return { kind: 'dot', fields: [], at }
      case 'field':
        return { kind: 'dot', fields: [text.slice(1), ...this.#fields()], at }
      case 'variable':
        if (!this.#variables.includes(text)) throw this.#error(`undefined variable ${JSON.stringify(text)}`)
        return { kind: 'variable', name: text, fields: this.#fields(), at }
      case 'string':
        return { kind: 'literal', value: text, text: token.raw, at }
      case 'number':
        return { kind: 'literal', value: numberOf(text), text, at }
      case 'identifier':
        return this.#word(text, at)
      case 'operator':
        if (text === '(') {
          if (++this.#depth > DEPTH_MAX) throw this.#error(`more than ${DEPTH_MAX} actions within each other`)
          const pipe = this.#pipe('parenthesized pipeline', ')')
          this.#depth--
          return { kind: 'paren', pipe, fields: this.#fields(), at }
        }
        throw this.#error(
          `unexpected ${JSON.stringify(text)} in ${context === 'command' ? 'operand' : context}`
        )
      default:
        throw this.#error(`unexpected ${JSON.stringify(text)} in operand`)
    }
  }

  #word(text: string, at: number): Operand {
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', text, at }
    if (text === 'nil') return { kind: 'literal', value: undefined, text, at }
    if (!this.#isFunction(text)) throw this.#error(`function ${JSON.stringify(text)} not defined`)
    return { kind: 'function', name: text, at }
  }

  /** Fields that stand directly behind a value. */
  #fields(): string[] {
    const fields: string[] = []
    for (;;) {
      const token = this.#peek()
      const before = this.#tokens[this.#at - 1]
      if (token.kind !== 'field' || before === undefined || !this.#touches(before, token)) return fields
      fields.push(this.#next().text.slice(1))
    }
  }

  #touches(before: TemplateToken, token: TemplateToken): boolean {
    return before.at + Buffer.byteLength(before.text) === token.at
  }

  #expectRight(context: string): void {
    const token = this.#next()
    if (token.kind !== 'right') throw this.#error(`unexpected ${JSON.stringify(token.text)} in ${context}`)
  }

  #peek(): TemplateToken {
    return this.#tokens[this.#at] as TemplateToken
  }

  #next(): TemplateToken {
    const token = this.#peek()
    if (token.kind !== 'end of text') this.#at++
    return token
  }

  #error(message: string): TemplateSyntaxError {
    const offset = this.#peek().at
    const before = Buffer.from(this.#text).subarray(0, offset).toString('utf8')
    return new TemplateSyntaxError(before.split('\n').length, message)
  }
}

function numberOf(text: string): number | bigint {
  if (/[.eE]/.test(text) && !/^[+-]?0[xX]/.test(text)) return Number(text)
  const digits = /^[+-]?0[0-7]+$/.test(text) ? text.replace(/0/, '0o') : text
  const isNegative = digits.startsWith('-')
  const value = BigInt(digits.replace(/^[+-]/, ''))
  const signed = isNegative ? -value : value
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
}
