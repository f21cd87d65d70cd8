// What `labdns get -A -o yaml` prints of application folders is as good as the folders: `labdns names` says the same of
// both, and so does a real CoreDNS that watches these objects in a real Kubernetes API, where both programs are there.
//
//   get-roundtrip.mjs [--kube-api PROGRAM --coredns PROGRAM] FOLDER…      without folders: test/fixtures/apps/*
//
// One check a folder for names, one for CoreDNS. Last line: N passed, N failed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, closeSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import dnsPacket from 'dns-packet'

const root = path.resolve(import.meta.dirname, '../..')
const program = path.join(root, 'build/src/cli/labdns.js')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'kube-api': { type: 'string' }, coredns: { type: 'string' } }
})
const own = path.join(root, 'test/fixtures/apps')
const folders =
  positionals.length > 0 || !existsSync(own)
    ? positionals
    : readdirSync(own).map(name => path.join(own, name))
const kubeApi = values['kube-api']
const coredns = values.coredns
const hasCluster = [kubeApi, coredns].every(one => one !== undefined && existsSync(one))
const work = mkdtempSync(path.join(os.tmpdir(), 'labdns-roundtrip-'))
let passed = 0
let failed = 0

function check(what, problems) {
  if (problems.length === 0) {
    passed++
    return
  }
  failed++
  console.log(`FAIL ${what}: ${problems.length} differences`)
  for (const problem of problems.slice(0, 10)) console.log(`  ${problem}`)
}

/** Runs labdns with its standard output in a file, as a shell does; returns the text. Throws when it fails. */
function labdns(words, file) {
  const output = openSync(file, 'w')
  const run = spawnSync(process.execPath, [program, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', output, 'pipe']
  })
  closeSync(output)
  if (run.status !== 0) throw new Error(`labdns ${words.join(' ')} ended with ${run.status}: ${run.stderr}`)
  return file
}

/** The rows that `labdns names` prints. Throws when it fails, or finds fault with a List of ours. */
function namesOf(conf, option, source) {
  const run = spawnSync(process.execPath, [program, 'names', '-conf', conf, '-o', 'json', option, source], {
    encoding: 'utf8',
    maxBuffer: 1 << 28
  })
  if (run.status !== 0)
    throw new Error(`labdns names ${option} ${source} ended with ${run.status}: ${run.stderr}`)
  if (option === '--manifests' && run.stderr.includes('[ERROR]')) throw new Error(`the List: ${run.stderr}`)
  return JSON.parse(run.stdout)
}

/** A serial is the time of the last change. */
const lineOf = ({ name, ttl, type, data }) =>
  `${name.toLowerCase()} ${ttl} ${type} ${type === 'SOA' ? data.replace(/ \d+ 7200 /, ' SERIAL 7200 ') : data}`

function differences(expected, actual, whose) {
  const left = new Set(expected)
  const right = new Set(actual)
  return [
    ...[...left].filter(line => !right.has(line)).map(line => `${whose} lacks ${line}`),
    ...[...right].filter(line => !left.has(line)).map(line => `${whose} has too ${line}`)
  ]
}

/** Starts a program; settles when a line of its output matches, with the match. Rejects when it ends before. */
async function started(command, words, line) {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise(resolve => child.on('exit', resolve))
  let output = ''
  const found = new Promise((resolve, reject) => {
    const look = data => {
      output += data
      const match = line.exec(output)
      if (match !== null) resolve(match)
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    void ended.then(status => reject(new Error(`${command} ended with ${status}: ${output}`)))
    setTimeout(() => reject(new Error(`${command} is not ready in 60 s: ${output}`)), 60_000).unref()
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  try {
    return { match: await found, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function freePort() {
  const server = net.createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Asks over one TCP connection, one question after the other; settles with the replies. */
async function askAll(port, questions) {
  const socket = net.connect(port, '127.0.0.1')
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const replies = []
  let rest = Buffer.alloc(0)
  let arrived = () => undefined
  socket.on('data', data => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0)
      replies.push(dnsPacket.decode(rest.subarray(2, end)))
      rest = rest.subarray(end)
    }
    arrived()
  })
  for (const [at, { name, type }] of questions.entries()) {
    socket.write(
      dnsPacket.streamEncode({ type: 'query', id: at & 0xffff, flags: 256, questions: [{ type, name }] })
    )
    const until = Date.now() + 10_000
    while (replies.length <= at) {
      if (Date.now() > until) throw new Error(`no reply about ${name} ${type} in 10 s`)
      await Promise.race([new Promise(resolve => (arrived = resolve)), sleep(1000)])
    }
  }
  socket.destroy()
  return replies
}

const ipv6 = text => new URL(`http://[${text}]`).hostname.slice(1, -1)
const dotted = name => (name.endsWith('.') ? name : `${name}.`)

/** A record as `labdns names` prints it. */
function rowOf({ name, ttl, type, data }) {
  const texts = {
    A: () => data,
    AAAA: () => ipv6(data),
    SRV: () => `${data.priority} ${data.weight} ${data.port} ${dotted(data.target)}`,
    SOA: () =>
      `${dotted(data.mname)} ${dotted(data.rname)} ${data.serial} ${data.refresh} ${data.retry} ${data.expire} ${data.minimum}`,
    TXT: () =>
      [data]
        .flat()
        .map(text => JSON.stringify(text.toString()))
        .join(' ')
  }
  return { name: dotted(name), ttl, type, data: (texts[type] ?? (() => dotted(data)))() }
}

/** What CoreDNS answers to these questions from these objects. */
async function corednsAnswers(folder, manifests, zoneLines, questions) {
  const data = path.join(folder, 'kube-api')
  const api = await started(
    kubeApi,
    ['--listen', '127.0.0.1:0', '--data', data, '--load', manifests],
    /^ready .*kubeconfig=(\S+)/m
  )
  try {
    const port = await freePort()
    const conf = path.join(folder, 'Corefile.coredns')
    writeFileSync(conf, corefile(port, [`kubeconfig ${path.resolve(api.match[1])}`, ...zoneLines]))
    const server = await started(coredns, ['-conf', conf], /CoreDNS-/)
    try {
      // Until its state is loaded it says SERVFAIL.
      const probe = [{ name: 'kubernetes.default.svc.cluster.local', type: 'A' }]
      for (let tries = 0; tries < 100; tries++) {
        const [reply] = await askAll(port, probe)
        if (reply.rcode !== 'SERVFAIL') break
        await sleep(100)
      }
      await sleep(500) // endpoints and Pods come by watches of their own
      return await askAll(port, questions)
    } finally {
      await server.stop()
    }
  } finally {
    await api.stop()
  }
}

// Bound to loopback, a server has no address of its own to tell of in NS records.
const corefile = (port, lines) =>
  `.:${port} {
    bind 127.0.0.1
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
${lines.map(line => `        ${line}\n`).join('')}    }
}
`

const conf = path.join(work, 'Corefile')
const lines = ['pods verified', 'ttl 30']
writeFileSync(conf, corefile(1053, lines))
if (folders.length === 0) {
  console.log('no folder was named, and test/fixtures/apps is not there')
  failed++
}
if (!hasCluster) {
  console.log(
    'kube-api and CoreDNS are not both there (--kube-api PROGRAM --coredns PROGRAM): answers are not compared with them'
  )
}
for (const source of folders) {
  const label = path.basename(source)
  const folder = mkdtempSync(path.join(work, 'folder-'))
  try {
    const manifests = labdns(['get', '-A', '-o', 'yaml', '--apps', source], path.join(folder, 'f.yaml'))
    const expected = namesOf(conf, '--apps', source)
    const problems = differences(
      expected.map(lineOf),
      namesOf(conf, '--manifests', manifests).map(lineOf),
      'the List'
    )
    check(`${label}: names`, expected.length === 0 ? ['no name at all'] : problems)
    let compared = ''
    if (hasCluster) {
      const questions = [
        ...new Map(expected.map(({ name, type }) => [`${name} ${type}`, { name, type }])).values()
      ]
      const replies = await corednsAnswers(folder, manifests, lines, questions)
      const theirs = replies.flatMap(({ answers, questions: [asked] }) =>
        answers
          .filter(({ type, name }) => type === asked.type && name.toLowerCase() === asked.name.toLowerCase())
          .map(record => lineOf(rowOf(record)))
      )
      check(`${label}: CoreDNS`, differences(expected.map(lineOf), theirs, 'CoreDNS'))
      compared = `, ${questions.length} questions to CoreDNS`
    }
    console.log(`${label}: ${expected.length} records${compared}`)
  } catch (error) {
    check(label, [String(error.message ?? error)])
  }
}
rmSync(work, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
