// explain: reasons in extended errors and as text, for whom, and how long.
import t from 'tap'
import { scenarios } from '../../explain/scenarios.ts'
import { lab } from '../../explain/lab.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ScriptedUpstream, a, reply } from '../../support/scripted-upstream.ts'

const Z = 'svc.cluster.local'
const block = (lines: readonly string[], stanza: readonly string[] = []) =>
  `.:53 {\n${lines.join('\n')}\nkubernetes cluster.local in-addr.arpa {\npods insecure\n${stanza.join('\n')}\n}\n}\n`

t.test('every reason', async t => {
  for (const { reason, stanza = [], name, type, rcode, says } of scenarios) {
    const server = await lab(block(['explain'], stanza))
    const text = says.join('; ')
    const response = await server.ask(name, type)
    t.equal(response.rcode, rcode === 'NXDOMAIN' ? rcode : 'NOERROR', reason)
    t.equal(await server.why(name, type), rcode === 'NOERROR' ? '' : `0 ${text}`, reason)
    const lines = await server.text(name)
    t.ok(
      lines.some(line => line.startsWith(type) || line.startsWith(`A, ${type}`)),
      `${reason}: as text, its type`
    )
    t.ok(
      lines.some(line => line.endsWith(`${rcode}: ${text}`)),
      `${reason}: as text: ${lines.join(' | ')}`
    )
    await server.close()
  }
})

t.test(
  'without explain, and for clients that are not told, answers are octet for octet the same',
  async t => {
    // A SOA's serial is the second in which the state was loaded.
    const clock = new FakeClock()
    const plain = await lab(block([]), { clock })
    const told = await lab(block(['explain']), { clock })
    const others = await lab(block(['explain {\nnet 10.0.0.0/8 fd00::/8\n}']), { clock })
    for (const { name, type, stanza } of scenarios) {
      if (stanza !== undefined) continue
      for (const edns of [undefined, 1232]) {
        const fields = edns === undefined ? {} : { edns }
        const expected = await plain.octets(name, type, fields)
        t.same(await others.octets(name, type, fields), expected, `${name} ${type}: not in the networks`)
        if (edns === undefined) t.same(await told.octets(name, type, fields), expected, 'no EDNS')
      }
    }
    const question = `explain.web.shop.${Z}`
    t.equal((await others.ask(question, 'TXT', { rclass: 'CH' })).rcode, 'REFUSED')
    t.same(
      await others.octets(question, 'TXT', { rclass: 'CH' }),
      await plain.octets(question, 'TXT', { rclass: 'CH' })
    )
    t.not(await others.why(`nothing.shop.${Z}`, 'A', { from: '10.1.2.3' }), '', 'in the networks')
    t.not(await others.why(`nothing.shop.${Z}`, 'A', { from: 'fd00::1' }), '')
    for (const server of [plain, told, others]) await server.close()
  }
)

t.test('the text is shortened to the room that the client leaves', async t => {
  const server = await lab(block(['explain']))
  const name = `peer-a.front.shop.${Z}`
  const [first, ...rest] = scenarios.find(each => each.name === name)!.says
  t.equal(await server.why(name, 'A', { edns: 4096 }), `0 ${[first, ...rest].join('; ')}`)
  const bare = (await server.ask(name, 'A')).size + 11
  const long = 'x'.repeat(63)
  const deep = `${long}.${long}.${long}.shop.${Z}`
  for (const edns of [0, 512, 600, 1232]) {
    for (const asked of [name, deep]) {
      const { size, flags } = await server.ask(asked, 'A', { edns })
      t.ok(size <= Math.max(512, edns), `${size} octets for ${edns}`)
      t.notOk(flags.includes('tc'), 'nothing is cut for it')
    }
  }
  // 512 octets with a padding that leaves hardly any room.
  for (let left = 0; left < 200; left += 7) {
    const padding = 512 - bare - 4 - left
    const options = [[12, '00'.repeat(padding)]] as const
    const response = await server.ask(name, 'A', { edns: 512, options })
    const { size, flags, authority } = response
    const words = await server.why(name, 'A', { edns: 512, options })
    t.ok(size <= 512 && !flags.includes('tc') && authority.length === 1, `${left} octets: ${size}`)
    if (left < 30) t.equal(words, '', `${left} octets are too few`)
    else if (words.endsWith('...')) t.ok(first!.startsWith(words.slice(2, -3)), words)
    else t.ok(words === `0 ${first!}` || words.startsWith(`0 ${first!}; `), words)
  }
  await server.close()
})

t.test('not loaded yet', async t => {
  const server = await lab(block(['explain']), { isLoaded: false })
  t.equal(await server.why(`web.shop.${Z}`), '14 the state of the cluster is not loaded yet')
  await server.close()
})

t.test('what another server said, and names that left the cluster', async t => {
  const upstream = await ScriptedUpstream.open(asked => {
    const { name } = asked.query.questions![0]!
    if (name === 'silent.example') return
    asked.send(
      name === 'www.example' ? reply(asked, [a(asked, '192.0.2.80')]) : reply(asked, [], { rcode: 3 })
    )
  })
  const at = `127.0.0.1:${upstream.port}`
  const server = await lab(block(['explain', `forward . ${at}`]))
  const forwarded = `forwarded to ${at.replaceAll('.', '\\.')}, which said NXDOMAIN after \\d+(\\.\\d)? ms`
  const cases: readonly (readonly [name: string, before: string])[] = [
    ['nothing.example', ''],
    [
      'backend',
      'this exists in the cluster: backend.default.svc.cluster.local; backend. was asked without the rest of the name and so left the cluster; '
    ],
    [
      'backend.default.svc',
      'this exists in the cluster: backend.default.svc.cluster.local; backend.default.svc. was asked without the rest of the name and so left the cluster; '
    ],
    [
      'backend.default.svc.cluster.local.corp.example',
      'this exists in the cluster: backend.default.svc.cluster.local; something stands behind it in backend.default.svc.cluster.local.corp.example.: a search domain was added, and the name left the cluster; '
    ],
    [
      'backend.default.svc.k8s.example',
      'this exists in the cluster: backend.default.svc.cluster.local; backend.default.svc.k8s.example. is not in cluster.local, and so left the cluster; '
    ]
  ]
  for (const [name, before] of cases)
    t.match(await server.why(name), new RegExp(`^0 ${before.replaceAll('.', '\\.')}${forwarded}$`), name)
  t.equal(await server.why('www.example'), '', 'positive answers stay as they are')
  t.match((await server.text('www.example'))[0], /^A.* NOERROR: forwarded to .* which said NOERROR after/)
  await server.close()
  await upstream.close()
})

t.test('an answer that was kept', async t => {
  const upstream = await ScriptedUpstream.open(asked => asked.send(soa(asked)))
  const server = await lab(block(['explain', 'cache 30', `forward . 127.0.0.1:${upstream.port}`]))
  await server.why('gone.example')
  t.match(
    await server.why('gone.example'),
    /^0 the answer was kept from an earlier query, \d s ago \(\d+ s left\)$/
  )
  t.equal(upstream.seen.length, 1)
  await server.close()
  await upstream.close()
})

t.test('autopath, taken or not', async t => {
  const upstream = await ScriptedUpstream.open(asked =>
    asked.send(reply(asked, [], { rcode: asked.question.includes('broken') ? 2 : 3 }))
  )
  const forward = `forward . 127.0.0.1:${upstream.port}`
  const server = await lab(
    `.:53 {\nexplain\nautopath @kubernetes\nkubernetes cluster.local {\npods verified\n}\n${forward}\n}\n`
  )
  const missing = 'there is no Service shop/nothing'
  t.equal(await server.why(`nothing.shop.${Z}`), `0 ${missing}`, 'briefly')
  const cases: readonly (readonly [name: string, from: string, says: string])[] = [
    [
      `nothing.shop.${Z}`,
      '192.0.2.1',
      "autopath was not taken: no Pod that is watched has the client's address"
    ],
    [`nothing.shop.${Z}`, '10.244.0.50', 'autopath looked up 4 names and found none of them'],
    [
      `nothing.default.${Z}`,
      '10.244.0.50',
      "autopath was not taken: the name does not end in shop.svc.cluster.local, which the client's search path begins with"
    ],
    [`web.shop.${Z}`, '10.244.0.50', 'autopath was not taken: the name exists as it was asked for'],
    [
      `backend.default.shop.${Z}`,
      '10.244.0.50',
      'autopath looked up 2 names and found backend.default.svc.cluster.local'
    ],
    [`shop.${Z}`, '10.244.0.50', 'autopath was not taken: the name is shop.svc.cluster.local itself']
  ]
  for (const [name, from, says] of cases) {
    const [line = ''] = await server.text(name, { from })
    t.ok(line.includes(says), `${says}: ${line}`)
  }
  await server.close()
  await upstream.close()
})

t.test('searches for what was meant are bounded, and remembered', async t => {
  const clock = new FakeClock()
  const server = await lab(block(['explain']), { clock })
  const hinted = async (name: string) => (await server.why(`${name}.${Z}`)).includes('this exists')
  let count = 0
  for (let at = 0; at < 60; at++) {
    // In another namespace each time: another question.
    if (await hinted(`web.default${at}`)) count++
  }
  t.equal(count, 0, 'these have no hint')
  t.equal(await hinted('shop.empty'), false, 'fifty searches a second')
  t.match(await server.why(`shop.empty.${Z}`), /^0 there is no namespace empty$/, 'the reason itself is told')
  clock.advance(1000)
  t.equal(await hinted('shop.empty'), true, 'the next second')
  for (let at = 0; at < 60; at++) await hinted(`web.other${at}`)
  t.equal(await hinted('shop.empty'), true, 'what was found is remembered')
  await server.close()
})

t.test('other classes stay refused', async t => {
  const server = await lab(block(['explain']))
  t.equal((await server.ask(`web.shop.${Z}`, 'A', { rclass: 'CH' })).rcode, 'REFUSED')
  t.equal((await server.ask(`explain.web.shop.${Z}`, 'A', { rclass: 'CH' })).rcode, 'REFUSED')
  t.equal((await server.ask('explainx.web', 'TXT', { rclass: 'CH' })).rcode, 'REFUSED')
  t.equal((await server.ask(`EXPLAIN.web.shop.${Z}`, 'TXT', { rclass: 'CH' })).rcode, 'NOERROR')
  t.equal((await server.ask('explain', 'TXT', { rclass: 'CH' })).rcode, 'NOERROR', 'the root')
  await server.close()
})

function soa(asked: Parameters<typeof reply>[0]): Buffer {
  const data = {
    mname: 'ns.example',
    rname: 'host.example',
    serial: 1,
    refresh: 60,
    retry: 60,
    expire: 60,
    minimum: 60
  }
  return reply(asked, [], { rcode: 3, authorities: [{ type: 'SOA', name: 'example', ttl: 60, data }] })
}
