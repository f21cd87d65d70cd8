// A log that nobody reads costs no answer and little memory, and what it lost is told.
import t from 'tap'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Ready } from '../../../src/server/ready-file.ts'
import { queryWire } from '../../support/messages.ts'
import { parseMetrics } from '../../support/metrics-text.ts'

const program = fileURLToPath(new URL('../../../src/cli/labdns.js', import.meta.url))
const QUERIES = 12_000
/** 12,000 lines of 230 octets and more are 2.8 MB; the writer keeps 1 MiB, and has as much under way at most. */
const LONG_NAME = `${'a'.repeat(60)}.${'b'.repeat(60)}.test`

for (const format of ['text', 'json']) {
  t.test(`nobody reads the ${format} log`, async t => {
    const folder = t.testdir({ Corefile: '.:1053 {\n    prometheus\n    log\n    whoami\n}\n' })
    const path = join(folder, 'ready')
    const words = [
      '--listen',
      '127.0.0.1:0',
      '--http-base',
      '0',
      '--ready-file',
      path,
      '--log-format',
      format
    ]
    const child = spawn(process.execPath, [program, ...words], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const closed = once(child, 'close')
    t.teardown(async () => {
      child.kill('SIGKILL')
      child.stdout.resume()
      await closed
    })
    const end = Date.now() + 30_000
    while (!existsSync(path) && Date.now() < end) await sleep(10)
    const { dns, http } = JSON.parse(readFileSync(path, 'utf8')) as Ready
    const port = dns[0]!.port
    const metrics = async () => {
      const response = await fetch(`http://127.0.0.1:${http['metrics']!.port}/metrics`)
      const families = parseMetrics(await response.text())
      return (name: string, labels = '') => families.get(name)?.samples[labels] ?? NaN
    }

    const socket = createSocket('udp4')
    t.teardown(() => new Promise<void>(resolve => socket.close(() => resolve())))
    const wire = queryWire(LONG_NAME, 'A')
    let answers = 0
    socket.on('message', () => answers++)
    const ask = async (count: number) => {
      const wanted = answers + count
      for (let sent = 0; sent < count; sent += 100) {
        for (let one = 0; one < 100; one++) socket.send(wire, port, '127.0.0.1')
        const limit = Date.now() + 5000
        while (answers < wanted - count + sent + 100 && Date.now() < limit) await new Promise(setImmediate)
      }
    }
    await ask(QUERIES / 2)
    const before = await metrics()
    await ask(QUERIES / 2)
    t.equal(answers, QUERIES, 'every query is answered')
    const after = await metrics()
    const dropped = after('labdns_drops_total', 'reason="log_line"')
    t.ok(dropped > 1000, `${dropped} lines are dropped, and counted`)
    const growth = after('process_resident_memory_bytes') - before('process_resident_memory_bytes')
    t.ok(growth < 16 << 20, `grows by ${growth} octets`)

    // Somebody comes to read after all.
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    child.kill('SIGTERM')
    const [code] = (await closed) as [number]
    t.equal(code, 0)
    const told = [...text.matchAll(/(\d+) log lines were dropped: nobody read the log fast enough/g)]
    const sum = told.reduce((total, [, count]) => total + Number(count), 0)
    // The lines that tell of the end may be missing too.
    t.ok(sum >= dropped && sum <= dropped + 5, `the log says how many are missing: ${sum} of ${dropped}`)
    const lines = text.trimEnd().split('\n')
    t.equal(lines.filter(line => line.includes(LONG_NAME)).length, QUERIES - dropped)
    if (format === 'json') for (const line of lines) JSON.parse(line)
  })
}
