// What an unquoted YAML scalar means to kubectl, whose YAML is neither 1.1 nor 1.2: words such as `yes` and `on` are
// booleans, `010` is octal, dates stay text, and `12:30:45` is no number.

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])
const TRUES = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'])
const FALSES = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'])

const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
const SPECIAL = /^[-+]?\.(?:inf|Inf|INF)$/

/** The value of a plain (unquoted) scalar. */
export function plainScalar(text: string): null | boolean | number | string {
  if (NULLS.has(text)) return null
  const first = text.charCodeAt(0)
  // Digits, sign and point begin numbers; anything else is a word.
  const numeric = (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e
  if (numeric) return numberOf(text) ?? text
  if (TRUES.has(text)) return true
  if (FALSES.has(text)) return false
  return text
}

function numberOf(text: string): number | undefined {
  if (SPECIAL.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (text === '.nan' || text === '.NaN' || text === '.NAN') return NaN
  const plain = text.replaceAll('_', '')
  const sign = plain.startsWith('-') ? -1 : 1
  const digits = plain.replace(/^[-+]/, '')
  if (/^0[0-7]+$/.test(digits)) return sign * parseInt(digits, 8)
  if (/^0o[0-7]+$/i.test(digits) || /^0b[01]+$/i.test(digits) || /^0x[0-9a-f]+$/i.test(digits)) {
    return sign * Number(digits)
  }
  return FLOAT.test(plain) ? Number(plain) : undefined
}
