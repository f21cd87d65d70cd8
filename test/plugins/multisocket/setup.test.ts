import t from 'tap'
import { multisocketPlugin } from '../../../src/plugins/multisocket/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

t.test('how it may be written', t => {
  const arguments_ = (word: string, line = 2) =>
    `Corefile:${line} - Error during parsing: Wrong argument count or unexpected line ending after '${word}'`
  const cases: readonly (readonly [text: string, message: string])[] = [
    ['multisocket', ''],
    ['multisocket 1', ''],
    ['multisocket 1024', ''],
    ['multisocket 0', 'num sockets can not be zero or negative: 0'],
    ['multisocket -3', 'num sockets can not be zero or negative: -3'],
    ['multisocket 1025', 'num sockets exceeds maximum (1024): 1025'],
    ['multisocket x', 'invalid num sockets: strconv.Atoi: parsing "x": invalid syntax'],
    ['multisocket 1 2', arguments_('2')],
    ['multisocket 1\n multisocket 2', arguments_('multisocket', 3)]
  ]
  for (const [text, message] of cases) t.equal(setupMessage(text, multisocketPlugin), message, text)
  t.end()
})
