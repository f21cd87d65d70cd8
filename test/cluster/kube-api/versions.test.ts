// Versions of objects, by namespace and name.
import t from 'tap'
import { isOlder, versionOf, Versions } from '../../../src/cluster/kube-api/versions.ts'

t.test('a version is a number where it can be one, and any other text as it is', async t => {
  for (const [text, version] of [
    ['7', 7],
    ['9007199254740', 9007199254740],
    ['123456789012345', 123456789012345],
    ['1234567890123456', '1234567890123456'],
    ['0', '0'],
    ['007', '007'],
    ['abc', 'abc'],
    ['', undefined],
    [7, undefined],
    [null, undefined]
  ] as const) {
    t.equal(versionOf(text), version)
  }
})

t.test('only numbers are older than others', async t => {
  t.equal(isOlder(7, 8), true)
  t.equal(isOlder(8, 8), false)
  t.equal(isOlder(9, 8), false)
  t.equal(isOlder('7', '8'), false)
  t.equal(isOlder('7', 8), false)
})

t.test('sets, replaces, deletes, and goes through all while some are deleted', async t => {
  const versions = new Versions()
  for (let at = 0; at < 100; at++) versions.set(`ns-${at % 7}`, `name-${at}`, at)
  versions.set('ns-0', 'name-0', 1000)
  versions.set('__proto__', '__proto__', 5)
  t.equal(versions.size, 101)
  t.equal(versions.get('ns-0', 'name-0'), 1000)
  t.equal(versions.get('__proto__', '__proto__'), 5)
  t.equal(versions.get('ns-1', 'name-0'), undefined)
  t.equal(versions.get('none', 'name-0'), undefined)
  t.equal(versions.delete('ns-1', 'name-0'), false)
  let seen = 0
  for (const [namespace, name] of versions.entries()) {
    seen++
    t.equal(versions.delete(namespace, name), true)
  }
  t.equal(seen, 101)
  t.equal(versions.size, 0)
})
