import { readFileSync } from 'node:fs'
import t from 'tap'
import type { TlsSettings } from '../../../src/plugins/definition.ts'
import { rootPlugin } from '../../../src/plugins/root/setup.ts'
import { tlsPlugin } from '../../../src/plugins/tls/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const fixture = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/tls/${name}`, import.meta.url), 'utf8')

const files = {
  '/certs/cert.pem': fixture('cert.pem'),
  '/certs/key.pem': fixture('key.pem'),
  'cert.pem': fixture('cert.pem'),
  'key.pem': fixture('key.pem'),
  'other-key.pem': fixture('other-key.pem'),
  'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  'broken-key.pem': '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n',
  'text.pem': 'what people write\n'
}

const given = (directives: string): TlsSettings | undefined =>
  setupBlocks(
    `tls://.:853 {\n${directives}\n}`,
    [rootPlugin, tlsPlugin],
    testShared(testRuntime({ ...files, '/certs': '' }))
  )[0]!.tls

t.test('files are read at set-up and given to the listener', t => {
  const plain = given('tls cert.pem key.pem')!
  t.equal(plain.cert.toString(), files['cert.pem'])
  t.equal(plain.key.toString(), files['key.pem'])
  t.same([plain.ca, plain.clientAuth, plain.keyLog], [undefined, 'nocert', undefined])
  t.equal(given('tls cert.pem key.pem cert.pem')!.ca?.toString(), files['cert.pem'])
  t.equal(given('root /certs\n tls cert.pem key.pem')!.key.toString(), files['/certs/key.pem'])
  for (const word of ['nocert', 'request', 'require', 'verify_if_given', 'require_and_verify']) {
    t.equal(given(`tls cert.pem key.pem {\n client_auth ${word}\n}`)!.clientAuth, word)
  }
  t.end()
})

t.test('of several lines the last one counts', t => {
  t.equal(given('tls cert.pem key.pem\n tls cert.pem key.pem cert.pem')!.ca?.toString(), files['cert.pem'])
  t.end()
})

t.test('the secrets of connections go where the Corefile says, and the log says so', t => {
  const written: string[] = []
  const runtime = testRuntime(files)
  const withAppend = {
    ...runtime,
    files: {
      ...runtime.files,
      append: (path: string, octets: Uint8Array) => void written.push(`${path}: ${octets.toString()}`)
    }
  }
  const [block] = setupBlocks(
    'tls://. {\n tls cert.pem key.pem {\n  keylog /tmp/secrets\n }\n}',
    [tlsPlugin],
    testShared(withAppend)
  )
  block!.tls!.keyLog!(Buffer.from('a line'))
  t.same(written, ['/tmp/secrets: ', '/tmp/secrets: a line'])
  t.same(runtime.log.lines, ['[WARNING] plugin/tls: Writing TLS Key Log to "/tmp/secrets"'])
  t.end()
})

const PLACE = 'Corefile:2 - Error during parsing: '
// The first, second and fourth text is recorded (bad-input.json: tls-1, twice-tls, tls-4).
const mistakes: readonly (readonly [directive: string, message: string])[] = [
  ['tls a b', 'could not load TLS cert: open a: no such file or directory'],
  ['tls a b\n tls a b', 'could not load TLS cert: open a: no such file or directory'],
  ['tls cert.pem b', 'could not load TLS cert: open b: no such file or directory'],
  ['tls a b c d', `plugin/tls: ${PLACE}Wrong argument count or unexpected line ending after 'd'`],
  ['tls a', `plugin/tls: ${PLACE}Wrong argument count or unexpected line ending after 'a'`],
  ['tls', `${PLACE}labdns gets no certificates by itself (acme)`],
  ['tls cert.pem key.pem ca', 'error reading ca: open ca: no such file or directory'],
  ['tls cert.pem key.pem text.pem', 'could not read root certs: no certificate in PEM format in it'],
  ['tls text.pem key.pem', 'could not load TLS cert: tls: failed to find any PEM data in certificate input'],
  ['tls cert.pem text.pem', 'could not load TLS cert: tls: failed to find any PEM data in key input'],
  ['tls key.pem cert.pem', 'could not load TLS cert: tls: failed to find any PEM data in certificate input'],
  ['tls broken.pem key.pem', 'could not load TLS cert: tls: failed to parse certificate'],
  ['tls cert.pem broken-key.pem', 'could not load TLS cert: tls: failed to parse private key'],
  ['tls cert.pem other-key.pem', 'could not load TLS cert: tls: private key does not match public key']
]
const inBlock: readonly (readonly [line: string, message: string])[] = [
  ['client_auth', "Wrong argument count or unexpected line ending after 'client_auth'"],
  ['client_auth maybe', "unknown authentication type 'maybe'"],
  ['client_auth request require', "Wrong argument count or unexpected line ending after 'require'"],
  ['keylog', "Wrong argument count or unexpected line ending after 'keylog'"],
  ['ciphers all', "unknown option 'ciphers'"]
]

t.test('mistakes', t => {
  for (const [directive, message] of mistakes) {
    t.equal(setupMessage(directive, tlsPlugin, testRuntime(files)), message, directive)
  }
  for (const [line, message] of inBlock) {
    const directive = `tls cert.pem key.pem {\n ${line}\n}`
    const found = setupMessage(directive, tlsPlugin, testRuntime(files))
    t.equal(found, `Corefile:3 - Error during parsing: ${message}`, line)
  }
  t.end()
})
