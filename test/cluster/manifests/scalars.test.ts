import t from 'tap'
import { plainScalar } from '../../../src/cluster/manifests/scalars.ts'

// As kubectl reads them: `kubectl create --dry-run=client -o json` of a ConfigMap refuses or shows the same values.
const scalars: readonly (readonly [string, unknown])[] = [
  ['', null],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['nULL', 'nULL'],
  ['true', true],
  ['Yes', true],
  ['on', true],
  ['y', true],
  ['off', false],
  ['N', false],
  ['yEs', 'yEs'],
  ['80', 80],
  ['-1', -1],
  ['+5', 5],
  ['010', 8],
  ['08', 8],
  ['0x1F', 31],
  ['-0x10', -16],
  ['0o17', 15],
  ['0b101', 5],
  ['1_000', 1000],
  ['1.5', 1.5],
  ['1.', 1],
  ['.5', 0.5],
  ['1e3', 1000],
  ['.inf', Infinity],
  ['-.Inf', -Infinity],
  ['.nan', NaN],
  ['.', '.'],
  ['-', '-'],
  ['_1', '_1'],
  ['1.2.3', '1.2.3'],
  ['10.96.0.1', '10.96.0.1'],
  ['12:30:45', '12:30:45'],
  ['::1', '::1'],
  ['2024-01-01', '2024-01-01'],
  ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
  ['8080/TCP', '8080/TCP'],
  ['0x', '0x'],
  ['None', 'None']
]

for (const [text, value] of scalars) t.same(plainScalar(text), value, JSON.stringify(text))
