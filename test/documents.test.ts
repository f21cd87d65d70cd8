// Every Corefile that the documents show, and every one people start from in config/, sets up.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { App } from '../src/app.ts'
import { readArguments } from '../src/cli/arguments.ts'
import { pluginList } from '../src/cli/plugin-list.ts'
import { interpretCorefile } from '../src/corefile/load.ts'
import { directives } from '../src/plugins/order.ts'
import { MemorySource } from './support/memory-source.ts'
import { testRuntime } from './support/running-app.ts'

const root = new URL('../../', import.meta.url).pathname
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

async function setsUp(text: string, file: string): Promise<void> {
  const runtime = testRuntime()
  const options = { files: runtime.files, environment: {}, knownDirectives: directives, folder: root }
  const { blocks } = interpretCorefile(text, file, options)
  const app = await App.create({
    blocks,
    runtime,
    build: { version: 'test', revision: '' },
    clusterSource: () => ({ key: 'test', make: () => new MemorySource() })
  })
  await app.discard()
}

t.test('Corefiles in documents', async t => {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    ...readdirSync(path.join(root, 'docs'))
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`)
  ]
  let found = 0
  for (const file of documents) {
    for (const [, text = ''] of read(file).matchAll(/^```corefile\n([\s\S]*?)^```$/gm)) {
      found++
      await t.resolves(setsUp(text, file), `${file}: ${text.slice(0, 40)}`)
    }
  }
  t.ok(found > 0, 'the README shows a Corefile')
})

t.test('Corefiles in config/', async t => {
  for (const name of readdirSync(path.join(root, 'config')).filter(each => each.includes('Corefile'))) {
    await t.resolves(setsUp(read(`config/${name}`), name), name)
  }
})

t.test('the commands that the README shows first are the ones of package.json', t => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const commands = [...read('README.md').matchAll(/^ {4}npm ci && npm (\w+)$/gm)].map(([, name = '']) => name)
  t.same(commands, ['start', 'test'])
  for (const name of commands) t.type(scripts[name], 'string', name)
  t.end()
})

t.test('the README names every plugin', t => {
  const [, section = ''] = /^## Plugins\n([\s\S]*?)^## /m.exec(read('README.md')) ?? []
  const rows = [...section.matchAll(/^\| [^|]+ \| ([^|]+) \|$/gm)].slice(1).map(([, words = '']) => words)
  const named = rows.flatMap(words => words.replace(/\]\([^)]*\)/g, '').match(/\w+/g) ?? [])
  const there = [...pluginList().matchAll(/^ *dns\.(\w+)$/gm)].map(([, name = '']) => name)
  t.same(named.sort(), there.sort())
  t.end()
})

t.test('the README names every option of serve', t => {
  const help = readArguments(['serve', '--help'])
  if (help.command !== 'exit') throw new Error(help.command)
  const options = [...help.stdout.matchAll(/^ +(?:-\w, )?--([\w.-]+)/gm)].map(([, name = '']) => name)
  t.ok(options.length > 15, 'the options are found')
  for (const name of options.filter(each => each !== 'help')) {
    t.match(read('README.md'), new RegExp(`\`-{1,2}${name}\\b`), name)
  }
  t.end()
})
