// The last state on disk: written whole and not too often, read back, and never believed when it is damaged.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { ClusterStates } from '../../../src/cluster/cluster-states.ts'
import { PLAIN_INDEX } from '../../../src/cluster/index/cluster-index.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../src/cluster/snapshot/format.ts'
import { SnapshotFile } from '../../../src/cluster/snapshot/snapshot-file.ts'
import { systemFiles } from '../../../src/runtime/files.ts'
import { AwaySource } from '../../support/away-source.ts'
import { testRuntime } from '../../support/blocks.ts'
import { service } from '../index/support.ts'
import { folderWith } from '../kube-connection/support.ts'

const nextTurn = (task: () => void) => void setImmediate(task)
const turns = async (count = 30) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

/** A process with a snapshot in a folder, and its source. */
function processIn(folder: string) {
  const runtime = { ...testRuntime(), files: systemFiles }
  const file = new SnapshotFile(`${folder}/state`, runtime)
  const states = new ClusterStates(runtime, undefined, file)
  const source = new AwaySource()
  const lease = states.lease()
  const state = lease.state({ key: 'api', make: () => source }, PLAIN_INDEX, 5000)
  return { runtime, states, source, lease, state }
}

/** Until something holds; fails after a second's turns. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 1))
}

const written = (folder: string) => readdirSync(folder).includes('state')

async function filled(folder: string) {
  const first = processIn(folder)
  await first.lease.start()
  first.source.put({ kind: 'Namespace', name: 'default', labels: {} })
  first.source.put(service('default', 'web'))
  first.source.put(service('default', 'gone'))
  first.runtime.clock.advance(10_000)
  t.notOk(written(folder), 'nothing is written before everything is known')
  first.source.arrive()
  first.runtime.clock.advance(5000)
  await until(() => first.states.survey().snapshot?.writes.ok === 1)
  return first
}

t.test('what was known is served when the API server is away, and corrected when it is back', async t => {
  const folder = folderWith(t, {})
  const first = await filled(folder)
  t.same(readdirSync(folder), ['state'], 'nothing else is left there')
  t.equal(statSync(`${folder}/state`).mode & 0o777, 0o600)
  await first.lease.release()

  const { runtime, states, source, lease, state } = processIn(folder)
  await lease.start()
  const arrival = lease.arrival()
  source.trouble('services: connection refused')
  runtime.clock.advance(900)
  t.notOk(state.index.isSynced, 'it may be there in a moment')
  runtime.clock.advance(200)
  await arrival
  t.ok(state.index.isSynced)
  t.ok(state.isOld())
  t.match(state.index.objectCounts(), { Namespace: 1, Service: 2 })
  t.same(state.status(), {
    isSynced: false,
    problems: ['what the snapshot kept is served meanwhile', 'services: connection refused']
  })
  t.match(states.survey().snapshot, { isServed: true })
  t.equal(
    runtime.log.lines.at(-1),
    '[WARNING] labdns: 3 objects that the snapshot kept are served until the API server answers'
  )

  source.put({ kind: 'Namespace', name: 'default', labels: {} })
  source.put(service('default', 'web', { clusterIPs: ['10.96.0.9'] }))
  source.put(service('default', 'new'))
  source.arrive()
  t.notOk(state.isOld())
  t.match(state.index.objectCounts(), { Namespace: 1, Service: 2 }, 'what is gone is gone')
  t.same(state.status(), { isSynced: true, problems: [] })
  await lease.release()
})

t.test('a server that answers in time makes the snapshot stay where it is', async t => {
  const folder = folderWith(t, {})
  await (await filled(folder)).lease.release()
  const { runtime, source, lease, state } = processIn(folder)
  await lease.start()
  source.trouble('services: not asked for yet')
  source.put(service('default', 'web'))
  source.arrive()
  await lease.arrival()
  runtime.clock.advance(5000)
  t.notOk(state.isOld())
  t.match(state.index.objectCounts(), { Namespace: 0, Service: 1 })
  await lease.release()
})

t.test('changes are written at a pace, and nothing when nothing changed', async t => {
  const folder = folderWith(t, {})
  const { runtime, states, source, lease } = await filled(folder)
  const writes = () => states.survey().snapshot!.writes.ok
  runtime.clock.advance(100_000)
  await turns()
  t.equal(writes(), 1, 'nothing changed')
  source.put(service('default', 'more'))
  runtime.clock.advance(5000)
  await until(() => writes() === 2)
  t.equal(writes(), 2)
  source.put(service('default', 'and-more'))
  runtime.clock.advance(25_000)
  await turns()
  t.equal(writes(), 2, 'half a minute between two')
  runtime.clock.advance(10_000)
  await until(() => writes() === 3)
  t.match(readFileSync(`${folder}/state`, 'utf8'), /"and-more"/)
  await lease.release()
})

t.test('a file that cannot be written is told of once, and the old one stays', async t => {
  const folder = folderWith(t, {})
  const { runtime, lease } = await filled(folder)
  const before = readFileSync(`${folder}/state`, 'utf8')
  const fail = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' }))
  Object.assign(runtime, { files: { ...systemFiles, replace: fail } })
  const second = new ClusterStates(runtime, undefined, new SnapshotFile(`${folder}/state`, runtime))
  const source2 = new AwaySource()
  const lease2 = second.lease()
  lease2.state({ key: 'api', make: () => source2 }, PLAIN_INDEX, 5000)
  await lease2.start()
  source2.arrive()
  for (let i = 0; i < 3; i++) {
    source2.put(service('default', `s${i}`))
    // In steps, as time passes: a write that takes long makes the next one wait.
    for (let step = 0; step < 8; step++) {
      runtime.clock.advance(5000)
      await turns()
    }
  }
  t.ok(second.survey().snapshot!.writes.failed >= 3, 'it was tried again')
  t.same(
    runtime.log.lines.filter(line => line.includes('cannot be written')),
    [`[WARNING] labdns: snapshot ${folder}/state: cannot be written: write ${folder}/state: ENOSPC`]
  )
  t.equal(readFileSync(`${folder}/state`, 'utf8'), before)
  await lease2.release()
  await lease.release()
})

async function snapshotText(): Promise<string> {
  const parts: Buffer[] = []
  const sections = [{ key: 'api', objects: [service('default', 'web'), service('default', 'db')] }]
  for await (const part of encodeSnapshot(1000, sections, 1 << 20, nextTurn)) parts.push(part)
  return Buffer.concat(parts).toString()
}

t.test('damage is noticed, wherever it is', async t => {
  const text = await snapshotText()
  const read = (octets: string | Buffer) => decodeSnapshot(Buffer.from(octets), nextTurn)
  t.match(await read(text), { writtenMs: 1000 })
  const lines = text.split('\n')
  const damaged: [name: string, octets: string, message: RegExp][] = [
    ['nothing', '', /its end is missing/],
    ['half of it', text.slice(0, text.length / 2), /its end is missing/],
    ['all but the last octet', text.slice(0, -1), /its end is missing/],
    ['one octet changed', text.replace('10.96.0.1', '10.96.0.7'), /not those that were written/],
    ['a line less', [...lines.slice(0, 2), ...lines.slice(3)].join('\n'), /not those that were written/],
    ['zeros', '\0'.repeat(1000), /its end is missing/],
    ['another file', '{"a":1}\n{"end":1}\n', /not those that were written/]
  ]
  for (const [name, octets, message] of damaged) await t.rejects(read(octets), { message }, name)
  for (let at = 0; at < text.length; at += 7) await t.rejects(read(text.slice(0, at)), `cut at ${at}`)
})

t.test('a damaged or foreign file is told of and passed over', async t => {
  const cases: [text: string, line: RegExp][] = [
    ['{"labdns":', /state: damaged: its end is missing; it is passed over/],
    [await snapshotText(), /was written for another API server or with other options/]
  ]
  for (const [text, line] of cases) {
    const folder = folderWith(t, {})
    writeFileSync(`${folder}/state`, text.replace('"api"', '"api"'))
    const { runtime, source, lease, state } = processIn(folder)
    await lease.start()
    source.trouble('services: connection refused')
    runtime.clock.advance(1000)
    await lease.arrival()
    t.notOk(state.index.isSynced)
    t.match(runtime.log.lines.join('\n'), line)
    await lease.release()
  }
})

t.test('a snapshot has a bound', async t => {
  const sections = [
    { key: 'api', objects: Array.from({ length: 2000 }, (_, i) => service('default', `s${i}`)) }
  ]
  await t.rejects(
    (async () => {
      let octets = 0
      for await (const part of encodeSnapshot(0, sections, 100_000, nextTurn)) octets += part.length
      return octets
    })(),
    { message: /more than/ }
  )
})
