// The Dockerfile without a container engine: its COPY and npm steps in a clean folder, then what they built is started.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { servesExamples } from './serving.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const text = readFileSync(path.join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ')
const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-image-'))
const expect = (what, rule) => {
  if (!rule.test(text)) throw new Error(`Dockerfile: ${what}`)
}
expect('a numeric user that is not root', /^USER [1-9]\d*:[1-9]\d*$/m)
expect('the ports', /^EXPOSE 53 53\/udp 8080 8181 9153$/m)
expect('the capability for port 53', /setcap cap_net_bind_service=\+ep/)
expect('a distroless base', /^FROM gcr\.io\/distroless\/\S+$/m)
try {
  const [build] = text.split(/^FROM .*$/m).slice(1)
  let npmSteps = 0
  for (const line of build.split('\n')) {
    const copied = /^COPY (.+) (\S+)$/.exec(line)
    if (copied)
      for (const file of copied[1].split(' '))
        cpSync(
          path.join(root, file),
          path.join(folder, copied[2], path.basename(file) === copied[2] ? '.' : file),
          { recursive: true }
        )
    const run = /^RUN (npm .+)$/.exec(line)
    if (run) {
      npmSteps++
      execFileSync('sh', ['-c', run[1]], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
    }
  }
  if (npmSteps < 2) throw new Error('Dockerfile: no npm steps found')
  const entry = /ENTRYPOINT \["\/usr\/local\/bin\/node", "\/labdns\/(\S+)"\]/.exec(text)?.[1]
  // Nothing but the bundle goes into the image: it runs without node_modules.
  rmSync(path.join(folder, 'node_modules'), { recursive: true, force: true })
  await servesExamples(
    process.execPath,
    [path.join(folder, 'build/image', entry), '--apps', path.join(root, 'config/apps')],
    { cwd: folder }
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
