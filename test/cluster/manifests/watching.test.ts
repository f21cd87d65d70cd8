// Edits of every kind, in a real folder watched with chokidar: none is missed, and each shows soon.
import {
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  openSync,
  writeSync,
  closeSync
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Service } from '../../../src/cluster/objects.ts'
import { temporaryFolder, watchFolder, type Mirror } from './harness.ts'

const EDITS = 20
/** What a person waits for a saved file. Half of the edits have to make it even on a busy machine. */
const SOON_MS = 100

const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n'

function serviceYaml(address: string, name = 'web'): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n  namespace: shop\nspec:\n  clusterIP: ${address}\n`
}

function addressOf(mirror: Mirror, name = 'web'): string | undefined {
  return (mirror.objects.get(`Service/shop/${name}`) as Service | undefined)?.clusterIPs[0]
}

const pause = (delayMs: number) => new Promise(resolve => setTimeout(resolve, delayMs))

/** Does `EDITS` edits and waits for each to show. Returns the times, in order of length. */
async function edits(
  mirror: Mirror,
  edit: (address: string, index: number) => void | Promise<void>
): Promise<number[]> {
  const times: number[] = []
  for (let index = 1; index <= EDITS; index++) {
    const address = `10.96.1.${index}`
    const done = mirror.until(address, () => addressOf(mirror) === address)
    await edit(address, index)
    times.push(await done)
  }
  return times.sort((a, b) => a - b)
}

function median(times: readonly number[]): number {
  return times[times.length >> 1] ?? Infinity
}

t.test('a file that is written in place', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const path = join(folder, 'shop.yaml')
  writeFileSync(path, namespace)
  const { mirror } = await watchFolder(folder, task => t.teardown(task))
  const times = await edits(mirror, address =>
    writeFileSync(path, `${namespace}---\n${serviceYaml(address)}`)
  )
  t.ok(median(times) <= SOON_MS, `median ${median(times)} ms`)
  t.notOk(
    mirror.events.some(event => event.startsWith('remove')),
    'nothing went away in between'
  )
})

t.test('a file that is written by renaming another over it', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const path = join(folder, 'shop.yaml')
  writeFileSync(path, namespace)
  const { mirror } = await watchFolder(folder, task => t.teardown(task))
  const times = await edits(mirror, address => {
    writeFileSync(join(folder, '.shop.yaml.tmp'), `${namespace}---\n${serviceYaml(address)}`)
    renameSync(join(folder, '.shop.yaml.tmp'), path)
  })
  t.ok(median(times) <= SOON_MS, `median ${median(times)} ms`)
  t.notOk(mirror.events.some(event => event.startsWith('remove')))
})

t.test('a file that an editor moves aside and writes anew', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const path = join(folder, 'shop.yaml')
  writeFileSync(path, namespace)
  const { mirror } = await watchFolder(folder, task => t.teardown(task))
  const times = await edits(mirror, async address => {
    renameSync(path, `${path}~`)
    await pause(2)
    writeFileSync(path, `${namespace}---\n${serviceYaml(address)}`)
    unlinkSync(`${path}~`)
  })
  t.ok(median(times) <= SOON_MS, `median ${median(times)} ms`)
  t.notOk(mirror.events.some(event => event.startsWith('remove')))
})

t.test('a file that is written in two halves, with a pause between', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const path = join(folder, 'shop.yaml')
  writeFileSync(path, namespace)
  const { log, mirror } = await watchFolder(folder, task => t.teardown(task))
  const times = await edits(mirror, async address => {
    const text = `${namespace}---\n${serviceYaml(address)}`
    const file = openSync(path, 'w')
    await pause(8)
    // Ends in the middle of a key, so that the half is no YAML.
    writeSync(file, text.slice(0, 30))
    await pause(8)
    writeSync(file, text.slice(30))
    closeSync(file)
  })
  t.ok(median(times) <= SOON_MS, `median ${median(times)} ms`)
  t.notOk(
    mirror.events.some(event => event.startsWith('remove')),
    'what the half does not say stays in service'
  )
  t.same(
    log.lines.filter(line => /^(?:warn|error)/.test(line)),
    [],
    'nobody is told of a mistake that is none'
  )
})

t.test('a ConfigMap volume whose ..data link is swapped', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const swap = (address: string, version: number) => {
    const name = `..2025_01_01_00_00_${version}`
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'shop.yaml'), `${namespace}---\n${serviceYaml(address)}`)
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    rmSync(join(folder, `..2025_01_01_00_00_${version - 1}`), { recursive: true, force: true })
  }
  swap('10.96.0.1', 0)
  symlinkSync('..data/shop.yaml', join(folder, 'shop.yaml'))
  const { mirror } = await watchFolder(folder, task => t.teardown(task))
  t.strictSame(
    mirror.keys(),
    ['Namespace//shop', 'Service/shop/web'],
    'hidden folders are not read a second time'
  )
  const times = await edits(mirror, swap)
  t.ok(median(times) <= SOON_MS, `median ${median(times)} ms`)
  t.notOk(mirror.events.some(event => event.startsWith('remove')))
})

t.test('a file that is deleted and created again', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const path = join(folder, 'web.yaml')
  writeFileSync(join(folder, 'shop.yaml'), namespace)
  const { mirror, log } = await watchFolder(folder, task => t.teardown(task))
  const gone: number[] = []
  const times = await edits(mirror, async (address, index) => {
    if (index > 1) {
      const done = mirror.until('gone', () => addressOf(mirror) === undefined)
      unlinkSync(path)
      gone.push(await done)
    }
    writeFileSync(path, serviceYaml(address))
  })
  t.ok(median(times) <= 2 * SOON_MS, `median ${median(times)} ms for both`)
  gone.sort((a, b) => a - b)
  t.ok(median(gone) <= SOON_MS, `gone after ${median(gone)} ms`)
  t.match(log.lines, [/./], 'something was logged')
  t.ok(log.lines.includes(`info: ${path}: Service shop/web removed`))
  t.ok(log.lines.includes(`info: ${path}: Service shop/web added`))
})

t.test('a link whose target outside of the folder is written', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const elsewhere = await temporaryFolder(task => t.teardown(task))
  const target = join(elsewhere, 'real.yaml')
  writeFileSync(target, namespace)
  symlinkSync(target, join(folder, 'shop.yaml'))
  const { mirror } = await watchFolder(folder, task => t.teardown(task))
  const times = await edits(mirror, address =>
    writeFileSync(target, `${namespace}---\n${serviceYaml(address)}`)
  )
  t.ok(median(times) <= SOON_MS, `median ${median(times)} ms`)
})

t.test('a file that is named by itself, renamed over', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const path = join(folder, 'shop.txt')
  writeFileSync(path, namespace)
  writeFileSync(join(folder, 'other.yaml'), serviceYaml('10.96.9.9', 'other'))
  const { mirror } = await watchFolder(folder, task => t.teardown(task), [path])
  const times = await edits(mirror, address => {
    writeFileSync(`${path}.new`, `${namespace}---\n${serviceYaml(address)}`)
    renameSync(`${path}.new`, path)
  })
  t.ok(median(times) <= SOON_MS, `median ${median(times)} ms`)
  t.equal(addressOf(mirror, 'other'), undefined, 'its neighbours are not read')
})

t.test('files in new folders, and folders that go', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  writeFileSync(join(folder, 'shop.yaml'), namespace)
  const { mirror } = await watchFolder(folder, task => t.teardown(task))
  const times = await edits(mirror, (address, index) => {
    if (index > 1) rmSync(join(folder, `v${index - 1}`), { recursive: true })
    mkdirSync(join(folder, `v${index}`, 'deep'), { recursive: true })
    writeFileSync(join(folder, `v${index}`, 'deep', 'web.yaml'), serviceYaml(address))
  })
  t.ok(median(times) <= SOON_MS, `median ${median(times)} ms`)
  await mirror.until('the last one stays', () => addressOf(mirror) === `10.96.1.${EDITS}`)
})

t.test('many edits in a row, faster than they can be told apart: the last one counts', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const path = join(folder, 'shop.yaml')
  writeFileSync(path, namespace)
  const { mirror } = await watchFolder(folder, task => t.teardown(task))
  for (let round = 1; round <= 10; round++) {
    for (let edit = 1; edit <= 20; edit++)
      writeFileSync(path, `${namespace}---\n${serviceYaml(`10.96.${round}.${edit}`)}`)
    await mirror.until('the last', () => addressOf(mirror) === `10.96.${round}.20`)
  }
  t.pass('none of the last ones was missed')
})

t.test('an object that moves to another file stays in service all the time', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const [a, b] = [join(folder, 'a.yaml'), join(folder, 'b.yaml')]
  writeFileSync(a, `${namespace}---\n${serviceYaml('10.96.0.1')}`)
  const { log, mirror } = await watchFolder(folder, task => t.teardown(task))
  for (let round = 0; round < 5; round++) {
    const name = `next-${round}`
    // First it is gone from one file, then it is in the other.
    writeFileSync(a, `${namespace}---\n${serviceYaml('10.96.0.2', name)}`)
    writeFileSync(b, serviceYaml('10.96.0.1'))
    await mirror.until(name, () => addressOf(mirror, name) !== undefined)
    await pause(100)
    // And the other way round.
    writeFileSync(a, `${namespace}---\n${serviceYaml('10.96.0.1')}`)
    writeFileSync(b, '')
    await mirror.until(`no ${name}`, () => addressOf(mirror, name) === undefined)
    await pause(100)
    t.equal(addressOf(mirror), '10.96.0.1')
  }
  t.notOk(mirror.events.includes('remove Service/shop/web'))
  t.notMatch(log.lines.join('\n'), /second time/)
})
