// What a person reads who has just started the server.
import t from 'tap'
import type { Addresses, App } from '../../src/app.ts'
import { banner } from '../../src/cli/banner.ts'

const app = {
  exampleQuestions: () => [{ question: 'web.default.svc.cluster.local', remark: 'an address' }]
} as unknown as App
const addresses: Addresses = {
  dns: [{ address: '127.0.0.1', port: 1053, transport: 'udp' }],
  http: {}
}

t.test('questions to paste', t => {
  const lines = banner(app, addresses)
  t.ok(lines.includes('  dig @127.0.0.1 -p 1053 web.default.svc.cluster.local   # an address'))
  t.notOk(lines.some(line => line.includes('-conf')))
  t.end()
})

const commands: [words: readonly string[], command: string][] = [
  [['serve', '--apps', 'k8s'], '  labdns serve -conf k8s/dns.yaml --apps k8s --listen 127.0.0.1:1053'],
  [
    ['--apps', 'my app', '--listen', '[::1]:53'],
    "  labdns serve -conf k8s/dns.yaml --apps 'my app' --listen '[::1]:53'"
  ]
]
t.test('the command that would use the Corefile of a ConfigMap', t => {
  for (const [words, command] of commands) {
    const lines = banner(app, addresses, 'k8s/dns.yaml', words)
    t.ok(lines.includes('There is a Corefile in the ConfigMap kube-system/coredns. To serve with it:'))
    t.ok(lines.includes(command), command)
  }
  t.end()
})
