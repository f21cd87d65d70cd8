import t from 'tap'
import { httpsPlugin } from '../../../src/plugins/https/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const limits = (directive: string) =>
  setupBlocks(`https://. {\n${directive}\n}`, [httpsPlugin], testShared(testRuntime()))[0]!.streamLimits

t.test('limits go to the listener', t => {
  t.same(limits('https {\n max_connections 5\n}'), [{ connectionsMax: 5 }])
  t.same(limits('https {\n max_connections 0\n}'), [{ connectionsMax: 0 }])
  t.same(limits('https'), [])
  t.end()
})

t.test('mistakes', t => {
  // The first text is recorded (bad-input.json: https-1).
  const cases: readonly (readonly [line: string, message: string])[] = [
    ['foo', "unknown property 'foo'"],
    ['max_connections', "Wrong argument count or unexpected line ending after 'max_connections'"],
    ['max_connections 1 2', "Wrong argument count or unexpected line ending after '2'"],
    ['max_connections -1', 'max_connections must be a non-negative integer: -1']
  ]
  for (const [line, message] of cases) {
    const found = setupMessage(`https {\n ${line}\n}`, httpsPlugin)
    t.equal(found, `Corefile:3 - Error during parsing: ${message}`, line)
  }
  t.match(
    setupMessage('https {\n max_connections many\n}', httpsPlugin),
    /^Corefile:3 - Error during parsing: invalid max_connections value 'many': /
  )
  t.equal(
    setupMessage('https {\n max_connections 1\n max_connections 2\n}', httpsPlugin),
    'Corefile:4 - Error during parsing: max_connections already defined for this server block'
  )
  t.equal(
    setupMessage('https 5', httpsPlugin),
    "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '5'"
  )
  t.end()
})
