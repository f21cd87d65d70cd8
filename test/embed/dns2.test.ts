// The recorded answers once more, through dns2's servers with our handler mounted; and a dns2 handler in a chain of ours.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import dns2 from 'dns2'
import t from 'tap'
import { createEngine, fromDns2, mount } from '../../src/embed/dns2.ts'
import type { Engine } from '../../src/embed/engine.ts'
import { ask as askPlugins } from '../support/ask.ts'
import { FakeClock } from '../support/fake-clock.ts'
import {
  ask,
  differences,
  groupsOf,
  objectsOf,
  startUpstream,
  stepsOf,
  takeStep,
  vectorSets,
  writeFiles,
  type Case
} from '../support/kubernetes-vectors.ts'
import { MemorySource } from '../support/memory-source.ts'
import { engineOf, testRuntime } from '../support/running-app.ts'

async function startDns2(engine: Engine) {
  const server = dns2.createServer({ udp: true, tcp: true, doh: { ssl: false }, handle: mount(engine) })
  const at = { port: 0, address: '127.0.0.1' }
  const { udp, tcp, doh } = (await server.listen({ udp: at, tcp: at, doh: at })) as Record<
    'udp' | 'tcp' | 'doh',
    { port: number }
  >
  return { ports: { udp: udp.port, tcp: tcp.port }, doh: doh.port, close: () => server.close() }
}

/** What dns2 3.1.1 cannot carry, either way; `docs/embedding.md` has the same list. */
const CANNOT: readonly (readonly [why: string, holds: (test: Case) => boolean])[] = [
  ['zone transfers: one message a question', ({ qtype }) => qtype === 'AXFR' || qtype === 'IXFR'],
  ['names with octets that text has no room for', ({ qname }) => /\\/.test(qname)],
  ['EDNS options other than client subnet and extended errors', ({ edns }) => (edns?.options ?? '') !== '']
]

let asked = 0
const excepted = new Map<string, number>()

for (const set of vectorSets().sets) {
  t.test(set.set, async t => {
    const upstream = await startUpstream(set.upstream ?? [])
    const work = mkdtempSync(path.join(os.tmpdir(), 'labdns-test-'))
    const text = writeFiles(set, work)
    const corefile = text
      .replaceAll('UPSTREAM', `127.0.0.1:${upstream.port}`)
      .replace(/lameduck \S+/g, 'lameduck 0s')
    for (const group of groupsOf(set)) {
      const source = new MemorySource()
      for (const object of objectsOf(set.manifests, set.client_ip)) source.putRaw(object)
      const engine = await engineOf(corefile, source, testRuntime({ localAddresses: group.addresses }), work)
      const server = await startDns2(engine)
      for (const step of stepsOf(set)) {
        for (const test of takeStep(step, source, group)) {
          const [why] = CANNOT.find(([, holds]) => holds(test)) ?? []
          if (why !== undefined) {
            excepted.set(why, (excepted.get(why) ?? 0) + 1)
            continue
          }
          asked++
          t.same(differences(test, await ask(test, server.ports)), [], `${test.qname} ${test.qtype}`)
        }
      }
      await server.close()
      await engine.close()
    }
    upstream.close()
    rmSync(work, { recursive: true })
  })
}

t.test('DoH, and an engine from a Corefile alone', async t => {
  const engine = await createEngine({ corefile: '. {\n  whoami\n}\n' })
  const server = await startDns2(engine)
  const query = Buffer.from('000701000001000000000000036f6e65076578616d706c650000010001', 'hex')
  const reply = await fetch(`http://127.0.0.1:${server.doh}/dns-query?dns=${query.toString('base64url')}`)
  t.equal(reply.headers.get('cache-control'), 'max-age=0', 'the least TTL of the records')
  const packet = dns2.Packet.parse(Buffer.from(await reply.arrayBuffer()))
  t.equal(packet.header.id, 7)
  t.equal(packet.additionals.length, 2, 'whoami: the address and the port')
  await server.close()
  await engine.close()
  await t.rejects(createEngine({ corefile: '. {\n  nonsense\n}\n' }), /Unknown directive/)
  await t.rejects(
    createEngine({ corefile: '. {\n  kubernetes cluster.local\n}\n' }),
    /source of cluster state/
  )
})

t.test('a dns2 handler as a plugin', async t => {
  const handler: dns2.DnsHandler = (request, send) => {
    const response = dns2.Packet.createResponseFromRequest(request)
    const [question] = request.questions
    const { A: type } = dns2.Packet.TYPE
    const record = {
      name: question?.name ?? '',
      type,
      class: dns2.Packet.CLASS.IN,
      ttl: 60,
      address: '192.0.2.9'
    }
    response.answers.push(record as unknown as dns2.Packet.Resource)
    void send(response)
  }
  t.match(await askPlugins([fromDns2(handler)], 'Web.example.org'), {
    rcode: 'NOERROR',
    answer: ['Web.example.org 60 A 192.0.2.9']
  })
  const bad: readonly dns2.DnsHandler[] = [
    () => {
      throw new Error('no')
    },
    (_request, send) => void send(Buffer.from('garbage')),
    (_request, send) => void send(Buffer.alloc(12))
  ]
  for (const each of bad) {
    t.match(await askPlugins([fromDns2(each)], 'x.org'), { rcode: 'SERVFAIL', answer: [] })
  }
  const clock = new FakeClock()
  const late = askPlugins([fromDns2(() => undefined, { clock })], 'x.org')
  clock.advance(5000)
  t.match(await late, { rcode: 'SERVFAIL' }, 'one that never sends')
})

t.test('most questions get through', t => {
  t.ok(asked > 1400, `${asked} questions were asked`)
  t.comment([...excepted].map(([why, count]) => `${count}: ${why}`).join('; '))
  t.end()
})
