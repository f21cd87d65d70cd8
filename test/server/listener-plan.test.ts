import t from 'tap'
import { emptyAnswer } from '../../src/dns/response.ts'
import { planListeners, type Moved, type ServedBlock } from '../../src/server/listener-plan.ts'
import { encodeName } from '../../src/wire/name.ts'

interface BlockFields {
  readonly bind?: readonly string[]
  readonly opens?: boolean
}
const labels = new Map<object, string>()

/** A block with keys as a Corefile has them: `org:53`, `tls://org:853`. */
function block(label: string, keys: readonly string[], fields: BlockFields = {}): ServedBlock {
  const served: ServedBlock = {
    block: {},
    keys: keys.map(key => {
      const [, transport = 'dns', zone = '', port = ''] = /^(?:(\w+):\/\/)?(.*):(\d+)$/.exec(key) ?? []
      return { transport, zone, name: encodeName(zone), port: Number(port) }
    }),
    addresses: fields.bind ?? [],
    chain: { answer: query => emptyAnswer(query, 0) },
    opensClasses: fields.opens ?? false
  }
  labels.set(served.chain, label)
  labels.set(served.block, label)
  return served
}

function plan(blocks: readonly ServedBlock[], moved?: Moved): { listeners: string[]; shadowed: string[] } {
  const shadowed: string[] = []
  const listeners = planListeners(blocks, moved, zone => shadowed.push(zone)).map(each => {
    const zones = each.zones.map(zone => {
      if (labels.get(zone.chain) !== labels.get(zone.block)) throw new Error('chain and block of two blocks')
      return `${zone.text}=${labels.get(zone.chain) ?? '?'}`
    })
    return `${each.transport} ${each.address}:${each.port} ${zones.join(' ')}${each.anyClass ? ' any class' : ''}`
  })
  return { listeners, shadowed }
}

t.test('one listener for each transport, address and port', async t => {
  t.same(plan([]), { listeners: [], shadowed: [] })
  t.same(
    plan([
      block('one', ['.:53']),
      block('two', ['org:53', 'com:1053', 'tls://org:853']),
      block('three', ['net:1053'])
    ]).listeners,
    ['dns :53 .=one org=two', 'dns :1053 com=two net=three', 'tls :853 org=two']
  )
  t.same(
    plan([
      block('one', ['.:53'], { bind: ['127.0.0.1', '::1'] }),
      block('two', ['org:53'], { bind: ['127.0.0.1'] }),
      block('three', ['com:53'])
    ]),
    {
      listeners: ['dns 127.0.0.1:53 .=one org=two', 'dns ::1:53 .=one', 'dns :53 com=three'],
      shadowed: []
    }
  )
})

t.test('classes are open for a whole listener, before and behind the block that opens them', async t => {
  t.same(
    plan([
      block('one', ['.:53', '.:54']),
      block('two', ['org:53'], { opens: true }),
      block('three', ['com:53', 'com:55'])
    ]).listeners,
    ['dns :53 .=one org=two com=three any class', 'dns :54 .=one', 'dns :55 com=three']
  )
})

t.test('--listen moves plain DNS only; the first block of two with one zone answers', async t => {
  t.same(
    plan(
      [
        block('one', ['.:53', 'tls://.:853'], { bind: ['10.0.0.1', '10.0.0.2'] }),
        block('two', ['org:1053']),
        block('three', ['.:1054'])
      ],
      { address: '127.0.0.1', port: 5300 }
    ),
    {
      listeners: ['dns 127.0.0.1:5300 .=one org=two', 'tls 10.0.0.1:853 .=one', 'tls 10.0.0.2:853 .=one'],
      shadowed: ['.']
    }
  )
})
