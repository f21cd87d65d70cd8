// Tables in the layout of kubectl.
import t from 'tap'
import { tableLines } from '../../../src/cli/get/table.ts'

const lines = (...words: Parameters<typeof tableLines>) => [...tableLines(...words)].join('')

t.test('columns are as wide as their widest cell and three blanks', t => {
  // As the Kubernetes documentation shows it (tutorials/services/connect-applications-service).
  const heads = ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE']
  const rows = [['my-nginx', 'ClusterIP', '10.0.162.149', '<none>', '80/TCP', '21s']]
  t.equal(
    lines(heads, rows),
    'NAME       TYPE        CLUSTER-IP     EXTERNAL-IP   PORT(S)   AGE\n' +
      'my-nginx   ClusterIP   10.0.162.149   <none>        80/TCP    21s\n'
  )
  t.equal(lines(heads, rows, false), 'my-nginx   ClusterIP   10.0.162.149   <none>   80/TCP   21s\n')
  t.end()
})

t.test('characters count, not octets, and none steers a terminal', t => {
  t.equal(
    lines(
      ['A', 'B'],
      [
        ['größe', 'x'],
        ['\u001b[31m\n', 'y']
      ]
    ),
    'A        B\ngröße    x\n?[31m?   y\n'
  )
  t.end()
})
