// Runs the tool that holds hostile TCP connections open, and judges what it measured.
// Usage: hold.mjs TOOLS PORT PID MODE CONNECTIONS SECONDS
import { readdirSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'

const [tools, port, pid, mode, connections, seconds] = process.argv.slice(2)
const openFiles = () => readdirSync(`/proc/${pid}/fd`).length
// What one connection holds is told from what the first 100,000 answers of a process cost anybody (compiled code).
if (Number(connections) === 1) await askAndRead(100_000)
const openBefore = openFiles()
const run = spawnSync(
  process.execPath,
  [
    path.join(tools, 'tcp-hold.mjs'),
    '--port',
    port,
    '--pid',
    pid,
    '--mode',
    mode,
    '--conns',
    connections,
    '--secs',
    seconds
  ],
  { encoding: 'utf8' }
)
console.log(run.stdout, run.stderr)
const found = JSON.parse(run.stdout.trim().split('\n').at(-1))
const rules = [
  ['UDP queries of the good client lost', found.udp_fail, 0],
  [
    'TCP queries of the good client lost, of 100',
    (100 * found.tcp_fail) / (found.tcp_ok + found.tcp_fail),
    1
  ],
  ['growth in MB', found.server_rss_growth_mb, Number(connections) === 1 ? 2 : 64]
]
if (Number(seconds) >= 40) {
  // Clients that ask properly and take their answers (churn) are not held: theirs must be gone once they are.
  if (mode === 'churn') rules.push(['open files afterwards', await openFilesAfterwards(), 5])
  else rules.push(['sockets at the end', found.server_sockets_at_end, 5])
}
const broken = rules.filter(([, value, limit]) => !(value <= limit))
for (const [what, value, limit] of broken) console.log(`${what}: ${value}, at most ${limit}`)
process.exit(broken.length > 0 ? 1 : 0)

/** How many more files than before are open, a second after the last client left. */
async function openFilesAfterwards() {
  await new Promise(resolve => setTimeout(resolve, 1000))
  return openFiles() - openBefore
}

/** A client that asks the tool's own question many times on one connection, and reads. */
async function askAndRead(count) {
  const name = Buffer.from('\x08headless\x07default\x03svc\x07cluster\x05local\0', 'latin1')
  const head = Buffer.from([0, 0, 0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const question = Buffer.concat([head, name, Buffer.from([0, 1, 0, 1])])
  question.writeUInt16BE(question.length - 2, 0)
  const socket = net.connect(Number(port), '127.0.0.1')
  let left = 0
  let gathered = Buffer.alloc(0)
  socket.on('data', chunk => {
    gathered = Buffer.concat([gathered, chunk])
    while (gathered.length >= 2 && gathered.length >= 2 + gathered.readUInt16BE(0)) {
      gathered = gathered.subarray(2 + gathered.readUInt16BE(0))
      if (--left === 0) socket.emit('answered')
    }
  })
  for (let asked = 0; asked < count; asked += 1000) {
    left = 1000
    const answered = once(socket, 'answered')
    socket.write(Buffer.concat(Array.from({ length: left }, () => question)))
    await answered
  }
  socket.destroy()
  await new Promise(resolve => setTimeout(resolve, 2000))
}
