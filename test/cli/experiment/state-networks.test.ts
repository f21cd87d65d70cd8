// The configurations that an experiment asks: with autopath and without, from one reading of the state.
import t from 'tap'
import { readArguments } from '../../../src/cli/arguments.ts'
import { StateNetworks } from '../../../src/cli/experiment/state-networks.ts'
import { OnceSources } from '../../../src/cli/loaded-state.ts'
import { fakeFiles } from '../../support/fake-files.ts'
import { testRuntime } from '../../support/running-app.ts'

const MANIFEST = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.96.0.7, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
`

t.test('the state is read once, and both configurations answer from it', async t => {
  const files = fakeFiles({ '/m.yaml': MANIFEST })
  let reads = 0
  const read = (path: string): Buffer => {
    if (path === '/m.yaml') reads++
    return files.read(path)
  }
  const runtime = testRuntime({ files: { ...files, read } })
  const invocation = readArguments(['experiment', '--manifests', '/m.yaml'])
  if (invocation.command !== 'experiment') throw new Error(invocation.command)
  const sources = new OnceSources(invocation.arguments, runtime)
  const networks = await StateNetworks.start(invocation.arguments, [false, true], sources, runtime)
  if (networks === undefined) throw new Error('no state')
  t.teardown(() => networks.stop())
  t.equal(reads, 1, 'the file is read once')
  networks.exists = []
  for (const autopath of [false, true]) {
    const setting = { ndots: 5, search: '', resolver: '', autopath, upstream: { delayMs: 0, loss: 0 } }
    const message = { name: 'web.shop.svc.cluster.local.', type: 'A', transport: 'udp', server: '' } as const
    const fate = await networks.for(setting, 0, 1).send(message, 0)
    t.match(fate, { reply: { addresses: ['10.96.0.7'] } }, `autopath ${autopath ? 'on' : 'off'}`)
  }
})
