// Tables as kubectl prints them: upper-case heads, three blanks after the widest cell of a column, the last cell as it is.

const GAP = 3
/** The least width of a column, gap included. */
const WIDTH_MIN = 6
/** Cells may quote what a file says: nothing in one may begin a line or steer a terminal. */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** The lines of a table, each ended. `rows` have as many cells as `heads`; without heads only the rows are printed. */
export function* tableLines(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  hasHeads = true
): Generator<string, void> {
  const widths = heads.map(head => (hasHeads ? Math.max(widthOf(head) + GAP, WIDTH_MIN) : WIDTH_MIN))
  for (const row of rows) {
    for (let at = 0; at < row.length; at++) {
      widths[at] = Math.max(widths[at] ?? 0, widthOf(row[at] as string) + GAP)
    }
  }
  if (hasHeads) yield line(heads, widths)
  for (const row of rows) yield line(row, widths)
}

function line(cells: readonly string[], widths: readonly number[]): string {
  let text = ''
  for (let at = 0; at < cells.length; at++) {
    const cell = harmless(cells[at] as string)
    text += at === cells.length - 1 ? cell : cell + ' '.repeat((widths[at] as number) - widthOf(cell))
  }
  return `${text}\n`
}

function harmless(cell: string): string {
  return CONTROL.test(cell) ? Array.from(cell, character => character.replace(CONTROL, '?')).join('') : cell
}

function widthOf(text: string): number {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return Array.from(text).length
  return text.length
}
