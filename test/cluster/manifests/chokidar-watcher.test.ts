// Edits that go through chokidar are in watching.test.ts; here is what lies beside the ordinary events.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { chokidarWatching } from '../../../src/cluster/manifests/chokidar-watcher.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { temporaryFolder } from './harness.ts'

/** Waits until a change of this path is told. */
class Changes {
  readonly paths: string[] = []
  #wake: () => void = () => undefined

  tell(path: string): void {
    this.paths.push(path)
    this.#wake()
  }

  async told(path: string): Promise<void> {
    const limit = setTimeout(() => this.#fail(path), 8000)
    while (!this.paths.includes(path)) await new Promise<void>(resolve => (this.#wake = resolve))
    clearTimeout(limit)
  }

  #fail(path: string): never {
    throw new Error(`not told: ${path}`)
  }
}

t.test('tells of changes in the folders that matter, and of no others', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const [kept, dropped] = [join(folder, 'kept'), join(folder, 'dropped')]
  mkdirSync(kept)
  mkdirSync(dropped)
  const changes = new Changes()
  const watcher = chokidarWatching(systemClock)({
    changed: path => changes.tell(path),
    degraded: reason => t.fail(reason)
  })
  t.teardown(() => watcher.close())
  watcher.keep([], [kept, dropped])
  await watcher.ready()
  writeFileSync(join(dropped, 'a.yaml'), '')
  await changes.told(join(dropped, 'a.yaml'))
  watcher.keep([], [kept])
  changes.paths.length = 0
  writeFileSync(join(dropped, 'b.yaml'), '')
  writeFileSync(join(kept, 'b.yaml'), '')
  await changes.told(join(kept, 'b.yaml'))
  t.notOk(changes.paths.includes(join(dropped, 'b.yaml')))
})

t.test('a folder that is replaced by another is watched anew', async t => {
  const parent = await temporaryFolder(task => t.teardown(task))
  const folder = join(parent, 'k8s')
  mkdirSync(folder)
  const changes = new Changes()
  const watcher = chokidarWatching(systemClock)({
    changed: path => changes.tell(path),
    degraded: reason => t.fail(reason)
  })
  t.teardown(() => watcher.close())
  watcher.keep([], [folder])
  await watcher.ready()
  mkdirSync(join(parent, 'next'))
  renameSync(folder, join(parent, 'old'))
  renameSync(join(parent, 'next'), folder)
  rmSync(join(parent, 'old'), { recursive: true })
  await changes.told(folder)
  // The new folder is told of once more when it is watched, and then so are its files.
  for (let index = 0; !changes.paths.includes(join(folder, `new-${index - 1}.yaml`)); index++) {
    if (index === 50) throw new Error('the new folder is not watched')
    writeFileSync(join(folder, `new-${index}.yaml`), '')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  t.pass('events come again')
})

t.test('nothing is told after close', async t => {
  const folder = await temporaryFolder(task => t.teardown(task))
  const changes = new Changes()
  const watcher = chokidarWatching(systemClock)({
    changed: path => changes.tell(path),
    degraded: reason => t.fail(reason)
  })
  watcher.keep([], [folder])
  await watcher.ready()
  await watcher.close()
  watcher.keep([], [folder])
  writeFileSync(join(folder, 'a.yaml'), '')
  await new Promise(resolve => setTimeout(resolve, 100))
  t.strictSame(changes.paths, [])
})
