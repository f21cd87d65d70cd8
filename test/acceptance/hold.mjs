// Runs the tool that holds hostile TCP connections open, and judges what it measured.
// Usage: hold.mjs TOOLS PORT PID MODE CONNECTIONS SECONDS
import { readdirSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const [tools, port, pid, mode, connections, seconds] = process.argv.slice(2)
const openFiles = () => readdirSync(`/proc/${pid}/fd`).length
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
