// What a template consists of, and how Go writes it back in its messages.

export type Literal = string | number | bigint | boolean | undefined

export type Operand =
  /** `.A.B`, `$x.A`, `(…).A`: a start and the fields behind it. */
  | { readonly kind: 'dot'; readonly fields: readonly string[]; readonly at: number }
  | {
      readonly kind: 'variable'
      readonly name: string
      readonly fields: readonly string[]
      readonly at: number
    }
  | { readonly kind: 'paren'; readonly pipe: Pipe; readonly fields: readonly string[]; readonly at: number }
  | { readonly kind: 'literal'; readonly value: Literal; readonly text: string; readonly at: number }
  | { readonly kind: 'function'; readonly name: string; readonly at: number }

export interface Command {
  readonly operands: readonly Operand[]
  readonly at: number
}

export interface Pipe {
  readonly commands: readonly Command[]
  /** Variables it declares or, with `isAssignment`, sets. */
  readonly variables: readonly string[]
  readonly isAssignment: boolean
  readonly at: number
}

export type BranchKind = 'if' | 'with' | 'range'

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | { readonly kind: 'break' | 'continue' }
  | {
      readonly kind: BranchKind
      readonly pipe: Pipe
      readonly then: readonly Node[]
      readonly otherwise: readonly Node[] | undefined
    }

export function pipeText(pipe: Pipe): string {
  const declared =
    pipe.variables.length === 0 ? '' : `${pipe.variables.join(', ')} ${pipe.isAssignment ? '=' : ':='} `
  return declared + pipe.commands.map(commandText).join(' | ')
}

export function commandText(command: Command): string {
  return command.operands.map(operandText).join(' ')
}

export function operandText(operand: Operand): string {
  switch (operand.kind) {
    case 'dot':
      return operand.fields.length === 0 ? '.' : fieldsText(operand.fields)
    case 'variable':
      return operand.name + fieldsText(operand.fields)
    case 'paren':
      return `(${pipeText(operand.pipe)})${fieldsText(operand.fields)}`
    case 'literal':
      return operand.text
    case 'function':
      return operand.name
  }
}

const fieldsText = (fields: readonly string[]): string => fields.map(field => `.${field}`).join('')

export function nodesText(nodes: readonly Node[]): string {
  return nodes.map(nodeText).join('')
}

function nodeText(node: Node): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'action':
      return `{{${pipeText(node.pipe)}}}`
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`
    default: {
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${nodesText(node.otherwise)}`
      return `{{${node.kind} ${pipeText(node.pipe)}}}${nodesText(node.then)}${otherwise}{{end}}`
    }
  }
}
