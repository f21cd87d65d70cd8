import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { removeReadyFile, writeReadyFile, type Ready } from '../../src/server/ready-file.ts'

const ready: Ready = {
  pid: 4711,
  dns: [{ address: '127.0.0.1', port: 1053, transport: 'udp' }],
  http: { health: { address: '[::]', port: 8080 } }
}

t.test('one line of JSON, and nothing beside it', t => {
  const folder = t.testdir({})
  const path = join(folder, 'ready')
  writeReadyFile(path, ready)
  const text = readFileSync(path, 'utf8')
  t.same(JSON.parse(text), ready)
  t.equal(text.indexOf('\n'), text.length - 1)
  t.same(readdirSync(folder), ['ready'])
  t.end()
})

t.test('takes the place of one that an earlier process left', t => {
  const folder = t.testdir({ ready: 'half of a lin' })
  writeReadyFile(join(folder, 'ready'), ready)
  t.same(JSON.parse(readFileSync(join(folder, 'ready'), 'utf8')), ready)
  t.same(readdirSync(folder), ['ready'])
  t.end()
})

t.test('not at all, where it cannot be put', t => {
  const folder = t.testdir({})
  const path = join(folder, 'ready')
  mkdirSync(path)
  t.throws(() => writeReadyFile(path, ready), /rename/)
  t.same(readdirSync(folder), ['ready'], 'what was begun is taken away')
  t.throws(() => writeReadyFile(join(folder, 'missing', 'ready'), ready), { code: 'ENOENT' })
  t.end()
})

const removals: readonly { readonly name: string; readonly content: string; readonly removed: boolean }[] = [
  { name: 'ours', content: JSON.stringify(ready), removed: true },
  { name: "another process's", content: JSON.stringify({ ...ready, pid: 4712 }), removed: false },
  { name: 'no JSON', content: '{"pid":4711', removed: false },
  { name: 'no object', content: 'null', removed: false },
  { name: 'no process', content: '{}', removed: false },
  { name: 'empty', content: '', removed: false }
]

for (const { name, content, removed } of removals) {
  t.test(`removal: ${name}`, t => {
    const path = join(t.testdir({}), 'ready')
    writeFileSync(path, content)
    removeReadyFile(path, ready.pid)
    t.equal(existsSync(path), !removed)
    if (!removed) t.equal(readFileSync(path, 'utf8'), content)
    t.end()
  })
}

t.test('removal: gone already', t => {
  const folder = t.testdir({})
  removeReadyFile(join(folder, 'ready'), ready.pid)
  t.same(readdirSync(folder), [])
  t.end()
})
