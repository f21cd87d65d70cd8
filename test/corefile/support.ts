// What the tests of this folder share: recorded cases, files in memory, and short ways to load a text.
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { Dispenser } from '../../src/corefile/dispenser.ts'
import { readWords, type Word } from '../../src/corefile/lexer.ts'
import type { LoadOptions } from '../../src/corefile/load.ts'
import type { CorefileError } from '../../src/corefile/position.ts'
import type { Files } from '../../src/runtime/files.ts'

const fixtures = new URL('../../../test/fixtures/', import.meta.url)

export const readFixture = (name: string): string => readFileSync(new URL(name, fixtures), 'utf8')
export const fixturePath = (name: string): string => new URL(name, fixtures).pathname

/** The cases of a file in test/fixtures/corefile, with a folder in the place of @DIR@ and numbers for the ports. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the file's shape
export function recorded<T>(name: string, folder = FOLDER): readonly T[] {
  const text = readFixture(`corefile/${name}`)
    .replaceAll('@DIR@', folder)
    .replace(/@(PORT|HTTP|DEAD)@/g, (_, port: string) => String({ PORT: 1053, HTTP: 8080, DEAD: 9 }[port]))
  return (JSON.parse(text) as { cases: readonly T[] }).cases
}

/** The folder that tests with files in memory run in. */
export const FOLDER = '/etc/coredns'

/** Files in memory, by path; relative ones are in FOLDER. */
export function filesOf(texts: Readonly<Record<string, string>>): Files {
  const byPath = new Map(Object.entries(texts).map(([path, text]) => [posix.resolve(FOLDER, path), text]))
  const fail = (code: string, syscall: string): Error => Object.assign(new Error(code), { code, syscall })
  const kind = (path: string): 'file' | 'directory' | undefined => {
    const whole = posix.resolve(FOLDER, path)
    if (byPath.has(whole)) return 'file'
    const below = whole === '/' ? '/' : `${whole}/`
    return [...byPath.keys()].some(each => each.startsWith(below)) ? 'directory' : undefined
  }
  return {
    kind,
    stat: path => ({ modifiedMs: 0, octets: byPath.get(posix.resolve(FOLDER, path))?.length ?? 0 }),
    read(path, octetsMax = Infinity) {
      const text = byPath.get(posix.resolve(FOLDER, path))
      if (text === undefined)
        throw kind(path) === 'directory' ? fail('EISDIR', 'read') : fail('ENOENT', 'open')
      const octets = Buffer.from(text)
      if (octets.length > octetsMax) throw fail('EFBIG', 'read')
      return octets
    },
    list(path) {
      const whole = posix.resolve(FOLDER, path)
      const below = whole === '/' ? '/' : `${whole}/`
      const names = [...byPath.keys()].filter(each => each.startsWith(below))
      if (names.length === 0) throw fail(kind(path) === 'file' ? 'ENOTDIR' : 'ENOENT', 'scandir')
      const unique = new Set(names.map(each => each.slice(below.length).split('/')[0] as string))
      return [...unique].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }
  }
}

/** Every directive of CoreDNS 1.14.7. */
export const DIRECTIVES: readonly string[] =
  `root metadata geoip cancel proxyproto quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind debug
  trace ready health pprof shed prometheus errors log dnstap local dns64 any chaos loadbalance tsig rewrite autopath acl
  cache header dnssec tls minimal template transfer hosts route53 azure clouddns k8s_external kubernetes file auto secondary
  etcd loop forward grpc erratic whoami on sign view nomad`.split(/\s+/)

export const options = (
  texts: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {}
): LoadOptions => ({ files: filesOf(texts), environment, knownDirectives: DIRECTIVES, folder: FOLDER })

/** The words of a text as though it were a file of its own. */
export const wordsOf = (text: string, file = 'Corefile'): readonly Word[] =>
  readWords(text, '', (_, line, column) => ({ file, line, column })).words

/** A dispenser over a directive's lines. */
export function dispenserOf(text: string): Dispenser {
  const words = wordsOf(text)
  const name = words[0]?.text ?? ''
  return new Dispenser({ name, words, starts: words.slice(0, 1).map(word => word.at) }, 'Corefile')
}

/** `Corefile:7:9`, or nothing. */
export const placeOf = (error: CorefileError): string =>
  error.at === undefined ? '' : `${error.at.file}:${error.at.line}:${error.at.column}`

/** What a call threw, which must be of the class. */
export function thrownBy<E extends Error>(kind: new (...args: never[]) => E, act: () => unknown): E {
  try {
    act()
  } catch (error) {
    if (error instanceof kind) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** What a promise was rejected with, which must be of the class. */
export async function rejectionOf<E extends Error>(
  kind: new (...args: never[]) => E,
  promise: Promise<unknown>
): Promise<E> {
  try {
    await promise
  } catch (error) {
    if (error instanceof kind) return error
    throw error
  }
  throw new Error('nothing was rejected')
}
