// 2,000 Services and 2,000 Deployments of 3 replicas in 500 files: from exec to the first answer at most 3 s, and one saved
// file visible in at most 100 ms (median and worst of 20). Its last line is "N passed, N failed".
import dgram from 'node:dgram'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import dnsPacket from 'dns-packet'

const FILES = 500
const EACH = 4
const EDITS = 20
const STARTS = 3
const START_MS = 3000
const EDIT_MS = 100

const root = path.resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-scale-'))
const fileOf = index => path.join(folder, `app-${index}.yaml`)

/** One application, as people write them. */
const application = name => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app.kubernetes.io/name: ${name}
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}
    spec:
      containers:
        - name: ${name}
          image: registry.example.com/${name}:1.4.2
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: "info"
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
  labels:
    app.kubernetes.io/name: ${name}
spec:
  selector:
    app.kubernetes.io/name: ${name}
  ports:
    - name: http
      port: 80
      targetPort: http
`

for (let file = 0; file < FILES; file++) {
  const names = Array.from({ length: EACH }, (_, index) => `app-${file}-${index}`)
  writeFileSync(fileOf(file), names.map(application).join('---\n'))
}

/** Asks every millisecond until `wanted` is answered; settles with the moment, or undefined. */
function until(port, name, wanted, limitMs) {
  return new Promise(resolve => {
    const socket = dgram.createSocket('udp4')
    const message = dnsPacket.encode({ type: 'query', id: 1, questions: [{ type: 'A', name }] })
    const end = reply => {
      clearInterval(timer)
      clearTimeout(limit)
      socket.close()
      resolve(reply)
    }
    const timer = setInterval(() => socket.send(message, port, '127.0.0.1'), 1)
    const limit = setTimeout(end, limitMs)
    socket.on('error', () => undefined)
    socket.on('message', reply => {
      const at = performance.now()
      if (wanted(dnsPacket.decode(reply).answers.map(answer => answer.data))) end(at)
    })
  })
}

/** Milliseconds of CPU that a process has used: what a busy machine doesn't change. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function freePort() {
  const socket = dgram.createSocket('udp4')
  await new Promise(resolve => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise(resolve => socket.close(resolve))
  return port
}

async function begin() {
  const port = await freePort()
  const words = ['serve', '--apps', folder, '--listen', `127.0.0.1:${port}`, '--quiet']
  const startedAt = performance.now()
  const child = spawn(process.execPath, [path.join(root, 'build/src/cli/labdns.js'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let output = ''
  child.stdout.on('data', data => (output += data))
  const ended = new Promise(resolve => child.on('exit', resolve))
  const name = `app-${FILES - 1}-${EACH - 1}.default.svc.cluster.local`
  const at = await until(port, name, found => found.length === 1, 20_000)
  return {
    port,
    ms: at - startedAt,
    cpuMs: cpuOf(child.pid),
    memory: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    output: () => output,
    stop() {
      child.kill('SIGTERM')
      return ended
    }
  }
}

const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
let failed = 0
const judge = (what, value, limit) => {
  const isHeld = value <= limit
  if (!isHeld) failed++
  console.log(`${isHeld ? 'ok  ' : 'FAIL'} ${what}: ${value.toFixed(0)} ms (at most ${limit} ms)`)
}

try {
  const starts = []
  for (let turn = 0; turn < STARTS; turn++) {
    const server = await begin()
    starts.push(server.ms)
    if (turn < STARTS - 1) {
      await server.stop()
      continue
    }
    console.log(server.output().trim())
    const [load] = os.loadavg()
    console.log(
      `then: ${server.memory.toFixed(0)} MB resident, ${server.cpuMs} ms of CPU used, load ${load?.toFixed(1)}`
    )
    judge(`from exec to the first answer, median of ${STARTS}`, median(starts), START_MS)
    // The watches of 500 files are set up after the first answer.
    await sleep(1500)
    const edits = []
    for (let edit = 0; edit < EDITS; edit++) {
      const file = (edit * 37) % FILES
      const name = `app-${file}-1`
      const address = `10.100.${edit}.7`
      const text = readFileSync(fileOf(file), 'utf8')
      const service = text.lastIndexOf(`  selector:\n    app.kubernetes.io/name: ${name}\n`)
      writeFileSync(fileOf(file), `${text.slice(0, service)}  clusterIP: ${address}\n${text.slice(service)}`)
      const savedAt = performance.now()
      const question = `${name}.default.svc.cluster.local`
      const at = await until(server.port, question, ([found]) => found === address, 5000)
      edits.push((at ?? Infinity) - savedAt)
      await sleep(60)
    }
    judge(`a saved file visible, median of ${EDITS}`, median(edits), EDIT_MS)
    judge(`a saved file visible, worst of ${EDITS}`, Math.max(...edits), EDIT_MS)
    await server.stop()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${3 - failed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
