import t from 'tap'
import { resolveUpstream, serverResolver, systemResolver } from '../../src/upstream/resolve-host.ts'
import type { UpstreamAddress } from '../../src/upstream/address.ts'
import { a, reply, ScriptedUpstream, type Script } from '../support/scripted-upstream.ts'

const named = (host: string): UpstreamAddress => ({
  scheme: 'tls',
  host,
  port: '853',
  serverName: 'x',
  isName: true
})

const answering: Script = asked => {
  const { type, name } = asked.query.questions![0]!
  if (name === 'none.example') asked.send(reply(asked, [], { rcode: 3 }))
  else if (type === 'A') asked.send(reply(asked, [a(asked, '192.0.2.1'), a(asked, '192.0.2.2')]))
  else asked.send(reply(asked, [{ type: 'AAAA', name, ttl: 60, data: '2001:db8::1' }]))
}

t.test('servers of the line are asked for A and AAAA, one after the other', async t => {
  const refusing = await ScriptedUpstream.open(asked => asked.send(reply(asked, [], { rcode: 5 })))
  const server = await ScriptedUpstream.open(answering)
  t.teardown(() => Promise.all([refusing.close(), server.close()]))
  const resolver = serverResolver([refusing.text, server.text])
  t.same(await resolveUpstream(named('dns.example'), resolver), [
    { ...named('192.0.2.1'), isName: false },
    { ...named('192.0.2.2'), isName: false },
    { ...named('2001:db8::1'), isName: false }
  ])
  t.same(new Set(refusing.seen), new Set(['udp dns.example A', 'udp dns.example AAAA']))
  t.same(new Set(server.seen), new Set(['udp dns.example A', 'udp dns.example AAAA']))
  await t.rejects(resolveUpstream(named('none.example'), resolver), {
    message:
      /^failed to resolve "none\.example": no addresses found for "none\.example": .*ENOTFOUND none\.example/
  })
})

t.test('the system knows localhost, and addresses need no looking up', async t => {
  const resolver = systemResolver('192.0.2.1:53')
  const hosts = (await resolveUpstream(named('localhost'), resolver)).map(each => each.host)
  t.ok(hosts.includes('127.0.0.1') || hosts.includes('::1'))
  const numbered = { ...named('192.0.2.1'), isName: false }
  t.same(await resolveUpstream(numbered, resolver), [numbered])
})
