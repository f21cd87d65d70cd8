import t from 'tap'
import { metadataPlugin } from '../../../src/plugins/metadata/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['metadata', ''],
  ['metadata example.org cluster.local', ''],
  ['metadata {\n foo\n }', argument(3, 'foo')],
  ['metadata\n metadata', argument(3, 'metadata')]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, metadataPlugin), message))
}
