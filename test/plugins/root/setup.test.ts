import t from 'tap'
import { pathIn } from '../../../src/plugins/definition.ts'
import { rootPlugin } from '../../../src/plugins/root/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const argument = (word: string) =>
  `Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '${word}'`

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['root /zones', ''],
  ['root', argument('root')],
  // Words that are left over are taken for the next occurrence, as in CoreDNS.
  ['root /zones x', argument('x')]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, rootPlugin), message))
}

t.test('makes paths start there', async t => {
  const runtime = testRuntime({ '/zones/db.example': '' })
  const [block] = setupBlocks('. {\n root /zones\n}\n', [rootPlugin], testShared(runtime))
  t.equal(pathIn(block!.context, 'db.example'), '/zones/db.example')
  t.equal(pathIn(block!.context, '../db.example'), '/db.example')
  t.equal(pathIn(block!.context, '/etc/hosts'), '/etc/hosts')
  t.equal(pathIn({ root: '' }, './db.example'), './db.example', 'without it they stay as they are')
  t.same(runtime.log.lines, [])
})

t.test('warns of a folder that is not there', async t => {
  const runtime = testRuntime()
  t.equal(setupMessage('root /none', rootPlugin, runtime), '')
  t.same(runtime.log.lines, ['[WARNING] plugin/root: Root path does not exist: /none'])
})

t.test('a folder that may not be looked at is an error', async t => {
  const runtime = testRuntime()
  const denied = Object.assign(new Error('no'), { code: 'EACCES', syscall: 'stat' })
  const files = {
    ...runtime.files,
    stat: () => {
      throw denied
    }
  }
  t.equal(
    setupMessage('root /secret', rootPlugin, { ...runtime, files }),
    "Corefile:2 - Error during parsing: unable to access root path '/secret': stat /secret: permission denied"
  )
})
