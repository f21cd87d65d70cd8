// Files that name servers, while they change.
import t from 'tap'
import { forwardPlugin } from '../../../src/plugins/forward/setup.ts'
import { isForwarding } from '../../../src/upstream/forwarding.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { makeQuery } from '../../support/messages.ts'
import { a, reply, ScriptedUpstream } from '../../support/scripted-upstream.ts'

/** A block over files that a test changes; `servers` says which of some servers it forwards to. */
function bench(t: { teardown(task: () => unknown): void }, line: string, texts: Record<string, string>) {
  let version = 0
  const runtime = testRuntime()
  const files = {
    ...runtime.files,
    kind: (path: string) => (Object.hasOwn(texts, path) ? ('file' as const) : undefined),
    read: (path: string) => Buffer.from(texts[path] ?? ''),
    stat: (path: string) => {
      if (!Object.hasOwn(texts, path)) throw Object.assign(new Error('gone'), { code: 'ENOENT' })
      return { modifiedMs: version, octets: texts[path]!.length }
    }
  }
  const [block] = setupBlocks(`.:53 {\n${line}\n}`, [forwardPlugin], testShared({ ...runtime, files }))
  const [forward] = block!.plugins
  if (!isForwarding(forward)) throw new Error('it forwards')
  t.teardown(() => block!.stop())
  return {
    block: block!,
    runtime,
    servers: () =>
      Array.from({ length: 9 }, (_, at) => `192.0.2.${at}`)
        .filter(host => forward.originOf(`${host}:53`) !== undefined)
        .map(host => host.at(-1))
        .join(''),
    place: (host: string) => forward.originOf(`${host}:53`)?.fileLine,
    change: (path: string, text: string | undefined) => {
      version++
      if (text === undefined) Reflect.deleteProperty(texts, path)
      else texts[path] = text
      runtime.clock.advance(1000)
    }
  }
}

const file = (...hosts: readonly number[]) => hosts.map(host => `nameserver 192.0.2.${host}\n`).join('')

t.test('a changed file changes the servers', async t => {
  const { block, servers, change, runtime, place } = bench(t, 'forward . /r.conf 192.0.2.5 /s.conf', {
    '/r.conf': file(1, 2),
    '/s.conf': file(7)
  })
  await block.start()
  t.equal(servers(), '1257')
  change('/r.conf', file(2, 3))
  t.equal(servers(), '2357')
  t.equal(place('192.0.2.3'), '/r.conf:2')
  t.same(runtime.log.lines, [
    '[INFO] labdns: /r.conf changed: forwarding to 192.0.2.2:53 192.0.2.3:53 192.0.2.5:53 192.0.2.7:53 ' +
      'instead of 192.0.2.1:53 192.0.2.2:53 192.0.2.5:53 192.0.2.7:53'
  ])
  change('/r.conf', `# the same\n${file(2, 3)}`)
  change('/r.conf', file(2, 3, 5))
  t.equal(servers(), '2357')
  change('/s.conf', file(8))
  t.equal(servers(), '2358')
})

t.test('a file that names nobody, or is gone, leaves what was; one warning says so', async t => {
  for (const text of ['', 'search a.org\n', undefined]) {
    const { block, servers, change, runtime } = bench(t, 'forward . /r.conf', { '/r.conf': file(1) })
    await block.start()
    change('/r.conf', text)
    t.equal(servers(), '1')
    t.same(runtime.log.lines, [], 'it may be written just now')
    runtime.clock.advance(5000)
    t.equal(servers(), '1')
    t.same(runtime.log.lines, [
      '[WARNING] labdns: /r.conf names no server any more: forwarding to those that it named before'
    ])
    change('/r.conf', file(4))
    t.equal(servers(), '4')
  }
})

t.test('servers that stay keep their sockets, and those that go answer what they were asked', async t => {
  const held: (() => void)[] = []
  const server = await ScriptedUpstream.open(asked => {
    if (asked.question.startsWith('slow')) held.push(() => asked.send(reply(asked, [a(asked, '10.0.0.1')])))
    else asked.send(reply(asked, [a(asked, '10.0.0.1')]))
  })
  t.teardown(() => server.close())
  const text = `forward . ${server.text} /r.conf {\n policy sequential\n}`
  const { block, change } = bench(t, text, { '/r.conf': file(1) })
  await block.start()
  const ask = async (name: string) => (await block.chain.answer(makeQuery(name, 'A'))).rcode
  t.equal(await ask('a.org'), 0)
  change('/r.conf', file(2))
  t.equal(await ask('b.org'), 0)
  t.equal(server.asked[0]!.port, server.asked[1]!.port)
  const slow = ask('slow.org')
  await server.received(3)
  await block.stop()
  held[0]!()
  t.equal(await slow, 0)
})

t.test('nobody looks at files once the configuration is gone', async t => {
  const { block, servers, change, runtime } = bench(t, 'forward . /r.conf', { '/r.conf': file(1) })
  await block.start()
  await block.stop()
  change('/r.conf', file(2))
  t.equal(servers(), '1')
  t.equal(runtime.clock.pending, 0)
})
