// Runs a template that was read (Go's text/template). Every run has a bound in steps and in output.
import { Struct, isMap, typeName, valueText, type Value } from './format.ts'
import { functions, isTrue } from './functions.ts'
import {
  commandText,
  nodesText,
  operandText,
  type Command,
  type Node,
  type Operand,
  type Pipe
} from './nodes.ts'
import { parseTemplate } from './parser.ts'
import { TemplateSyntaxError } from './tokens.ts'

const STEPS_MAX = 50_000
const OUTPUT_MAX = 65_535

/** A method that templates call on the data: `.Meta "label"`. */
export type Methods = Readonly<Record<string, (args: readonly Value[]) => Value>>

export interface TemplateData {
  readonly fields: Struct
  readonly methods: Methods
}

export class Template {
  /** As Go writes the template back: the label of metrics. */
  readonly text: string
  readonly #name: string
  readonly #source: string
  readonly #nodes: readonly Node[]

  /** Throws Error with Go's message: `template: NAME:1: unclosed action`. */
  constructor(name: string, source: string) {
    this.#name = name
    this.#source = source
    try {
      this.#nodes = parseTemplate(source, word => functions.has(word))
    } catch (error) {
      if (error instanceof TemplateSyntaxError)
        throw new Error(`template: ${name}:${error.line}: ${error.message}`, { cause: error })
      throw error
    }
    this.text = nodesText(this.#nodes)
  }

  /** What the template gives for the data. Throws Error with Go's message. */
  run(data: TemplateData): string {
    return new Run(this.#name, this.#source, data).run(this.#nodes)
  }
}

interface Variable {
  readonly name: string
  value: Value
}

type Flow = 'on' | 'break' | 'continue'

class Run {
  readonly #name: string
  readonly #source: string
  readonly #data: TemplateData
  readonly #variables: Variable[]
  #output = ''
  #steps = 0

  constructor(name: string, source: string, data: TemplateData) {
    this.#name = name
    this.#source = source
    this.#data = data
    this.#variables = [{ name: '$', value: data.fields }]
  }

  run(nodes: readonly Node[]): string {
    this.#walk(nodes, this.#data.fields)
    return this.#output
  }

  #walk(nodes: readonly Node[], dot: Value): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot)
      if (flow !== 'on') return flow
    }
    return 'on'
  }

  #node(node: Node, dot: Value): Flow {
    switch (node.kind) {
      case 'text':
        this.#write(node.text)
        return 'on'
      case 'action': {
        const value = this.#pipe(node.pipe, dot)
        if (node.pipe.variables.length === 0) this.#write(valueText(value))
        return 'on'
      }
      case 'break':
      case 'continue':
        return node.kind
      case 'range':
        return this.#range(node, dot)
      default: {
        const known = this.#variables.length
        const value = this.#pipe(node.pipe, dot)
        const flow = isTrue(value)
          ? this.#walk(node.then, node.kind === 'with' ? value : dot)
          : this.#walk(node.otherwise ?? [], dot)
        this.#variables.length = known
        return flow
      }
    }
  }

  #range(node: Extract<Node, { readonly kind: 'if' | 'with' | 'range' }>, dot: Value): Flow {
    const known = this.#variables.length
    const { pipe } = node
    const collection = this.#pipe({ ...pipe, variables: [] }, dot)
    const entries = this.#entries(collection, pipe)
    for (const [key, value] of entries) {
      this.#step()
      const [first, second] = pipe.variables
      const named: [string | undefined, Value][] =
        second === undefined
          ? [[first, value]]
          : [
              [first, key],
              [second, value]
            ]
      for (const [name, item] of named) if (name !== undefined) this.#set(name, item, pipe.isAssignment)
      const flow = this.#walk(node.then, value)
      this.#variables.length = known
      if (flow === 'break') break
    }
    if (entries.length === 0) return this.#walk(node.otherwise ?? [], dot)
    return 'on'
  }

  #entries(collection: Value, pipe: Pipe): (readonly [Value, Value])[] {
    if (Array.isArray(collection)) return (collection as readonly Value[]).map((value, at) => [at, value])
    if (isMap(collection)) {
      return Object.keys(collection)
        .sort()
        .map(key => [key, collection[key]])
    }
    if (typeof collection === 'number' && Number.isInteger(collection)) {
      const count = Math.max(0, Math.min(collection, STEPS_MAX))
      return Array.from({ length: count }, (_, at) => [at, at])
    }
    if (collection === undefined) return []
    throw this.#error(
      pipe.at,
      pipe.commands.map(commandText).join(' | '),
      `range can't iterate over ${valueText(collection)}`
    )
  }

  #set(name: string, value: Value, isAssignment: boolean): void {
    const known = isAssignment ? this.#variables.findLast(variable => variable.name === name) : undefined
    if (known === undefined) this.#variables.push({ name, value })
    else known.value = value
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    let value: Value
    pipe.commands.forEach((command, position) => {
      value = this.#command(command, dot, position === 0 ? undefined : [value])
    })
    for (const name of pipe.variables) this.#set(name, value, pipe.isAssignment)
    return value
  }

  /** `last`: the value of the command before the `|`, which becomes the last argument. */
  #command(command: Command, dot: Value, last: readonly Value[] | undefined): Value {
    this.#step()
    const [first, ...rest] = command.operands as [Operand, ...Operand[]]
    if (first.kind === 'function') return this.#call(first.name, command, rest, dot, last)
    if (first.kind === 'dot' && first.fields.length === 1 && dot === this.#data.fields) {
      const name = first.fields[0] as string
      const method = Object.hasOwn(this.#data.methods, name) ? this.#data.methods[name] : undefined
      if (method !== undefined) {
        const args = [...rest.map(operand => this.#operand(operand, dot)), ...(last ?? [])]
        return this.#guard(command.at, commandText(command), () => method(args))
      }
    }
    if (rest.length > 0 || last !== undefined) {
      const what =
        first.kind === 'literal'
          ? `can't give argument to non-function ${operandText(first)}`
          : `${operandText(first)} is not a method but has arguments`
      throw this.#error(first.at, operandText(first), what)
    }
    return this.#operand(first, dot)
  }

  #call(
    name: string,
    command: Command,
    operands: readonly Operand[],
    dot: Value,
    last: readonly Value[] | undefined
  ): Value {
    const declared = functions.get(name)
    const count = operands.length + (last?.length ?? 0)
    const text = commandText(command)
    if (declared === undefined)
      throw this.#error(command.at, text, `${JSON.stringify(name)} is not a defined function`)
    if (count < declared.least || count > declared.most) {
      const want =
        declared.most === Number.POSITIVE_INFINITY ? `at least ${declared.least}` : `${declared.least}`
      throw this.#error(command.at, name, `wrong number of args for ${name}: want ${want} got ${count}`)
    }
    if (name === 'and' || name === 'or') return this.#logic(name, operands, dot, last)
    const args = [...operands.map(operand => this.#operand(operand, dot)), ...(last ?? [])]
    return this.#guard(command.at, text, () => declared.call(args))
  }

  /** Arguments are looked at until the answer is known. */
  #logic(
    name: 'and' | 'or',
    operands: readonly Operand[],
    dot: Value,
    last: readonly Value[] | undefined
  ): Value {
    let value: Value
    for (const operand of operands) {
      value = this.#operand(operand, dot)
      if (isTrue(value) === (name === 'or')) return value
    }
    return last === undefined ? value : last[0]
  }

  #operand(operand: Operand, dot: Value): Value {
    switch (operand.kind) {
      case 'literal':
        return operand.value
      case 'dot':
        return this.#fields(dot, operand.fields, operand)
      case 'variable': {
        const variable = this.#variables.findLast(({ name }) => name === operand.name)
        return this.#fields(variable?.value, operand.fields, operand)
      }
      case 'paren':
        return this.#fields(this.#pipe(operand.pipe, dot), operand.fields, operand)
      case 'function':
        return this.#call(operand.name, { operands: [operand], at: operand.at }, [], dot, undefined)
    }
  }

  #fields(start: Value, fields: readonly string[], operand: Operand): Value {
    let value = start
    for (const field of fields) {
      if (value === this.#data.fields && Object.hasOwn(this.#data.methods, field)) {
        const method = this.#data.methods[field]
        value = this.#guard(operand.at, operandText(operand), () => method?.([]))
        continue
      }
      if (value === undefined)
        throw this.#error(operand.at, operandText(operand), `nil pointer evaluating interface {}.${field}`)
      if (!isMap(value))
        throw this.#error(
          operand.at,
          operandText(operand),
          `can't evaluate field ${field} in type ${typeName(value)}`
        )
      if (!Object.hasOwn(value, field)) {
        if (!(value instanceof Struct)) return undefined // a map without the key
        const type = value === this.#data.fields ? '*template.templateData' : 'struct'
        throw this.#error(operand.at, operandText(operand), `can't evaluate field ${field} in type ${type}`)
      }
      value = value[field]
    }
    return value
  }

  #guard(at: number, text: string, call: () => Value): Value {
    try {
      return call()
    } catch (error) {
      throw this.#error(at, text, error instanceof Error ? error.message : String(error))
    }
  }

  /** Rounds of a range count too: their bodies may be empty. */
  #step(): void {
    if (++this.#steps > STEPS_MAX)
      throw new Error(`template: ${this.#name}: takes more than ${STEPS_MAX} steps`)
  }

  #write(text: string): void {
    this.#output += text
    if (this.#output.length > OUTPUT_MAX)
      throw new Error(`template: ${this.#name}: gives more than ${OUTPUT_MAX} characters`)
  }

  /** The place is where Go says it: line, and octets before it on that line. */
  #error(at: number, text: string, message: string): Error {
    const before = Buffer.from(this.#source, 'utf8').subarray(0, at)
    const line = before.filter(octet => octet === 0x0a).length + 1
    const column = at - (before.lastIndexOf(0x0a) + 1)
    return new Error(
      `template: ${this.#name}:${line}:${column}: executing ${JSON.stringify(this.#name)} at <${text}>: ${message}`
    )
  }
}
