// Files that exist only in a test.
import type { Files } from '../../src/runtime/files.ts'

/** Text by path. */
export function fakeFiles(texts: Readonly<Record<string, string>> = {}): Files {
  const fail = (path: string): never => {
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' })
  }
  return {
    read: path => Buffer.from(texts[path] ?? fail(path)),
    list: path =>
      Object.keys(texts)
        .filter(each => each.startsWith(`${path}/`))
        .map(each => each.slice(path.length + 1).split('/')[0]!)
        .sort(),
    kind: path => {
      if (Object.hasOwn(texts, path)) return 'file'
      return Object.keys(texts).some(each => each.startsWith(`${path}/`)) ? 'directory' : undefined
    },
    stat: path => {
      const isFolder = Object.keys(texts).some(each => each.startsWith(`${path}/`))
      return { modifiedMs: 0, octets: isFolder ? 4096 : Buffer.byteLength(texts[path] ?? fail(path)) }
    }
  }
}
