// Asks a labdns about everything that goes wrong in the lab, with the real dig, and reads the line that says why.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { scenarios } from '../../build/test/explain/scenarios.js'
import { start } from './serving.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-explain-'))
const program = path.join(root, 'build/src/cli/labdns.js')
const lab = path.join(root, 'test/fixtures/explain/lab.yaml')

let passed = 0
let failed = 0
const check = (isRight, what, seen) => {
  if (isRight) passed++
  else {
    failed++
    console.log(`FAIL  ${what}\n${seen}`)
  }
}

const byStanza = new Map()
for (const each of scenarios) {
  const key = (each.stanza ?? []).join('\n')
  byStanza.set(key, [...(byStanza.get(key) ?? []), each])
}

for (const [stanza, group] of byStanza) {
  const corefile = path.join(folder, 'Corefile')
  writeFileSync(
    corefile,
    `.:0 {\n    bind 127.0.0.1\n    explain\n    kubernetes cluster.local in-addr.arpa {\n        pods insecure\n        ${stanza}\n    }\n}\n`
  )
  const words = ['serve', '-conf', corefile, '--apps', lab, '--http-base', '0']
  const server = await start(process.execPath, [program, ...words])
  const port = String(server.ready.dns[0].port)
  const dig = (...words) =>
    spawnSync('dig', ['@127.0.0.1', '-p', port, '+tries=1', '+time=3', ...words], { encoding: 'utf8' }).stdout
  for (const { reason, name, type, rcode, says } of group) {
    const text = says.join('; ')
    const plain = dig(name, type)
    check(plain.includes(`status: ${rcode === 'NXDOMAIN' ? rcode : 'NOERROR'}`), `${reason}: status`, plain)
    const line = `; EDE: 0 (Other): (${text})`
    check(plain.includes('; EDE:') === (rcode !== 'NOERROR'), `${reason}: an extended error`, plain)
    if (rcode !== 'NOERROR') check(plain.includes(line), `${reason}: ${line}`, plain)
    const without = dig('+noedns', name, type)
    check(!without.includes('EDE'), `${reason}: nobody is told who didn't ask`, without)
    const asText = dig('+short', 'CH', 'TXT', `explain.${name}`).replaceAll('" "', '')
    check(asText.includes(`${rcode}: ${text}"`), `${reason}: as text`, asText)
  }
  await server.stop()
}
rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
