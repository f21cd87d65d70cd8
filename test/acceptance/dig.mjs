// Runs every dig line of README.md and of the start banner with the real dig, against what `npm start` serves. A line
// whose output the README shows must give that output.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from './serving.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const script = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  .scripts.start.split(' ')
  .slice(1)
const server = await start(process.execPath, script, {
  cwd: root,
  env: { ...process.env, npm_lifecycle_event: 'start' }
})
await sleep(300) // the banner goes through the log's writer
const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
const shown = new Map()
const blocks = [...readme.matchAll(/^```(?:console|sh)\n([\s\S]*?)^```$/gm)].map(match => match[1])
for (const block of blocks) {
  let line
  for (const text of block.split('\n')) {
    const asked = /^\$ (dig .*)$/.exec(text)
    if (asked) {
      line = asked[1]
      shown.set(line, [])
    } else if (/^\$ /.test(text)) line = undefined
    else if (line !== undefined && text.trim() !== '') shown.get(line).push(text)
  }
}
const bannerLines = server
  .output()
  .split('\n')
  .flatMap(line => /^\s+(dig @\S+.*?)\s+#/.exec(line)?.[1] ?? [])
const failures = []
if (shown.size === 0) failures.push('README.md shows no dig line')
if (bannerLines.length < 4) failures.push(`the banner has ${bannerLines.length} dig lines`)
// The tour of the README is the banner's.
const tour = [...shown.keys()].map(line => line.replace(/ \+.*$/, ''))
for (const line of bannerLines) {
  const plain = line.replace(`-p ${server.port}`, '-p 1053').trim()
  if (!tour.includes(plain)) failures.push(`README.md doesn't show ${plain}`)
}
for (const line of [...shown.keys(), ...bannerLines]) {
  const words = line
    .replace(/-p 1053/, `-p ${server.port}`)
    .split(/\s+/)
    .slice(1)
  const { stdout, status } = spawnSync('dig', [...words, '+tries=1', '+time=2'], { encoding: 'utf8' })
  const isWhole = !words.includes('+short') && !words.includes('+noall')
  if (status !== 0 || stdout.trim() === '' || (isWhole && !/status: NOERROR/.test(stdout)))
    failures.push(`${line}: ${stdout}`)
  // Serials, ids, times and column widths differ; order inside a section is free.
  const plain = text =>
    text
      .split('\n')
      .map(one => one.replace(/\s+/g, ' ').trim())
      .map(one => one.replace(/id: \d+/, 'id: N').replace(/(SOA \S+ \S+) \d+/, '$1 SERIAL'))
      .filter(one => one !== '' && !/^; <<>>|^;; (Query time|WHEN|SERVER|MSG SIZE|global)|COOKIE/.test(one))
      .sort()
  const expected = plain((shown.get(line) ?? []).join('\n'))
  const actual = plain(stdout)
  const missing = expected.filter(one => !actual.includes(one))
  if (missing.length > 0)
    failures.push(`${line}: README shows ${missing.join(' / ')}, dig printed ${actual.join(' / ')}`)
}
const status = await server.stop('SIGINT')
if (status !== 0) failures.push(`Ctrl-C ended it with ${status}`)
for (const failure of failures) console.log(failure)
console.log(`${shown.size} lines of README, ${bannerLines.length} of the banner`)
process.exit(failures.length > 0 ? 1 : 0)
