// What is wrong with an expression, as expr-lang says it: the message, the place, the line and a mark below it.

export class ExpressionError extends Error {
  /** `at` is an offset into `source`. */
  constructor(message: string, source: string, at: number) {
    super(source === '' ? message : `${message} (1:${at + 1})\n | ${source}\n | ${'.'.repeat(at)}^`)
    this.name = 'ExpressionError'
  }
}
