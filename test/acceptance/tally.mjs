// Counts what holds and what doesn't, and says so line by line.

let passed = 0
let failed = 0

export function check(name, holds, detail = '') {
  if (holds) passed++
  else failed++
  console.log(`${holds ? 'ok  ' : 'FAIL'}  ${name}${detail === '' ? '' : `: ${detail}`}`)
}

/** The last line, and the end of the process. */
export function end() {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}
