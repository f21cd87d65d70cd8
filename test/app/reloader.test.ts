// When a changed Corefile is noticed, and what is said of it (corefile-and-plugins.md §4.3, §8.10).
import t from 'tap'
import { Reloader } from '../../src/app/reloader.ts'
import { App } from '../../src/app.ts'
import { interpretCorefile } from '../../src/corefile/load.ts'
import { parseCorefile } from '../../src/corefile/parser.ts'
import { directives } from '../../src/plugins/order.ts'
import { fakeFiles } from '../support/fake-files.ts'
import { testRuntime } from '../support/blocks.ts'

const START = '.:53 {\n  reload 10s 0s\n  whoami\n}\n'

/** A server without sockets whose Corefile the test writes; `meanwhile` stands there when it begins to look. */
async function setUp(first = START, meanwhile = first) {
  const runtime = testRuntime()
  const options = { files: fakeFiles(), environment: {}, knownDirectives: directives }
  let text: string | undefined = meanwhile
  const app = await App.create({
    blocks: interpretCorefile(first, 'Corefile', options).blocks,
    runtime,
    build: { version: 'test', revision: '' },
    clusterSource: () => {
      throw new Error('no cluster')
    }
  })
  const inService: number[] = []
  app.reload = async blocks => {
    inService.push(blocks.length)
    await Promise.resolve()
  }
  const reloader = new Reloader({
    app,
    runtime,
    read: () => {
      const now = text
      if (now === undefined) return Promise.resolve(undefined)
      return Promise.resolve({
        outline: () => parseCorefile(now, 'Corefile', { ...options, knownDirectives: undefined }),
        interpret: () => interpretCorefile(now, 'Corefile', options)
      })
    }
  })
  const turn = async () => {
    for (let n = 0; n < 20; n++) await new Promise(resolve => setImmediate(resolve))
  }
  reloader.begin(parseCorefile(first, 'Corefile', { ...options, knownDirectives: undefined }))
  return {
    reloader,
    inService,
    /** What the log said since the last time, hashes taken out. */
    said: () => runtime.log.lines.splice(0).map(line => line.replace(/[0-9a-f]{128}/, 'HEX')),
    write: (now: string | undefined) => void (text = now),
    pass: async (ms: number) => {
      runtime.clock.advance(ms)
      await turn()
    },
    turn,
    metrics: () =>
      app.metrics
        .collect()
        .filter(({ name }) => name.startsWith('coredns_reload'))
        .map(({ name, samples }) => `${name} ${samples[0]?.value}`)
  }
}

const RUNNING = '[INFO] plugin/reload: Running configuration SHA512 = HEX'

t.test('what CoreDNS warns of when it parses again is said at the start, and not at every look', async t => {
  const { said, pass } = await setUp('.:53 {\n  reload 10s 0s\n  whoami\n  import none/*.override\n}\n')
  t.strictSame(said(), ['[WARNING] No files matching import glob pattern: none/*.override', RUNNING])
  await pass(10_000)
  t.strictSame(said(), [])
})

t.test('a change is taken once the interval is over', async t => {
  const { said, write, pass, inService, metrics } = await setUp()
  t.strictSame(said(), [RUNNING])
  await pass(10_000)
  t.strictSame(said(), [], 'nothing changed')
  write('.:53   {\n  reload   10s 0s # often\n  whoami\n}\n\n')
  await pass(10_000)
  t.strictSame(said(), [], 'blanks and comments are no change')
  t.strictSame(metrics(), ['coredns_reload_failed_total 0'])
  write('.:53 {\n\n  reload 10s 0s\n  whoami\n}\n')
  await pass(9_999)
  t.strictSame(inService, [])
  await pass(1)
  t.strictSame(said(), ['[INFO] Reloading', RUNNING, '[INFO] Reloading complete'], 'an added line is one')
  t.strictSame(inService, [1])
  t.strictSame(metrics(), ['coredns_reload_failed_total 0', 'coredns_reload_version_info 1'])
})

t.test(
  'a bad file is tried once, a broken one is said to be each time, a missing one not at all',
  async t => {
    const { said, write, pass, inService, metrics } = await setUp()
    said()
    write('.:53 {\n  reload 10s 0s\n  bogus\n}\n')
    await pass(10_000)
    const message = "Corefile:3 - Error during parsing: Unknown directive 'bogus'"
    t.strictSame(said(), [
      '[INFO] Reloading',
      `[ERROR] Restart failed: ${message}`,
      `[ERROR] plugin/reload: Corefile changed but reload failed: starting with listener file descriptors: ${message}`,
      '[WARNING] labdns: the configuration from before goes on serving; to mend: Corefile:3:3 (no plugin has this name)'
    ])
    await pass(20_000)
    t.strictSame(said(), [])
    write('.:53 {\n  reload 10s 0s\n')
    await pass(10_000)
    await pass(10_000)
    t.match(said(), [
      /^\[WARNING\] plugin\/reload: Corefile parse failed: Corefile:2 - /,
      /^\[WARNING\] plugin\/reload: Corefile parse failed: Corefile:2 - /
    ])
    write(undefined)
    await pass(20_000)
    t.strictSame(said(), [])
    t.strictSame(metrics(), ['coredns_reload_failed_total 1', 'coredns_reload_version_info 1'])
    write(START)
    await pass(10_000)
    t.strictSame(inService, [1], 'the file from before is taken again')
  }
)

t.test('without reload nothing is looked at until a signal says so', async t => {
  const { reloader, said, write, pass, turn, inService } = await setUp('.:53 {\n  whoami\n}\n')
  write('.:53 {\n  whoami\n  errors\n}\n')
  await pass(100_000)
  t.strictSame(said(), [])
  await reloader.reload()
  t.strictSame(said(), ['[INFO] Reloading', '[INFO] Reloading complete'])
  write(undefined)
  await reloader.reload()
  await turn()
  t.strictSame(said(), [
    '[ERROR] Restart failed: the Corefile cannot be read',
    '[ERROR] SIGUSR1: starting with listener file descriptors: the Corefile cannot be read'
  ])
  t.strictSame(inService, [1])
})

t.test('once stopped it looks no more', async t => {
  const { reloader, said, write, pass } = await setUp()
  said()
  reloader.stop()
  write('.:53 {\n  reload 10s 0s\n  errors\n}\n')
  await pass(60_000)
  t.strictSame(said(), [])
})

t.test('what was written while the start waited is found at the first look', async t => {
  const { said, pass, inService } = await setUp(START, '.:53 {\n  reload 10s 0s\n  errors\n}\n')
  t.strictSame(said(), [RUNNING], 'what the server was started with')
  await pass(10_000)
  t.strictSame(said(), ['[INFO] Reloading', RUNNING, '[INFO] Reloading complete'])
  t.strictSame(inService, [1])
})

t.test('a file that is broken when the start has waited is told of at the first look', async t => {
  const { said, pass } = await setUp(START, '.:53 {\n  reload 10s 0s\n')
  t.strictSame(said(), [RUNNING])
  await pass(10_000)
  t.match(said(), [/^\[WARNING\] plugin\/reload: Corefile parse failed: /])
})
