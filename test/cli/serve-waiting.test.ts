// Signals while the start of the program waits for the state of the cluster: the lines and the status of CoreDNS, at once.
// (Recorded with CoreDNS 1.14.7 before an API server that nobody reaches; it goes on saying that it waits, though.)
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { WireApi } from '../support/wire-api.ts'

// As compiled: build/test/cli.
const program = fileURLToPath(new URL('../../src/cli/labdns.js', import.meta.url))
const WAITING = '[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server\n'
const RELOAD = 'reload 2s 0s'

const corefile = (port: number, more = '') => `.:0 {
  bind 127.0.0.1
  kubernetes cluster.local {
    endpoint http://127.0.0.1:${port}
    startup_timeout 30s
  }
  ${more}
}
`

/** The program, once it waits for an API server that takes requests and says nothing. */
async function waiting(t: Test, more = '') {
  const api = new WireApi()
  api.respond = () => undefined
  await api.open()
  t.teardown(() => api.close())
  const folder = t.testdir({ Corefile: corefile(api.port, more) })
  const ready = join(folder, 'ready')
  const child = spawn(process.execPath, [program, '--ready-file', ready, '-pidfile', join(folder, 'pid')], {
    cwd: folder,
    env: { ...process.env, npm_lifecycle_event: '' },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const run = { api, folder, ready, child, stdout: '', stderr: '', ended: once(child, 'close') }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (run.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await run.ended
  })
  await comes(() => run.stdout.includes(WAITING))
  return run
}

async function comes(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 1500; n++) {
    if (await isSo()) return
    await sleep(10)
  }
  throw new Error('it never came to this')
}

for (const [signal, line] of [
  ['SIGTERM', 'SIGTERM: Shutting down servers then terminating'],
  ['SIGINT', 'SIGINT: Shutting down'],
  ['SIGQUIT', 'SIGQUIT: Quitting process immediately']
] as const) {
  t.test(`${signal} ends the wait`, async t => {
    const run = await waiting(t)
    const since = performance.now()
    run.child.kill(signal)
    const [status] = (await run.ended) as [number | null]
    t.equal(status, 0)
    // The wait would be half a minute.
    t.ok(performance.now() - since < 5000, 'at once')
    t.equal(run.stdout.replaceAll(WAITING, ''), `[INFO] ${line}\n`, 'nobody is told that it serves')
    t.equal(run.stderr, '')
    t.notOk(existsSync(run.ready) || existsSync(join(run.folder, 'pid')), 'nor by a file')
    await comes(async () => (await run.api.connections()) === 0)
  })
}

t.test('SIGUSR1 during the wait, and a Corefile that changes behind it', async t => {
  const run = await waiting(t)
  const other = new WireApi()
  await other.open()
  t.teardown(() => other.close())
  writeFileSync(join(run.folder, 'Corefile'), corefile(other.port, RELOAD))
  run.child.kill('SIGUSR1')
  await comes(() => existsSync(run.ready) && /^\w+\/\w+, node.*\n/m.test(run.stdout))
  t.same(other.watched, ['endpointslices', 'namespaces', 'services'])
  t.equal(await run.api.connections(), 0)
  const lines = run.stdout
    .replaceAll(WAITING, '')
    .replace(/[0-9a-f]{128}/g, 'HEX')
    .split('\n')
  t.match(
    lines.filter(each => !each.startsWith('[INFO] labdns: ')),
    [
      '[INFO] SIGUSR1: Reloading',
      '[INFO] Reloading',
      '[INFO] plugin/reload: Running configuration SHA512 = HEX',
      '[INFO] Reloading complete',
      /^\.:\d+ on 127\.0\.0\.1$/,
      /^labdns-/,
      /^\w+\/\w+, node/,
      ''
    ]
  )
  run.child.kill('SIGTERM')
  t.same(await run.ended, [0, null])
})
