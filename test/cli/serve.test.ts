// The program itself: what it prints, what it answers, and how it ends.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import packet from 'dns-packet'
import t from 'tap'
import type { Ready } from '../../src/server/ready-file.ts'

// As compiled: build/test/cli.
const program = fileURLToPath(new URL('../../src/cli/labdns.js', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
const application = join(root, 'config', 'apps')

interface Teardown {
  teardown(task: () => Promise<void>): void
}

/** Starts the program in a folder; it has ended when the test has. */
function start(t: Teardown, words: readonly string[], folder = root, input?: string) {
  // Under npm the program may take itself for one that a person started.
  const env = { ...process.env, npm_lifecycle_event: '' }
  const child = spawn(process.execPath, [program, ...words], {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'pipe']
  })
  child.stdin.end(input)
  const run = { stdout: '', stderr: '', child, ended: ended() }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (run.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await run.ended
  })
  return run

  async function ended(): Promise<number | string> {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    return code ?? signal ?? 'no status'
  }
}

/** Starts a server; settles when it says that it answers. */
async function serving(
  t: Teardown,
  folder: string,
  words: readonly string[] = [],
  state: readonly string[] = ['--apps', application],
  input?: string
) {
  const path = join(folder, 'ready')
  const own = [...state, '--listen', '127.0.0.1:0', '--ready-file', path, ...words]
  const run = start(t, own, folder, input)
  const end = Date.now() + 30_000
  while (!existsSync(path)) {
    if (run.child.exitCode !== null || Date.now() > end)
      throw new Error(`no server: ${run.stdout}${run.stderr}`)
    await sleep(10)
  }
  const ready = JSON.parse(readFileSync(path, 'utf8')) as Ready
  const port = ready.dns[0]?.port ?? 0
  return { run, ready, port, path }
}

const NAME = 'backend.default.svc.cluster.local'
const question = (name: string): packet.Packet => ({
  type: 'query',
  id: 4711,
  questions: [{ type: 'A', class: 'IN', name }]
})

async function askUdp(port: number, name: string): Promise<packet.DecodedPacket> {
  const socket = createSocket('udp4')
  try {
    socket.send(packet.encode(question(name)), port, '127.0.0.1')
    const [message] = (await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })) as [Buffer]
    return packet.decode(message)
  } finally {
    socket.close()
  }
}

async function askTcp(port: number, name: string): Promise<packet.DecodedPacket> {
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')))
  socket.end(packet.streamEncode(question(name)))
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return packet.decode(Buffer.concat(chunks).subarray(2))
}

/** The address that the example application states for the name; read from its file, not from an answer. */
const address = /clusterIP: '?"?([\d.]+)/.exec(
  readFileSync(join(application, 'three-tier.yaml'), 'utf8')
)?.[1]

t.test('answers over UDP and TCP, and ends on SIGTERM', async t => {
  const { run, ready, port, path } = await serving(t, t.testdir({}))
  t.equal(ready.pid, run.child.pid)
  t.same(ready.dns.map(each => [each.address, each.transport, each.port === port]).sort(), [
    ['127.0.0.1', 'tcp', true],
    ['127.0.0.1', 'udp', true]
  ])
  for (const ask of [askUdp, askTcp]) {
    const answer = await ask(port, NAME)
    t.equal(answer.id, 4711)
    t.match(answer.answers, [{ type: 'A', name: NAME, data: address }])
    const none = await ask(port, `missing.default.svc.cluster.local`)
    t.match(none, { rcode: 'NXDOMAIN', flag_aa: true })
  }
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.match(run.stdout, /^\[INFO\] SIGTERM: Shutting down servers then terminating$/m)
  t.match(run.stdout, new RegExp(`^\\.:${port} on 127\\.0\\.0\\.1$`, 'm'))
  t.match(run.stdout, /^labdns-\d+\.\d+\.\d+\n\w+\/\w+, node\d+\.\d+\.\d+, \S+$/m)
  t.equal(run.stderr, '')
  t.notOk(existsSync(path), 'the ready file is gone')
})

t.test('ends on SIGINT', async t => {
  const { run } = await serving(t, t.testdir({}), ['--quiet'])
  run.child.kill('SIGINT')
  t.equal(await run.ended, 0)
  const lines = run.stdout.trimEnd().split('\n')
  t.equal(lines.at(-1), '[INFO] SIGINT: Shutting down')
  t.same(
    lines.filter(line => !line.startsWith('[')),
    [],
    'quiet prints log lines alone'
  )
  t.equal(run.stderr, '')
})

t.test('an application on standard input', async t => {
  const manifest =
    'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: 10.96.7.7, ports: [{port: 80}]}\n'
  const { run, port } = await serving(t, t.testdir({}), [], ['--apps', '-'], manifest)
  t.match((await askUdp(port, 'web.default.svc.cluster.local')).answers, [{ data: '10.96.7.7' }])
  t.match(
    (await askUdp(port, 'kubernetes.default.svc.cluster.local')).answers,
    [{ data: '10.96.0.1' }],
    'what every cluster has'
  )
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0)
  t.match(run.stdout, '[INFO] labdns: apps: 1 file: Service 1\n')
})

t.test('applications that are not there', async t => {
  const run = start(t, ['serve', '--apps', 'nowhere'], t.testdir({}))
  t.equal(await run.ended, 1)
  t.equal(run.stderr, 'apps: cannot read nowhere: no such file or folder\n')
})

t.test('a port that is taken: what holds it, and what to type instead', async t => {
  const { run, port } = await serving(t, t.testdir({}))
  const words = ['--apps', application, '--listen', `127.0.0.1:${port}`]
  const second = start(t, words)
  t.equal(await second.ended, 1)
  const [first, holder, instead, ...more] = second.stderr.split('\n')
  t.equal(first, `Listen: listen tcp 127.0.0.1:${port}: bind: address already in use`)
  if (existsSync('/proc/net/tcp')) t.match(holder, `(process ${run.child.pid})`)
  t.equal(instead, `    | try another one: labdns serve --apps ${application} --listen 127.0.0.1:1053`)
  t.same(more, [''])
  t.match((await askUdp(port, NAME)).answers, [{ data: address }], 'the first goes on')
})

t.test('an unknown flag', async t => {
  const run = start(t, ['-cnf', 'Corefile'])
  t.equal(await run.ended, 2)
  t.match(run.stderr, /^flag provided but not defined: -cnf\n/)
  t.equal(run.stdout, '')
})

t.test('-version', async t => {
  const run = start(t, ['-version'])
  t.equal(await run.ended, 0)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const [first, second, ...more] = run.stdout.split('\n')
  t.equal(first, `labdns-${version}`)
  t.match(second, new RegExp(`^${process.platform}/\\w+, node${process.versions.node}, \\S+$`))
  t.same(more, [''])
})

t.test('a mistake in the Corefile is shown with its place', async t => {
  const folder = t.testdir({ Corefile: '.:1053 {\n    kuberntes cluster.local\n}\n' })
  for (const words of [['-conf', 'Corefile'], [], ['check', 'Corefile']]) {
    const run = start(t, words, folder)
    t.equal(await run.ended, 1)
    const lines = run.stderr.split('\n')
    t.match(lines[0], /^Corefile:2 - Error during parsing: Unknown directive 'kuberntes'$/)
    t.same(lines.slice(1, 4), [
      '    | Corefile:2:5',
      '    |       kuberntes cluster.local',
      '    |       ^^^^^^^^^'
    ])
    t.equal(run.stdout, '')
  }
})

t.test('without anything: says which options there are', async t => {
  const folder = t.testdir({})
  const path = join(folder, 'ready')
  const run = start(t, ['serve', '--listen', '127.0.0.1:0', '--ready-file', path], folder)
  const end = Date.now() + 30_000
  while (!existsSync(path) && Date.now() < end) await sleep(10)
  run.child.kill('SIGTERM')
  t.equal(await run.ended, 0, run.stderr)
  t.match(
    run.stdout,
    '[INFO] labdns: no Corefile: serving whoami. Name one with -conf FILE, or serve objects with --apps FOLDER or --manifests FOLDER\n'
  )
})

t.test('a ready file that cannot be written', async t => {
  const folder = t.testdir({ Corefile: '.:0 {\n    bind 127.0.0.1\n    whoami\n}\n' })
  writeFileSync(join(folder, 'file'), '')
  const run = start(t, ['--listen', '127.0.0.1:0', '--ready-file', 'file/ready'], folder)
  t.equal(await run.ended, 1)
  t.match(run.stderr, /^Could not write the ready file: .*file\/ready/)
  t.equal(run.stderr.split('\n').length, 2, 'one line, no stack')
})
