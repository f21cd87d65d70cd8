// getent, which calls getaddrinfo of the C library: glibc's or musl's, whichever this machine has.
import type { Family } from '../../../resolver/model.ts'
import { readProbe } from './probes.ts'
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

/** getaddrinfo of musl on a machine of another C library; prints what `readProbe` takes. */
const MUSL = `
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
int main(int count, char **words) {
  struct addrinfo hints = {0}, *found = 0, *each;
  hints.ai_socktype = SOCK_STREAM;
  if (!strcmp(words[2], "inet")) hints.ai_family = AF_INET;
  if (!strcmp(words[2], "inet6")) hints.ai_family = AF_INET6;
  int code = getaddrinfo(words[1], 0, &hints, &found);
  const char *error = code == EAI_NONAME ? "EAI_NONAME" : code == EAI_AGAIN ? "EAI_AGAIN"
    : code == EAI_FAIL ? "EAI_FAIL" : code == EAI_NODATA ? "EAI_NODATA" : "another error";
  printf(code ? "{\\"error\\":\\"%s\\",\\"addresses\\":[" : "{\\"error\\":null,\\"addresses\\":[", error);
  for (each = code ? 0 : found; each; each = each->ai_next) {
    char text[64];
    getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, 0, 0, NI_NUMERICHOST);
    printf("%s\\"%s\\"", each == found ? "" : ",", text);
  }
  puts("]}");
}
`

const NO_MUSL = 'neither is it the C library here, nor is musl-gcc there to compile a probe'

/** What changed in 1.2.4 and later is what the recordings of 1.2.5 show. */
function muslModel(version: string): string {
  const [, minor = 0, patch = 0] = version.split('.').map(Number)
  return minor > 2 || patch >= 4 ? 'musl-1.2.5' : 'musl-1.2.3'
}

/** The loader says the version. */
const muslVersion = (said: Output | undefined): string | undefined =>
  /musl[^]*Version (\d+\.\d+\.\d+)/.exec(`${said?.stdout ?? ''}${said?.stderr ?? ''}`)?.[1]

const musl: Recipe = {
  word: 'musl',
  find(machine) {
    const own = muslVersion(machine.run(['ldd', '--version']))
    if (own !== undefined) {
      if (machine.run(['getent', 'ahosts', 'localhost'])?.exitCode !== 0)
        return "there is no getent that knows 'ahosts'"
      const call = `getent ahosts (musl ${own})`
      return { ...getent, resolver: here(`musl-${own}`), model: muslModel(own), call }
    }
    const source = machine.write('musl-probe.c', MUSL)
    const file = source.replace(/\.c$/, '')
    const compiled = machine.run(['musl-gcc', '-w', '-o', file, source])
    if (compiled === undefined) return NO_MUSL
    if (compiled.exitCode !== 0) return 'musl-gcc cannot compile the probe'
    const version = muslVersion(machine.run([`/lib/ld-musl-${MACHINES[process.arch] ?? process.arch}.so.1`]))
    if (version === undefined) return "musl's loader isn't where musl-gcc takes it from"
    return {
      resolver: here(`musl-${version}`),
      model: muslModel(version),
      call: `getaddrinfo() of musl ${version}`,
      command: (name, family) => [file, name, family],
      read: readProbe
    }
  }
}

/** How musl calls what Node.js calls otherwise. */
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' }

export const cLibraries: readonly Recipe[] = [glibc, musl]
