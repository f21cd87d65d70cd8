// Starts a labdns, waits until it is ready, and asks it things: what the acceptance scripts share.
import dgram from 'node:dgram'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import dnsPacket from 'dns-packet'

/** Runs `command` with a ready file; settles with its addresses once it answers. Rejects with its output when it ends. */
export async function start(command, args, options = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-ready-'))
  const readyFile = path.join(folder, 'ready.json')
  const child = spawn(command, [...args, '--ready-file', readyFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options
  })
  let output = ''
  child.stdout.on('data', data => (output += data))
  child.stderr.on('data', data => (output += data))
  const ended = new Promise(resolve => child.on('exit', (code, signal) => resolve(signal ?? code)))
  const until = Date.now() + 30_000
  while (!existsSync(readyFile)) {
    const outcome = await Promise.race([ended, sleep(20, 'waiting')])
    if (outcome !== 'waiting') throw new Error(`ended with ${outcome}: ${output}`)
    if (Date.now() > until) throw new Error(`not ready in 30 s: ${output}`)
  }
  const ready = JSON.parse(readFileSync(readyFile, 'utf8'))
  return {
    ready,
    port: ready.dns[0].port,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      process.kill(ready.pid, signal)
      const status = await ended
      rmSync(folder, { recursive: true, force: true })
      return status
    }
  }
}

/** Asks over UDP; settles with the decoded reply, or undefined after a second. */
export function ask(port, name, type) {
  return new Promise(resolve => {
    const socket = dgram.createSocket('udp4')
    const done = reply => {
      clearTimeout(timer)
      socket.close()
      resolve(reply)
    }
    const timer = setTimeout(done, 1000)
    socket.on('message', message => done(dnsPacket.decode(message)))
    socket.send(
      dnsPacket.encode({ type: 'query', id: 1, flags: 256, questions: [{ type, name }] }),
      port,
      '127.0.0.1'
    )
  })
}

/** Starts a labdns with `config/apps`, asks it for a Service of those, and ends it. Rejects when there is no address. */
export async function servesExamples(command, args, options) {
  const server = await start(command, [...args, '--listen', '127.0.0.1:0'], options)
  const reply = await ask(server.port, 'web.shop.svc.cluster.local', 'A')
  await server.stop()
  if (reply?.answers[0]?.data === undefined) throw new Error(`no address: ${JSON.stringify(reply)}`)
  console.log(`web.shop.svc.cluster.local has ${reply.answers[0].data}`)
}
