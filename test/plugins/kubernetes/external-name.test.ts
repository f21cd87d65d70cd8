// Chains of ExternalName Services, and what is said before the state is loaded.
import t from 'tap'
import { service } from '../../cluster/index/support.ts'
import { serve } from './support.ts'

const shop = { kind: 'Namespace', name: 'shop', labels: {} } as const
const inZone = (name: string) => `${name}.shop.svc.cluster.local`
const external = (name: string, externalName: string) =>
  service('shop', name, { type: 'ExternalName', clusterIPs: [], externalName })
const chainOf = (count: number) => [
  shop,
  service('shop', 'end'),
  ...Array.from({ length: count }, (_, i) => external(`c${i}`, inZone(i === count - 1 ? 'end' : `c${i + 1}`)))
]

t.test('eleven CNAMEs answer, twelve do not', async t => {
  for (const [count, answers] of [
    [1, 2],
    [10, 11],
    [11, 12],
    [12, 0],
    [13, 0]
  ] as const) {
    const { ask } = await serve('cluster.local', chainOf(count))
    const reply = await ask(inZone('c0'))
    t.equal(reply.rcode, 'NOERROR')
    t.equal(reply.answer.length, answers, `${count} CNAMEs`)
    t.equal(reply.authority.length, answers === 0 ? 1 : 0)
  }
})

t.test('loops and missing targets are NODATA', async t => {
  const targets = [inZone('self'), inZone('x.self'), inZone('other'), inZone('missing')]
  for (const target of targets) {
    const { ask } = await serve('cluster.local', [
      shop,
      external('self', target),
      external('other', inZone('self'))
    ])
    const reply = await ask(inZone('self'))
    t.strictSame([reply.rcode, reply.answer, reply.authority.length], ['NOERROR', [], 1], target)
  }
})

t.test('before the state is loaded names that are not known are SERVFAIL and never fall through', async t => {
  const { ask, why, fellThrough, source } = await serve(
    'cluster.local {\nfallthrough\n}',
    [shop, service('shop', 'web')],
    { isSynced: false }
  )
  for (const name of [inZone('no'), 'a.no.svc.cluster.local', 'x.cluster.local']) {
    const reply = await ask(name)
    t.strictSame([reply.rcode, reply.authority.length], ['SERVFAIL', 1], name)
  }
  t.strictSame(await why(inZone('no')), ['not-synced', 'the state of the cluster is not loaded yet'])
  t.equal((await ask(inZone('web'))).rcode, 'NOERROR', 'what is known is answered')
  t.equal(fellThrough(), 0)
  await source.start()
  await ask(inZone('no'))
  t.equal(fellThrough(), 1)
})
