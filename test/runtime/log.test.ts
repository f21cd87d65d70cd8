import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { LineWriter } from '../../src/runtime/line-writer.ts'
import { processLog, type LogFormat } from '../../src/runtime/log.ts'

/** A log whose lines end up in an array. */
function memoryLog(debug = false, format: LogFormat = 'text') {
  const lines: string[] = []
  const writer = new LineWriter((octets, done) => {
    lines.push(...octets.toString().trimEnd().split('\n'))
    queueMicrotask(() => done(null, octets.length))
  })
  return { lines, ...processLog({ debug, writer, format }) }
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

t.test('json: fixed fields, one line each, nothing in it that steers a terminal', async t => {
  const { lines, log, print, showDebug, flush } = memoryLog(false, 'json')
  print('.:53')
  log.warn('plain')
  log.plugin('errors').error('a "quoted" \n\u0085\u007f\u2028 name')
  log.own().info('ours')
  const local = log.plugin('local')
  local.debug('hidden')
  showDebug(true)
  local.debug('shown')
  log.plugin('log').infoWith?.({ client: '192.0.2.1', rcode: undefined, size: 30, do: false }, 'line')
  await flush(1000)
  for (const line of lines) {
    // eslint-disable-next-line no-control-regex -- that is what must not be there
    t.notMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028]/)
    t.match((JSON.parse(line) as { time: string }).time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  }
  t.same(
    lines.map(line => ({ ...(JSON.parse(line) as object), time: undefined })),
    [
      { level: 'info', msg: '.:53' },
      { level: 'warn', msg: 'plain' },
      { level: 'error', plugin: 'errors', msg: 'a "quoted" \n\u0085\u007f\u2028 name' },
      { level: 'info', plugin: 'labdns', msg: 'ours' },
      { level: 'debug', plugin: 'local', msg: 'shown' },
      { level: 'info', plugin: 'log', client: '192.0.2.1', size: 30, do: false, msg: 'line' }
    ].map(line => ({ ...line, time: undefined }))
  )
})

t.test('json: what was dropped is told in a line of JSON', async t => {
  const held: ((error: null, written: number) => void)[] = []
  const texts: string[] = []
  const writer = new LineWriter((octets, done) => {
    texts.push(octets.toString())
    held.push((error, written) => done(error, written === 0 ? octets.length : written))
  }, 300)
  const { log } = processLog({ writer, format: 'json' })
  for (let line = 0; line < 20; line++) log.info('a line that is long enough')
  t.ok(writer.dropped > 10)
  held[0]!(null, 0)
  const last = JSON.parse(texts[1]!.trimEnd().split('\n').at(-1)!) as Record<string, unknown>
  t.match(last, { level: 'warn', plugin: 'labdns', dropped: writer.dropped })
  t.match(last['msg'], /^\d+ log lines were dropped: nobody read the log fast enough$/)
})
