import { readFileSync } from 'node:fs'
import t from 'tap'
import { forwardPlugin, forwardWith } from '../../../src/plugins/forward/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)
const option = (line: string) => `forward . 127.0.0.1 {\n ${line}\n }`
const ips = (count: number) => Array.from({ length: count }, (_, at) => `10.0.0.${at + 1}`).join(' ')

const pem = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/tls/${name}`, import.meta.url), 'utf8')

const files = {
  '/etc/resolv.conf': 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n',
  '/etc/empty.conf': 'search a.org\n',
  '/ca.pem': pem('cert.pem'),
  '/cert.pem': pem('cert.pem'),
  '/key.pem': pem('key.pem'),
  '/torn.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  '/not.pem': 'nothing'
}

const good: readonly string[] = [
  'forward . 127.0.0.1',
  'forward . /etc/resolv.conf',
  'forward . /etc/empty.conf 127.0.0.1',
  'forward example.org 127.0.0.1 127.0.0.2:5353 [::1]:53 dns://127.0.0.3',
  'forward . tls://9.9.9.9%dns.quad9.net tls://149.112.112.112',
  'forward . https://9.9.9.9 https://149.112.112.112:8443%dns.quad9.net',
  'forward . 127.0.0.1:99999',
  'forward . 127.0.0.1:x',
  'forward . [::1',
  `forward . ${ips(15)}`,
  'forward . 127.0.0.1 {\n }',
  option('except a.org 10.0.0.0/8'),
  option('except a..b'),
  option('force_tcp'),
  option('prefer_udp'),
  option('expire 20s'),
  option('expire 0s'),
  option('max_age 10s'),
  option('max_age 0'),
  option('max_idle_conns 5'),
  option('read_timeout 300ms'),
  option('max_fails 0'),
  option('max_connect_attempts 0'),
  option('doh_method GET'),
  option('tls'),
  option('tls /ca.pem'),
  option('tls /cert.pem /key.pem'),
  option('tls /cert.pem /key.pem /ca.pem'),
  option('tls_servername dns.example'),
  option('policy random'),
  option('policy round_robin'),
  option('policy sequential'),
  option('health_check 5s'),
  option('health_check 0'),
  option('health_check 1s no_rec domain probe.example.org'),
  option('max_concurrent 0'),
  option('max_concurrent 1000'),
  option('next NXDOMAIN servfail'),
  option('next_on_nodata'),
  option('failfast_all_unhealthy_upstreams'),
  option('failover SERVFAIL REFUSED'),
  option('source_address 127.0.0.2'),
  option('resolver 9.9.9.9 149.112.112.112:53')
]

for (const directive of good) {
  t.test(directive, async t => t.equal(setupMessage(directive, forwardPlugin, testRuntime(files)), ''))
}

const bad: readonly (readonly [directive: string, message: string])[] = [
  ['forward', argument(2, 'forward')],
  ['forward .', argument(2, '.')],
  ['forward a..b 127.0.0.1', "unable to normalize 'a..b'"],
  ['forward . /etc/empty.conf', 'no valid upstream addresses found'],
  [`forward . ${ips(16)}`, 'more than 15 TOs configured: 16'],
  [
    'forward . quic://127.0.0.1',
    "'quic' is not supported as a destination protocol in forward: quic://127.0.0.1:853"
  ],
  [
    'forward . grpc://[::1]',
    "'grpc' is not supported as a destination protocol in forward: grpc://[::1]:443"
  ],
  [
    'forward . https://127.0.0.1/dns-query',
    'paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): https://127.0.0.1/dns-query'
  ],
  [
    'forward . https://127.0.0.1%a.example {\n tls_servername b.example\n }',
    "both forward ('b.example') and proxy level ('a.example') TLS servernames are set for upstream proxy 'https://127.0.0.1:443'"
  ],
  ['forward . tls://', 'invalid address: "tls://"'],
  ['forward . a..b', 'not an IP address, file, or valid domain: "a..b"'],
  [
    'forward . tls://9.9.9.9%a.example {\n tls_servername b.example\n }',
    "both forward ('b.example') and proxy level ('a.example') TLS servernames are set for upstream proxy 'tls://9.9.9.9:853'"
  ],
  [option('bogus'), parsing(3, "unknown property 'bogus'")],
  [option('toString'), parsing(3, "unknown property 'toString'")],
  [option('except'), argument(3, 'except')],
  [option('force_tcp x'), argument(3, 'x')],
  [option('prefer_udp x'), argument(3, 'x')],
  [option('expire'), argument(3, 'expire')],
  [option('expire x'), 'time: invalid duration "x"'],
  [option('expire 5'), 'time: missing unit in duration "5"'],
  [option('expire -1s'), "expire can't be negative: -1s"],
  [option('max_age -1s'), "max_age can't be negative: -1s"],
  [option('max_age 5s'), 'max_age (5s) must not be less than expire (10s)'],
  [option('max_idle_conns x'), 'strconv.Atoi: parsing "x": invalid syntax'],
  [option('max_idle_conns -1'), "max_idle_conns can't be negative: -1"],
  [option('read_timeout 0'), 'read_timeout must be positive: 0s'],
  [option('read_timeout -1s'), 'read_timeout must be positive: -1s'],
  [option('max_fails'), argument(3, 'max_fails')],
  [option('max_fails -1'), 'strconv.ParseUint: parsing "-1": invalid syntax'],
  [option('max_fails 5000000000'), 'strconv.ParseUint: parsing "5000000000": value out of range'],
  [option('max_connect_attempts x'), 'strconv.ParseUint: parsing "x": invalid syntax'],
  [option('doh_method PUT'), 'doh_method must be either POST or GET'],
  [option('tls a b c d'), argument(3, 'd')],
  [option('tls nofile'), 'error reading nofile: open nofile: no such file or directory'],
  [option('tls nofile /key.pem'), 'could not load TLS cert: open nofile: no such file or directory'],
  [option('tls /not.pem'), 'could not read root certs: no certificate in PEM format in it'],
  [option('tls_servername'), argument(3, 'tls_servername')],
  [option('policy'), argument(3, 'policy')],
  [option('policy bad'), parsing(3, "unknown policy 'bad'")],
  [option('health_check'), argument(3, 'health_check')],
  [option('health_check x'), 'time: invalid duration "x"'],
  [option('health_check -1s'), "health_check can't be negative: -1000000000"],
  [option('health_check 1s bad'), 'health_check: unknown option bad'],
  [option('health_check 1s domain'), argument(3, 'domain')],
  [option('health_check 1s domain a..b'), 'health_check: invalid domain name a..b'],
  [option('max_concurrent'), argument(3, 'max_concurrent')],
  [option('max_concurrent x'), 'strconv.Atoi: parsing "x": invalid syntax'],
  [option('max_concurrent -1'), "max_concurrent can't be negative: -1"],
  [option('next'), argument(3, 'next')],
  [option('next BAD'), 'BAD is not a valid rcode'],
  [option('next_on_nodata x'), argument(3, 'x')],
  [option('failfast_all_unhealthy_upstreams x'), argument(3, 'x')],
  [option('failover'), argument(3, 'failover')],
  [option('failover NOERROR'), 'NoError cannot be used in failover'],
  [option('failover BAD'), 'BAD is not a valid rcode'],
  [option('source_address'), argument(3, 'source_address')],
  [option('source_address x'), parsing(3, 'invalid IP address: x')],
  [option('resolver'), argument(3, 'resolver')],
  [option('resolver dns.example'), 'resolver must be an IP address or IP:port: "dns.example"']
]

for (const [directive, message] of bad) {
  t.test(directive.slice(0, 90), async t => {
    // As the process would see it: there is no file of that name in the working folder.
    t.equal(setupMessage(directive, forwardPlugin, testRuntime(files)), message)
  })
}

t.test('of a CIDR base zone only the first counts, with a warning', async t => {
  const runtime = testRuntime()
  setupBlocks('.:53 {\n forward 10.0.0.0/9 127.0.0.1\n}', [forwardPlugin], testShared(runtime))
  t.same(runtime.log.lines, [
    "[WARNING] plugin/forward: Unsupported CIDR notation: '10.0.0.0/9' expands to multiple zones. Using only '0.10.in-addr.arpa.'."
  ])
})

t.test('a host name that nobody knows ends the start', async t => {
  const forward = forwardWith(() => ({
    resolve: name => Promise.reject(new Error(`lookup ${name}: no such host`))
  }))
  const [block] = setupBlocks('.:53 {\n forward . nobody.invalid\n}', [forward], testShared(testRuntime()))
  await t.rejects(block!.start(), {
    message: 'plugin/forward: failed to resolve "nobody.invalid": lookup nobody.invalid: no such host'
  })
})
