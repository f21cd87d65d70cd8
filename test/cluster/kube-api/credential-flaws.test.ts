// What refused credentials tell of themselves: that there are none, and their dates. Never the secret.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { credentialFlaw } from '../../../src/cluster/kube-api/credential-flaws.ts'

const pem = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
const at = (text: string) => Date.parse(text)
const jwt = (claims: string) => `Bearer e30.${Buffer.from(claims).toString('base64url')}.c2ln`
const bearer = (authorization: string) => ({ headers: { authorization }, tls: {} })
const shows = (cert: string | Buffer) => ({ headers: {}, tls: { cert } })
const NOW = at('2030-01-02T03:04:05Z')

const cases = [
  ['none', { headers: {}, tls: {} }, NOW, 'we sent none; a token or a client certificate is needed'],
  ['a token that is no JWT', bearer('Bearer abc'), NOW, undefined],
  ['a token that is good', bearer(jwt('{"exp":1893553446}')), NOW, undefined],
  [
    'a token that is over',
    bearer(jwt('{"exp":1893553444}')),
    NOW,
    'our token expired on 2030-01-02T03:04:04Z (now is 2030-01-02T03:04:05Z); a new one is needed where it came from'
  ],
  ['a token with odd claims', bearer(jwt('{"exp":"x"}')), NOW, undefined],
  ['a token without claims', bearer(jwt('null')), NOW, undefined],
  ['a token whose claims are no JSON', bearer(jwt('{')), NOW, undefined],
  ['a token that never was one', bearer(jwt('{"exp":1e300}')), NOW, undefined],
  ['a token before all time', bearer(jwt('{"exp":-1e300}')), NOW, undefined],
  ['a password', bearer('Basic bWU6cGFzcw=='), NOW, undefined],
  ['a good certificate', shows(pem('client-cert')), NOW, undefined],
  [
    'a certificate that is over',
    shows(Buffer.from(pem('client-expired'))),
    NOW,
    'our client certificate (CN=client.example) expired on 2001-01-01T00:00:00Z (now is 2030-01-02T03:04:05Z); renew it'
  ],
  [
    'a certificate of the future',
    shows(pem('client-expired')),
    at('1999-12-31T00:00:00Z'),
    'our client certificate (CN=client.example) is not valid before 2000-01-01T00:00:00Z (now is 1999-12-31T00:00:00Z); check the clock here'
  ],
  ['no certificate', shows('hello'), NOW, 'our client certificate cannot be read; it must be PEM']
] as const

for (const [name, credentials, nowMs, flaw] of cases) {
  t.test(name, async t => {
    t.equal(credentialFlaw(credentials, nowMs), flaw)
  })
}
