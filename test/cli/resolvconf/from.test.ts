// What `--from` takes.
import t from 'tap'
import { fromText, PodDnsMistake, readFrom } from '../../../src/cli/resolvconf/from.ts'

t.test('kinds and their short words', t => {
  for (const [text, canonical] of [
    ['pod/shop/web-0', 'pod/shop/web-0'],
    ['po/web-0', 'pod/default/web-0'],
    ['Deployment/shop/web', 'deploy/shop/web'],
    ['deployment.apps/shop/web', 'deploy/shop/web'],
    ['sts/shop/db', 'sts/shop/db'],
    ['daemonsets/x/y', 'ds/x/y'],
    ['job/x/y', 'job/x/y'],
    ['cj/x/y', 'cronjob/x/y'],
    ['rs/x/y', 'rs/x/y'],
    ['rc/x/y', 'rc/x/y'],
    ['ns/shop', 'ns/shop'],
    ['namespace/shop', 'ns/shop']
  ] as const) {
    t.equal(fromText(readFrom(text)), canonical, text)
  }
  t.equal(fromText(readFrom('pod/web-0', 'shop')), 'pod/shop/web-0', 'the namespace of -n')
  t.end()
})

t.test('anything else', t => {
  const long = 'x'.repeat(100_000)
  for (const text of [
    '',
    '/',
    'pod',
    'pod/',
    'pod//',
    'pod/a/',
    'pod//b',
    'pod/a/b/c',
    'ns/',
    'ns/a/b',
    'svc/a/b',
    'web',
    'constructor/a/b',
    long,
    `pod/${long}/${long}/x`
  ]) {
    t.throws(() => readFrom(text), /expected pod/, text.slice(0, 20))
    try {
      readFrom(text)
    } catch (error) {
      t.ok(error instanceof PodDnsMistake)
      t.ok(String(error).length < 500, 'messages are short')
    }
  }
  t.end()
})
