// From the start of the compiled entry with `config/` to its first answer, as a person waits for it: not pinned.
import { createSocket } from 'node:dgram'
import { Asker } from '../asker.ts'
import { Child, source } from '../child.ts'
import { rssMb } from '../machine.ts'
import { atMost, percentile, spread, spreadText } from '../report.ts'
import type { Section } from '../section.ts'
import { ENTRY } from '../targets.ts'

const STARTS = 20
const ASK_EVERY_MS = 1
const LATE_MS = 10_000
const NAME = 'web.shop.svc.cluster.local'

export const start: Section = {
  name: 'start',
  needs: { load: false, server: true },
  async run() {
    const times: number[] = []
    const memory: number[] = []
    // The first start reads files from disk that the others find in memory.
    for (let turn = -1; turn < STARTS; turn++) {
      const { ms, rss } = await startOnce()
      if (turn < 0) continue
      times.push(ms)
      memory.push(rss)
    }
    const all = spread(times)
    return {
      title: 'Start',
      method: `From exec of \`labdns serve -conf config/Corefile --apps config/apps\` to the first answer with an address for ${NAME}, ${STARTS} starts.`,
      tables: [
        {
          head: ['median ms (least–most)', 'p90 ms', 'resident MB then'],
          rows: [[spreadText(all, 0), percentile(times, 0.9).toFixed(0), spreadText(spread(memory), 0)]]
        }
      ],
      bounds: [atMost('median of the starts', all.median, 300, ' ms', 0)],
      notes: [],
      figures: { times, memory }
    }
  }
}

async function startOnce(): Promise<{ ms: number; rss: number }> {
  const port = await freePort()
  const child = Child.node(ENTRY, [
    ...['serve', '-conf', source('config/Corefile'), '--apps', source('config/apps')],
    ...['--listen', `127.0.0.1:${port}`, '--http-base', '0']
  ])
  const asker = new Asker(port)
  try {
    const at = await asker.until(NAME, undefined, ASK_EVERY_MS, LATE_MS)
    if (at === undefined) throw new Error(`no answer within ${LATE_MS} ms: ${child.said}`)
    return { ms: at - child.startedAt, rss: rssMb(child.pid) }
  } finally {
    asker.close()
    await child.stop()
  }
}

/** A port that nobody has just now: the client must know it before the server says anything. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  return port
}
