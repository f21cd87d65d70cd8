// `queries_per_lookup<=2.5`: what makes the exit code of an experiment a test.
import { nearestWord } from '../corefile/nearest.ts'
import { shown } from './mistake.ts'

/** Figures of a setting that can be asserted. */
export const figureNames = [
  'queries_per_lookup',
  'nxdomain_share',
  'upstream_per_lookup',
  'failures',
  'broken_names',
  'p50_ms',
  'p90_ms',
  'p99_ms'
] as const
export type FigureName = (typeof figureNames)[number]

type Operator = '<=' | '>=' | '==' | '<' | '>'

export interface Assertion {
  readonly text: string
  readonly figure: FigureName
  readonly operator: Operator
  readonly value: number
}

/** The assertion, or what is wrong with the text. It holds when it holds for every setting. */
export function readAssertion(text: string): Assertion | string {
  const found = /^\s*([a-z0-9_]+)\s*(<=|>=|==|<|>)\s*(\d+(?:\.\d+)?)\s*$/.exec(text)
  if (found === null) {
    return `expected FIGURE<=NUMBER, as in queries_per_lookup<=2.5, found ${shown(text)}; figures: ${figureNames.join(', ')}`
  }
  const [, name = '', operator = '', value = ''] = found
  const figure = figureNames.find(each => each === name)
  if (figure === undefined) {
    const near = nearestWord(name, figureNames)
    return `no figure ${shown(name)}: ${near === undefined ? `one of ${figureNames.join(', ')}` : `did you mean ${near}?`}`
  }
  return { text: text.trim(), figure, operator: operator as Operator, value: Number(value) }
}

/** Whether a figure is as the assertion says. */
export function holds({ operator, value }: Assertion, figure: number): boolean {
  switch (operator) {
    case '<=':
      return figure <= value
    case '>=':
      return figure >= value
    case '==':
      return figure === value
    case '<':
      return figure < value
    case '>':
      return figure > value
  }
}
