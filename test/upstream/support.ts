// An upstream on loopback, asked over real sockets with a clock that only moves when told to.
import { readFileSync } from 'node:fs'
import { systemRandom } from '../../src/runtime/random.ts'
import { Upstream, UpstreamRuntime, type UpstreamOptions } from '../../src/upstream/upstream.ts'
import { encodeName } from '../../src/wire/name.ts'
import { FakeClock } from '../support/fake-clock.ts'

export interface Test {
  teardown(task: () => unknown): void
}

export const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../test/fixtures/tls/${name}`, import.meta.url))

/** Closed at the test's end, until which the process stays. */
export function upstreamOn(
  t: Test,
  scheme: 'tls' | 'https',
  port: number,
  options: Partial<UpstreamOptions>
): { readonly upstream: Upstream; readonly clock: FakeClock } {
  const clock = new FakeClock()
  const upstream = new Upstream(
    { scheme, host: '127.0.0.1', port: String(port), serverName: '', isName: false },
    {
      pool: { expireMs: 10_000, maxAgeMs: 0, idleMax: 0 },
      readLimitMs: 2000,
      sourceAddress: undefined,
      tls: {},
      probe: { intervalMs: 500, recursionDesired: true, domain: encodeName('.'), network: 'udp' },
      ...options
    },
    new UpstreamRuntime({ clock, random: systemRandom() }),
    { reusedChannel: () => undefined, openedChannel: () => undefined, probeFailed: () => undefined }
  )
  const alive = setInterval(() => undefined, 1000)
  t.teardown(() => {
    clearInterval(alive)
    upstream.close()
  })
  return { upstream, clock }
}
