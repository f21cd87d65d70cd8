// getent, which calls getaddrinfo of the C library: glibc's or musl's, whichever this machine has.
import type { Family } from '../../../resolver/model.ts'
import { here, type Outcome, type Output, type Recipe } from './program.ts'

/** The model of the glibc that is there: what changed in 2.41 is modelled, and nothing that any version between did. */
export function glibcModel(version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 2 || minor >= 41 ? 'glibc-2.41' : 'glibc-2.36'
}

const DATABASES = { unspec: 'ahosts', inet: 'ahostsv4', inet6: 'ahostsv6' } as const

/** `getent ahosts`: getaddrinfo of the C library, with AI_ADDRCONFIG; the namespace has addresses of both families. */
const getent = {
  command: (name: string, family: Family) => ['getent', DATABASES[family], name],
  read: ({ exitCode, stdout }: Output): Outcome => {
    const addresses = stdout.split('\n').flatMap(line => /^(\S+)\s+STREAM\b/.exec(line)?.[1] ?? [])
    return { error: exitCode === 0 ? null : `exit ${exitCode}`, addresses: [...new Set(addresses)] }
  }
}

const glibc: Recipe = {
  word: 'glibc',
  find(machine) {
    const said = machine.run(['getconf', 'GNU_LIBC_VERSION'])
    const version = /^glibc (\d+\.\d+)/.exec(said?.stdout ?? '')?.[1]
    if (version === undefined)
      return "getconf GNU_LIBC_VERSION names none: this machine's C library is another"
    if (machine.run(['getent', '--version']) === undefined) return 'getent is not installed'
    return {
      ...getent,
      resolver: here(`glibc-${version}`),
      model: glibcModel(version),
      call: `getent ahosts (glibc ${version})`
    }
  }
}

/** Where musl is the C library of the machine, its loader says its version. */
const musl: Recipe = {
  word: 'musl',
  find(machine) {
    if (machine.run(['getconf', 'GNU_LIBC_VERSION'])?.stdout.startsWith('glibc') === true) {
      return "this machine's C library is glibc; run labdns in an Alpine container to measure musl"
    }
    const said = machine.run(['ldd', '--version'])
    const version = /Version (\d+\.\d+\.\d+)/.exec(`${said?.stdout ?? ''}${said?.stderr ?? ''}`)?.[1]
    if (version === undefined) return 'ldd names no musl'
    if (machine.run(['getent', 'ahosts', 'localhost'])?.exitCode !== 0)
      return "there is no getent that knows 'ahosts'"
    const [, minor = 0, patch = 0] = version.split('.').map(Number)
    return {
      ...getent,
      resolver: here(`musl-${version}`),
      model: minor > 2 || patch >= 4 ? 'musl-1.2.5' : 'musl-1.2.3',
      call: `getent ahosts (musl ${version})`
    }
  }
}

export const cLibraries: readonly Recipe[] = [glibc, musl]
