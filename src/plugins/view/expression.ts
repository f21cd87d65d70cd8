// An expression as a function of a query. Types are checked when the configuration is read, in expr-lang's words.
import { compilePattern } from '../../corefile/pattern.ts'
import type { Query } from '../../dns/query.ts'
import { ExpressionError } from './expression-error.ts'
import { parseExpression, type Expression } from './expression-parser.ts'
import { NoValue, type QueryFunction, type Value, type ValueType } from './functions.ts'

type Evaluate = (query: Query) => Value

/** A piece of an expression: what type it has and how its value is found. */
interface Compiled {
  readonly type: ValueType
  /** Of an array whose items have one type. */
  readonly itemType?: ValueType | undefined
  readonly evaluate: Evaluate
}

/**
 * Compiles an expression. What comes out says whether it is true of a query; a value that is no boolean, and one that
 * can't be had, are not true. Throws ExpressionError.
 */
export function compileExpression(
  source: string,
  functions: ReadonlyMap<string, QueryFunction>
): (query: Query) => boolean {
  const { evaluate } = new Compiler(source, functions).compile(parseExpression(source))
  return query => {
    try {
      return evaluate(query) === true
    } catch (error) {
      if (error instanceof NoValue) return false
      throw error
    }
  }
}

class Compiler {
  readonly #source: string
  readonly #functions: ReadonlyMap<string, QueryFunction>

  constructor(source: string, functions: ReadonlyMap<string, QueryFunction>) {
    this.#source = source
    this.#functions = functions
  }

  compile(expression: Expression): Compiled {
    switch (expression.kind) {
      case 'literal':
        return literal(expression.value)
      case 'array': {
        const items = expression.items.map(item => this.compile(item))
        const types = new Set(items.map(({ type }) => type))
        const itemType = types.size === 1 ? items[0]?.type : undefined
        return { type: 'array', itemType, evaluate: query => evaluateAll(items, query) }
      }
      case 'call':
        return this.#call(expression)
      case 'not': {
        const operand = this.compile(expression.operand)
        if (operand.type !== 'bool')
          throw this.#error(
            `invalid operation: ${expression.operator} (mismatched type ${operand.type})`,
            expression
          )
        return { type: 'bool', evaluate: query => operand.evaluate(query) !== true }
      }
      case 'minus':
      case 'plus':
        return this.#sign(expression, expression.kind)
      case 'choice':
        return this.#choice(expression)
      case 'binary':
        return this.#binary(expression)
    }
  }

  #error(message: string, { at }: Expression): ExpressionError {
    return new ExpressionError(message, this.#source, at)
  }

  #call(expression: Expression & { kind: 'call' }): Compiled {
    const { name } = expression
    const known = this.#functions.get(name)
    if (known === undefined) throw this.#error(`unknown name ${name}`, expression)
    const args = expression.args.map(arg => this.compile(arg))
    const { parameters, result, call } = known
    if (args.length > parameters.length) throw this.#error(`too many arguments to call ${name}`, expression)
    if (args.length < parameters.length) throw this.#error(`not enough arguments to call ${name}`, expression)
    parameters.forEach((type, i) => {
      const given = args[i] as Compiled
      if (given.type !== type) {
        const arg = expression.args[i] as Expression
        throw this.#error(`cannot use ${given.type} as argument (type ${type}) to call ${name} `, arg)
      }
    })
    return { type: result, evaluate: query => call(query, evaluateAll(args, query)) }
  }

  #sign(expression: Expression & { operand: Expression }, kind: 'minus' | 'plus'): Compiled {
    const operand = this.compile(expression.operand)
    const sign = kind === 'minus' ? -1 : 1
    if (!isNumber(operand)) {
      const operator = sign < 0 ? '-' : '+'
      throw this.#error(`invalid operation: ${operator} (mismatched type ${operand.type})`, expression)
    }
    return { type: operand.type, evaluate: query => sign * Number(operand.evaluate(query)) }
  }

  #choice(expression: Expression & { kind: 'choice' }): Compiled {
    const condition = this.compile(expression.condition)
    if (condition.type !== 'bool') {
      throw this.#error(
        `non-bool expression (type ${condition.type}) used as condition`,
        expression.condition
      )
    }
    const whenTrue = this.compile(expression.whenTrue)
    const whenFalse = this.compile(expression.whenFalse)
    return {
      type: whenTrue.type === whenFalse.type ? whenTrue.type : 'any',
      evaluate: query => (condition.evaluate(query) === true ? whenTrue : whenFalse).evaluate(query)
    }
  }

  #binary(expression: Expression & { kind: 'binary' }): Compiled {
    const { operator } = expression
    const left = this.compile(expression.left)
    const right = this.compile(expression.right)
    const { itemType } = right
    if (operator === 'in' && itemType !== undefined && itemType !== left.type) {
      throw this.#error(`cannot use ${left.type} as type ${itemType} in array`, expression)
    }
    const compiled =
      operator === 'matches' && left.type === 'string' && right.type === 'string'
        ? this.#matches(left, expression)
        : combine(operator, left, right)
    if (compiled === undefined) {
      const types = `${left.type} and ${right.type}`
      throw this.#error(`invalid operation: ${operator} (mismatched types ${types})`, expression)
    }
    return compiled
  }

  /** The pattern is compiled once; one that is made anew for each query would not be bounded in time. */
  #matches(left: Compiled, expression: Expression & { kind: 'binary' }): Compiled {
    if (expression.right.kind !== 'literal')
      throw this.#error('the pattern of matches must be a string in quotes', expression.right)
    const pattern = compilePattern(String(expression.right.value))
    if (pattern.error !== undefined) throw this.#error(pattern.error, expression)
    const { value } = pattern
    return { type: 'bool', evaluate: query => value.test(String(left.evaluate(query))) }
  }
}

function literal(value: string | number | boolean | null): Compiled {
  const evaluate = () => value
  if (value === null) return { type: 'nil', evaluate }
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'int' : 'float64', evaluate }
  return { type: typeof value === 'string' ? 'string' : 'bool', evaluate }
}

const evaluateAll = (all: readonly Compiled[], query: Query): Value[] =>
  all.map(({ evaluate }) => evaluate(query))

const isNumber = ({ type }: Compiled): boolean => type === 'int' || type === 'float64'

/** The operators that don't need to look at the tree; `undefined` when the types don't fit. */
function combine(operator: string, left: Compiled, right: Compiled): Compiled | undefined {
  switch (operator) {
    case '&&':
    case 'and':
      return both(
        left,
        right,
        'bool',
        query => left.evaluate(query) === true && right.evaluate(query) === true
      )
    case '||':
    case 'or':
      return both(
        left,
        right,
        'bool',
        query => left.evaluate(query) === true || right.evaluate(query) === true
      )
    case '==':
    case '!=': {
      if (left.type !== right.type && !(isNumber(left) && isNumber(right)) && !isOpen(left) && !isOpen(right))
        return undefined
      const wanted = operator === '=='
      return bool(query => isEqual(left.evaluate(query), right.evaluate(query)) === wanted)
    }
    case '<':
      return compared(left, right, (a, b) => a < b)
    case '>':
      return compared(left, right, (a, b) => a > b)
    case '<=':
      return compared(left, right, (a, b) => a <= b)
    case '>=':
      return compared(left, right, (a, b) => a >= b)
    case 'in':
      if (right.type !== 'array') return undefined
      return bool(query => {
        const wanted = left.evaluate(query)
        const items = right.evaluate(query)
        return Array.isArray(items) && items.some(item => isEqual(item as Value, wanted))
      })
    case 'contains':
      return texts(left, right, (text, part) => text.includes(part))
    case 'startsWith':
      return texts(left, right, (text, part) => text.startsWith(part))
    case 'endsWith':
      return texts(left, right, (text, part) => text.endsWith(part))
    default:
      return calculated(operator, left, right)
  }
}

/** Can be compared with anything. */
const isOpen = ({ type }: Compiled): boolean => type === 'nil' || type === 'any'

const bool = (evaluate: Evaluate): Compiled => ({ type: 'bool', evaluate })

function both(left: Compiled, right: Compiled, type: ValueType, evaluate: Evaluate): Compiled | undefined {
  const fits = (each: Compiled) => each.type === type || each.type === 'any'
  return fits(left) && fits(right) ? bool(evaluate) : undefined
}

function texts(
  left: Compiled,
  right: Compiled,
  test: (a: string, b: string) => boolean
): Compiled | undefined {
  return both(left, right, 'string', query =>
    test(String(left.evaluate(query)), String(right.evaluate(query)))
  )
}

function compared(
  left: Compiled,
  right: Compiled,
  test: (a: string | number, b: string | number) => boolean
): Compiled | undefined {
  const areTexts = left.type === 'string' && right.type === 'string'
  if (!areTexts && !(isNumber(left) && isNumber(right))) return undefined
  return bool(query =>
    test(left.evaluate(query) as string | number, right.evaluate(query) as string | number)
  )
}

function calculated(operator: string, left: Compiled, right: Compiled): Compiled | undefined {
  if (operator === '+' && left.type === 'string' && right.type === 'string') {
    return { type: 'string', evaluate: query => String(left.evaluate(query)) + String(right.evaluate(query)) }
  }
  if (!isNumber(left) || !isNumber(right)) return undefined
  const type = operator !== '/' && left.type === 'int' && right.type === 'int' ? 'int' : 'float64'
  const number = (query: Query, use: (a: number, b: number) => number): number =>
    use(Number(left.evaluate(query)), Number(right.evaluate(query)))
  switch (operator) {
    case '+':
      return { type, evaluate: query => number(query, (a, b) => a + b) }
    case '-':
      return { type, evaluate: query => number(query, (a, b) => a - b) }
    case '*':
      return { type, evaluate: query => number(query, (a, b) => a * b) }
    case '/':
      return { type, evaluate: query => number(query, (a, b) => a / b) }
    case '%':
      if (type !== 'int') return undefined
      return {
        type,
        evaluate: query =>
          number(query, (a, b) => {
            if (b === 0) throw new NoValue('integer divide by zero')
            return a % b
          })
      }
    default:
      return undefined
  }
}

function isEqual(a: Value, b: Value): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((item, i) => isEqual(item as Value, b[i] as Value))
}
