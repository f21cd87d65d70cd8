// CoreDNS's recorded answers (test/fixtures/vectors/kubernetes, format in its README), asked of a whole server over its
// sockets. What can't be asked without an API server is counted.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import {
  ask,
  differences,
  groupsOf,
  objectsOf,
  startUpstream,
  stepsOf,
  takeStep,
  vectorSets,
  writeFiles
} from '../../support/kubernetes-vectors.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { runApp, testRuntime } from '../../support/running-app.ts'

let asked = 0
const stopping: Promise<void>[] = []
const { sets, excepted } = vectorSets()

for (const set of sets) {
  t.test(set.set, async t => {
    const upstream = await startUpstream(set.upstream ?? [])
    const work = mkdtempSync(path.join(os.tmpdir(), 'labdns-test-'))
    const text = writeFiles(set, work)
    const corefile = text.replaceAll('UPSTREAM', `127.0.0.1:${upstream.port}`)
    for (const group of groupsOf(set)) {
      const source = new MemorySource()
      for (const object of objectsOf(set.manifests, set.client_ip)) source.putRaw(object)
      const server = await runApp(corefile, source, testRuntime({ localAddresses: group.addresses }), work)
      for (const step of stepsOf(set)) {
        for (const test of takeStep(step, source, group)) {
          const reply = await ask(test, server.port)
          asked++
          t.same(reply.otherReaders, [], `${test.qname} ${test.qtype}: other readers`)
          t.same(differences(test, reply), [], `${test.qname} ${test.qtype}`)
        }
      }
      // Lameducks run side by side: waiting for each would take half a minute.
      stopping.push(server.stop())
    }
    stopping.push(Promise.all(stopping).then(() => upstream.close()))
    rmSync(work, { recursive: true })
  })
}

t.test('every server ends', async () => {
  await Promise.all(stopping)
})

t.test('the exceptions are few and the questions many', t => {
  t.ok(asked > 1500, `${asked} questions were asked`)
  t.ok(excepted.length <= 6, excepted.join('; '))
  t.end()
})
