import t from 'tap'
import type { UpstreamError } from '../../src/upstream/upstream-error.ts';
import { systemError } from '../../src/upstream/upstream-error.ts'

const udp = { network: 'udp', local: '10.0.0.1:41063', remote: '8.8.8.8:53' } as const
const tcp = { network: 'tcp', local: '', remote: '[2001:db8::1]:53' } as const
const error = (code: string) => Object.assign(new Error(`some ${code} 1.2.3.4`), { code })

t.test('errors of the operating system in the words that people grep', async t => {
  const cases: readonly (readonly [UpstreamError, string])[] = [
    [
      systemError(error('ECONNREFUSED'), 'read', udp),
      'CONNECTION_REFUSED: read udp 10.0.0.1:41063->8.8.8.8:53: read: connection refused'
    ],
    [
      systemError(error('ECONNREFUSED'), 'dial', tcp),
      'CONNECTION_REFUSED: dial tcp [2001:db8::1]:53: connect: connection refused'
    ],
    [
      systemError(error('ENETUNREACH'), 'dial', udp),
      'UNREACHABLE: dial udp 8.8.8.8:53: connect: network is unreachable'
    ],
    [
      systemError(error('EPIPE'), 'write', { ...tcp, local: '[::1]:9' }),
      'CONNECTION_RESET: write tcp [::1]:9->[2001:db8::1]:53: write: broken pipe'
    ],
    [systemError(error('EMFILE'), 'dial', udp), 'OVERLOAD: dial udp 8.8.8.8:53: socket: too many open files'],
    [systemError(error('EODD'), 'dial', udp), 'SYSTEM: dial udp 8.8.8.8:53: connect: some EODD 1.2.3.4'],
    [systemError('odd', 'dial', udp), 'SYSTEM: dial udp 8.8.8.8:53: connect: odd']
  ]
  for (const [{ code, message }, expected] of cases) t.equal(`${code}: ${message}`, expected)
})
