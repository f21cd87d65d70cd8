// The words of an expression to a tree. What binds stronger is expr-lang's business; only the operators and literals of
// view's manual are known.
import { ExpressionError } from './expression-error.ts'
import { expressionTokens, tokenText, type ExpressionToken } from './expression-lexer.ts'

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null; readonly at: number }
  | { readonly kind: 'array'; readonly items: readonly Expression[]; readonly at: number }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly args: readonly Expression[]
      readonly at: number
    }
  | {
      readonly kind: 'not' | 'minus' | 'plus'
      /** As written: `!` or `not`. */
      readonly operator: string
      readonly operand: Expression
      readonly at: number
    }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
      readonly at: number
    }
  | {
      readonly kind: 'choice'
      readonly condition: Expression
      readonly whenTrue: Expression
      readonly whenFalse: Expression
      readonly at: number
    }

/** How strongly an operator binds. */
const BINDING: ReadonlyMap<string, number> = new Map([
  ['or', 10],
  ['||', 10],
  ['and', 15],
  ['&&', 15],
  ['==', 20],
  ['!=', 20],
  ['<', 20],
  ['>', 20],
  ['<=', 20],
  ['>=', 20],
  ['in', 20],
  ['matches', 20],
  ['contains', 20],
  ['startsWith', 20],
  ['endsWith', 20],
  ['+', 30],
  ['-', 30],
  ['*', 60],
  ['/', 60],
  ['%', 60]
])
/** Operators that `not` may stand before: `a not in b`. */
const NEGATABLE = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith'])
const NOT_BINDING = 50
const SIGN_BINDING = 90

/** Nodes that one expression may have, and how deep they may nest. */
const NODES_MAX = 10_000
const DEPTH_MAX = 200

/** Throws ExpressionError. */
export function parseExpression(source: string): Expression {
  return new Parser(source).parse()
}

class Parser {
  readonly #source: string
  readonly #tokens: readonly ExpressionToken[]
  #at = 0
  #nodes = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
    this.#tokens = expressionTokens(source)
  }

  parse(): Expression {
    const expression = this.#expression(0)
    if (this.#token.kind !== 'EOF') throw this.#unexpected()
    return expression
  }

  get #token(): ExpressionToken {
    return this.#tokens[this.#at] as ExpressionToken
  }

  #isOperator(text: string): boolean {
    const { kind, text: found } = this.#token
    return (kind === 'Operator' || kind === 'Bracket') && found === text
  }

  #skip(text: string): void {
    if (!this.#isOperator(text)) throw this.#unexpected()
    this.#at++
  }

  #unexpected(): ExpressionError {
    return new ExpressionError(`unexpected token ${tokenText(this.#token)}`, this.#source, this.#token.at)
  }

  #expression(binding: number): Expression {
    if (++this.#nodes > NODES_MAX)
      throw new ExpressionError('compilation failed: expression exceeds maximum allowed nodes', '', 0)
    if (++this.#depth > DEPTH_MAX)
      throw new ExpressionError(`expression nests deeper than ${DEPTH_MAX}`, this.#source, this.#token.at)
    let left = this.#primary()
    for (;;) {
      const next = this.#binary(left, binding)
      if (next === undefined) break
      left = next
    }
    if (binding === 0) left = this.#choice(left)
    this.#depth--
    return left
  }

  #binary(left: Expression, binding: number): Expression | undefined {
    const start = this.#at
    const { at } = this.#token
    let isNegated = false
    if (this.#isOperator('not')) {
      isNegated = true
      this.#at++
      if (this.#token.kind !== 'Operator' || !NEGATABLE.has(this.#token.text)) throw this.#unexpected()
    }
    const { kind, text: operator } = this.#token
    const own = kind === 'Operator' ? BINDING.get(operator) : undefined
    if (own === undefined || own < binding) {
      this.#at = start
      return undefined
    }
    this.#at++
    const right = this.#expression(own + 1)
    const binary: Expression = { kind: 'binary', operator, left, right, at }
    return isNegated ? { kind: 'not', operator: 'not', operand: binary, at } : binary
  }

  #choice(condition: Expression): Expression {
    if (!this.#isOperator('?')) return condition
    const { at } = this.#token
    this.#at++
    const whenTrue = this.#isOperator(':') ? condition : this.#expression(0)
    this.#skip(':')
    const whenFalse = this.#expression(0)
    return { kind: 'choice', condition, whenTrue, whenFalse, at }
  }

  #primary(): Expression {
    const { kind, text, at } = this.#token
    switch (kind) {
      case 'Number':
        this.#at++
        return { kind: 'literal', value: this.#number(text, at), at }
      case 'String':
        this.#at++
        return { kind: 'literal', value: text, at }
      case 'Identifier':
        this.#at++
        return this.#named(text, at)
      case 'Operator':
        return this.#unary(text, at)
      case 'Bracket':
        return this.#bracket(text, at)
      default:
        throw this.#unexpected()
    }
  }

  #unary(text: string, at: number): Expression {
    const kind = ({ '!': 'not', not: 'not', '-': 'minus', '+': 'plus' } as const)[text]
    if (kind === undefined) throw this.#unexpected()
    this.#at++
    const operand = this.#expression(kind === 'not' ? NOT_BINDING : SIGN_BINDING)
    return { kind, operator: text, operand, at }
  }

  #bracket(text: string, at: number): Expression {
    this.#at++
    if (text === '(') {
      const inner = this.#expression(0)
      this.#skip(')')
      return inner
    }
    if (text === '[') return { kind: 'array', items: this.#list(']'), at }
    this.#at--
    throw this.#unexpected()
  }

  #named(name: string, at: number): Expression {
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true', at }
    if (name === 'nil') return { kind: 'literal', value: null, at }
    if (!this.#isOperator('(')) {
      throw new ExpressionError(
        `unknown name ${name}: only functions are known here, as in ${name}()`,
        this.#source,
        at
      )
    }
    this.#at++
    return { kind: 'call', name, args: this.#list(')'), at }
  }

  /** Items between commas, and what closes them. */
  #list(close: string): Expression[] {
    const items: Expression[] = []
    while (!this.#isOperator(close)) {
      if (items.length > 0) {
        this.#skip(',')
        if (this.#isOperator(close)) break
      }
      items.push(this.#expression(0))
    }
    this.#at++
    return items
  }

  #number(text: string, at: number): number {
    const value = Number(text.replaceAll('_', ''))
    if (Number.isFinite(value)) return value
    throw new ExpressionError(`invalid number literal: ${text}`, this.#source, at)
  }
}
