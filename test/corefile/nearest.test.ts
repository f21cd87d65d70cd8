import t from 'tap'
import { nearestWord } from '../../src/corefile/nearest.ts'
import { DIRECTIVES } from './support.ts'

const cases: readonly (readonly [word: string, nearest: string | undefined])[] = [
  ['kuberntes', 'kubernetes'],
  ['kubernets', 'kubernetes'],
  ['Kubernetes', 'kubernetes'],
  ['froward', 'forward'],
  ['forwad', 'forward'],
  ['erors', 'errors'],
  ['error', 'errors'],
  ['heath', 'health'],
  ['lgo', 'log'],
  ['prometeus', 'prometheus'],
  ['loadbalanse', 'loadbalance'],
  ['chache', 'cache'],
  ['whoam', 'whoami'],
  ['proxy', undefined],
  ['x', undefined],
  ['upstream', undefined],
  ['', undefined],
  ['k'.repeat(1_000_000), undefined]
]

for (const [word, nearest] of cases) {
  t.test(`${word.slice(0, 20)}: ${nearest ?? 'nothing'}`, t => {
    t.equal(nearestWord(word, DIRECTIVES), nearest)
    t.end()
  })
}
