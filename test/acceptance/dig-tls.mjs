// Asks a labdns over TLS and over HTTPS with the real dig: both methods, an answer longer than a datagram, and a zone
// transfer over TLS, which insists on the protocol that ALPN agrees on.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { start } from './serving.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-dig-tls-'))
const corefile = path.join(folder, 'Corefile')
const fixture = name => path.join(root, 'test/fixtures/tls', name)
const config = path.join(root, 'config')
writeFileSync(
  corefile,
  `tls://.:0 https://.:0 {
    bind 127.0.0.1
    tls ${fixture('cert.pem')} ${fixture('key.pem')}
    kubernetes cluster.local
    transfer {
        to *
    }
}
`
)
const words = ['serve', '-conf', corefile, '--apps', path.join(config, 'apps'), '--http-base', '0']
const server = await start(process.execPath, [path.join(root, 'build/src/cli/labdns.js'), ...words])
const ports = Object.fromEntries(server.ready.dns.map(each => [each.transport, each.port]))
const NAME = 'web.shop.svc.cluster.local'
const trusts = ['+tls-hostname=dns.example', `+tls-ca=${fixture('cert.pem')}`]
const cases = [
  ['tls', ['+tls', NAME], /status: NOERROR[^]*\sIN\s+A\s+10\.[^]*\(TLS\)/],
  ['tls', ['+tls', ...trusts, NAME], /status: NOERROR/],
  ['tls', ['+tls', '+tls-hostname=wrong.example', trusts[1], NAME], /TLS peer certificate verification/],
  ['tls', ['+tls', 'nothing.shop.svc.cluster.local'], /status: NXDOMAIN/],
  [
    'tls',
    ['+tls', 'cluster.local', 'AXFR'],
    /SOA[^]*web\.shop\.svc\.cluster\.local\.[^]*XFR size: \d+ records/
  ],
  ['https', ['+https', NAME], /status: NOERROR[^]*\sIN\s+A\s+10\.[^]*\(HTTPS\)/],
  ['https', ['+https-get', NAME], /status: NOERROR[^]*\(HTTPS-GET\)/],
  ['https', ['+https', ...trusts, NAME], /status: NOERROR/],
  ['https', ['+https=/elsewhere', NAME], /no servers could be reached|failed/]
]
let failed = 0
for (const [scheme, words, expected] of cases) {
  const args = ['@127.0.0.1', '-p', String(ports[scheme]), '+tries=1', '+time=3', ...words]
  const { stdout, stderr } = spawnSync('dig', args, { encoding: 'utf8' })
  if (expected.test(stdout + stderr)) continue
  failed++
  console.log(`dig ${args.join(' ')}: expected ${expected}, found\n${stdout}${stderr}`)
}
await server.stop()
rmSync(folder, { recursive: true })
console.log(`${cases.length - failed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
