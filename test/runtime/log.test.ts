import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { LineWriter } from '../../src/runtime/line-writer.ts'
import { processLog } from '../../src/runtime/log.ts'

/** A log whose lines end up in an array. */
function memoryLog(debug = false) {
  const lines: string[] = []
  const writer = new LineWriter((octets, done) => {
    lines.push(...octets.toString().trimEnd().split('\n'))
    queueMicrotask(() => done(null, octets.length))
  })
  return { lines, ...processLog({ debug, writer }) }
}

t.test('debug lines can be shown from some moment on', async t => {
  const { lines, log, showDebug, flush } = memoryLog()
  const local = log.plugin('local')
  local.debug('one')
  showDebug(true)
  local.debug('two')
  showDebug(false)
  local.debug('three')
  await flush(1000)
  t.same(lines, ['[DEBUG] plugin/local: two'])
})

t.test('lines look as people grep them', async t => {
  const { lines, log, print, flush } = memoryLog()
  print('.:53')
  log.info('Reloading')
  log.warn('No files matching import glob pattern: custom/*.override')
  log.plugin('health').info('Going into lameduck mode for 5s')
  log.plugin('errors').error('2 example.org. A: read udp 10.0.0.1:1->8.8.8.8:53: i/o timeout')
  log.own().warn('something of ours')
  log.plugin('log').own().info('not nested')
  log.debug('not without the debug plugin')
  log.info('100% %s %d %j')
  await flush(1000)
  t.same(lines, [
    '.:53',
    '[INFO] Reloading',
    '[WARNING] No files matching import glob pattern: custom/*.override',
    '[INFO] plugin/health: Going into lameduck mode for 5s',
    '[ERROR] plugin/errors: 2 example.org. A: read udp 10.0.0.1:1->8.8.8.8:53: i/o timeout',
    '[WARNING] labdns: something of ours',
    '[INFO] labdns: not nested',
    '[INFO] 100% %s %d %j'
  ])
})

t.test('debug lines are written when they are asked for', async t => {
  const { lines, log, flush } = memoryLog(true)
  log.plugin('forward').debug('seen')
  await flush(1000)
  t.same(lines, ['[DEBUG] plugin/forward: seen'])
})

t.test('a message is one line, whatever it quotes', async t => {
  const { lines, log, flush } = memoryLog()
  log.info('a\nb\r\tc\u001b[31m\u007f\u0085\u2028 é "quoted"')
  await flush(1000)
  t.same(lines, ['[INFO] a\\nb\\x0d\\tc\\x1b[31m\\x7f\\x85\\x2028 é "quoted"'])
})

t.test('a log written to a real standard output', async t => {
  const script = `
    import { processLog } from ${JSON.stringify(new URL('../../src/runtime/log.js', import.meta.url).href)}
    const { log, print, flush } = processLog()
    print('first')
    for (let line = 0; line < 5000; line++) log.info('line ' + line)
    await flush(5000)
    process.exit(0)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(child, 'close')
  const lines = Buffer.concat(chunks).toString().trimEnd().split('\n')
  t.equal(lines.length, 5001)
  t.same([lines[0], lines[1], lines[5000]], ['first', '[INFO] line 0', '[INFO] line 4999'])
})
