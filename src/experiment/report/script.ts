// The script of the report: sorting, filtering, opening all walks. The page says everything without it.

/** A classic script; has no `</script` in it, and asks no server for anything. */
export const SCRIPT = `
'use strict'
for (const table of document.querySelectorAll('table[data-sortable]')) {
  const body = table.tBodies[0]
  const heads = [...table.tHead.rows[0].cells]
  heads.forEach((head, at) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.append(...head.childNodes)
    head.append(button)
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') !== 'ascending'
      for (const each of heads) each.removeAttribute('aria-sort')
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending')
      const key = row => row.cells[at].dataset.value ?? row.cells[at].textContent
      const rows = [...body.rows].map(row => ({ row, key: key(row) }))
      rows.sort((a, b) => (a.key - b.key || String(a.key).localeCompare(String(b.key), 'en', { numeric: true })) * (up ? 1 : -1))
      body.append(...rows.map(each => each.row))
    })
  })
  const tools = document.createElement('div')
  tools.className = 'tools'
  const label = document.createElement('label')
  label.textContent = 'Rows that hold '
  const input = document.createElement('input')
  input.type = 'search'
  label.append(input)
  const status = document.createElement('span')
  status.setAttribute('role', 'status')
  tools.append(label, status)
  table.closest('.scroll').before(tools)
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\\s+/)
    let shown = 0
    for (const row of body.rows) {
      row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word))
      if (!row.hidden) shown++
    }
    status.textContent = shown + ' of ' + body.rows.length + ' rows'
  })
}
const all = [...document.querySelectorAll('details')]
if (all.length > 1) {
  const tools = document.createElement('div')
  tools.className = 'tools'
  for (const [text, open] of [['Open all walks', true], ['Close all walks', false]]) {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = text
    button.addEventListener('click', () => all.forEach(each => (each.open = open)))
    tools.append(button)
  }
  all[0].before(tools)
}
`
