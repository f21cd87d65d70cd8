// Selectors of workloads: `matchLabels` and `matchExpressions` (Kubernetes documentation, "Labels and Selectors").
import type { Fields } from '../fields.ts'
import { labels } from './trim-fields.ts'
import { forbidden, invalid, labelKey, labelValue, required } from './trim-rules.ts'

export interface SelectorExpression {
  readonly key: string
  readonly operator: string
  readonly values: readonly string[]
}

/** A selector as it is written; it matches what keeps all of it. Without anything in it, it matches everything. */
export interface WrittenSelector {
  readonly matchLabels: Readonly<Record<string, string>>
  readonly matchExpressions: readonly SelectorExpression[]
}

/** The selector under `key`. */
export function writtenSelector(parent: Fields, key: string): WrittenSelector {
  const selector = parent.map(key)
  return {
    matchLabels: labels(selector, 'matchLabels'),
    matchExpressions: selector.maps('matchExpressions').map(expression)
  }
}

export function isEmptySelector(selector: WrittenSelector): boolean {
  return Object.keys(selector.matchLabels).length === 0 && selector.matchExpressions.length === 0
}

export function selects(selector: WrittenSelector, owned: Readonly<Record<string, string>>): boolean {
  const valueOf = (key: string) => (Object.hasOwn(owned, key) ? owned[key] : undefined)
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => valueOf(key) === value) &&
    selector.matchExpressions.every(({ key, operator, values }) => {
      const value = valueOf(key)
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      return operator === 'Exists' ? value !== undefined : value === undefined
    })
  )
}

function expression(each: Fields): SelectorExpression {
  const key = each.text('key')
  const badKey = labelKey(key)
  if (badKey !== undefined) each.error(['key'], invalid(key, badKey))
  const operator = each.text('operator')
  const values = each.texts('values')
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      each.error(['values'], required("must be specified when `operator` is 'In' or 'NotIn'"))
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      each.error(['values'], forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    }
  } else each.error(['operator'], invalid(operator, 'not a valid selector operator'))
  values.forEach((value, index) => {
    const bad = labelValue(value)
    if (bad !== undefined) each.error(['values', index], invalid(value, bad))
  })
  return { key, operator, values }
}
