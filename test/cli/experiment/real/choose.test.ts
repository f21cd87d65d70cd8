// Which programs are meant, which are there, how much they do, and why nothing can be measured.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { findPrograms, recipes, wantedRecipes } from '../../../../src/cli/experiment/real/choose.ts'
import { refusal } from '../../../../src/cli/experiment/real/namespace.ts'
import { planReal, REAL_LOOKUPS_MAX } from '../../../../src/cli/experiment/real/plan.ts'
import type { Machine, Output } from '../../../../src/cli/experiment/real/program.ts'
import { resolverModel } from '../../../../src/resolver/registry.ts'

const wordsOf = (text: string) => wantedRecipes([text]).recipes.map(({ word }) => word)

t.test('--real names programs, with commas, once each, by other names too', t => {
  t.same(wordsOf('glibc,dig'), ['glibc', 'dig'])
  t.same(wordsOf('getent, GLIBC ,node-lookup,python3'), ['glibc', 'node', 'python'])
  t.same(
    wordsOf('all'),
    recipes.map(({ word }) => word)
  )
  t.equal(wantedRecipes(['dig', 'all']).all, true)
  t.throws(() => wantedRecipes(['glbc']), { message: '--real: no program "glbc": did you mean glibc?' })
  t.throws(() => wantedRecipes(['zzzzzzzz']), { message: /expected some of all, glibc, musl, node/ })
  t.throws(() => wantedRecipes(['']), { message: /no program ""/ })
  t.throws(() => wantedRecipes(['toString']), { message: /no program/ })
  t.end()
})

/** A machine with these commands; what they print by their first two words, or by their first. */
function machine(commands: Readonly<Record<string, string>>, glibc: string | undefined = '2.36'): Machine {
  return {
    run(command): Output | undefined {
      const stdout = commands[command.slice(0, 2).join(' ')] ?? commands[command[0] ?? '']
      return stdout === undefined ? undefined : { exitCode: 0, stdout, stderr: '' }
    },
    write: name => `/folder/${name}`,
    node: { file: '/bin/node', version: '22.1.0', glibc }
  }
}

const DEBIAN = {
  ...{ getconf: 'glibc 2.36\n', getent: '', 'ldd --version': 'ldd (Debian GLIBC 2.36-9) 2.36' },
  ...{ dig: 'DiG 9.18.49-1~deb12u3-Debian', host: 'host 9.18.49', nslookup: 'nslookup 9.18.49' },
  ...{ python3: '3.11.7 /usr/bin/python3.11\n', java: 'openjdk version "17.0.15" 2025-04-15', javac: '' },
  ...{ go: 'go version go1.26.8 linux/amd64', env: '', busybox: 'BusyBox v1.35.0 (Debian) multi-call' }
}

const found = (words: string, commands: Readonly<Record<string, string>>, glibc?: string) => {
  const missing: string[] = []
  const programs = findPrograms(wantedRecipes([words]), machine(commands, glibc), line => missing.push(line))
  return { missing, pairs: programs.map(({ resolver, model }) => [resolver, model]) }
}

t.test('what is there has its version, and the model that is nearest', t => {
  t.same(found('all', DEBIAN), {
    missing: [],
    pairs: [
      ['glibc-2.36 (this machine)', 'glibc-2.36'],
      ['node-22.1.0-lookup (this machine)', 'node-20-lookup'],
      ['node-22.1.0-resolve (this machine)', 'node-20-resolve'],
      ['python-3.11.7 (this machine)', 'python-3.11'],
      ['java-17.0.15 (this machine)', 'java-17'],
      ['go-1.26.8 (this machine)', 'go-1.24'],
      ['dig-9.18.49 (this machine)', 'dig-9.18'],
      ['host-9.18.49 (this machine)', 'host-9.18'],
      ['nslookup-9.18.49 (this machine)', 'nslookup-9.18'],
      ['busybox-1.35.0-nslookup (this machine)', 'busybox-1.35-nslookup']
    ]
  })
  for (const recipe of recipes) {
    const program = recipe.find(machine(DEBIAN))
    if (typeof program !== 'string') t.ok(resolverModel(program.model), program.model)
  }
  const versions: [said: string, model: string][] = [
    ['glibc 2.31', 'glibc-2.36'],
    ['glibc 2.40', 'glibc-2.36'],
    ['glibc 2.41', 'glibc-2.41'],
    ['glibc 2.43', 'glibc-2.41']
  ]
  for (const [said, model] of versions) {
    t.equal(found('glibc', { ...DEBIAN, getconf: said }).pairs[0]?.[1], model, said)
  }
  t.end()
})

t.test('musl: of the machine, or with a compiler for it', t => {
  const alpine = { 'ldd --version': 'musl libc (x86_64)\nVersion 1.2.5\n', getent: '127.0.0.1 localhost' }
  t.same(found('musl', alpine).pairs, [['musl-1.2.5 (this machine)', 'musl-1.2.5']])
  t.same(found('glibc', alpine).missing.length, 1)
  const loader = { '/lib/ld-musl-x86_64.so.1': 'musl libc\nVersion 1.2.3\n' }
  const arm = { '/lib/ld-musl-aarch64.so.1': 'musl libc\nVersion 1.2.3\n' }
  t.same(found('musl', { ...DEBIAN, 'musl-gcc': '', ...loader, ...arm }).pairs, [
    ['musl-1.2.3 (this machine)', 'musl-1.2.3']
  ])
  t.same(found('musl', DEBIAN).missing, [
    '--real musl: neither is it the C library here, nor is musl-gcc there to compile a probe'
  ])
  t.end()
})

t.test('the manual lists every program that can be named', t => {
  const manual = new URL('../../../../../docs/experiment-real.md', import.meta.url)
  const listed = [...readFileSync(manual, 'utf8').matchAll(/^\| `(\w[\w-]*)` /gm)].map(([, word]) => word)
  t.same(listed, [...recipes.map(({ word }) => word), 'all'])
  t.end()
})

t.test('one line for each named program that is not there; none for all', t => {
  const { missing, pairs } = found('glibc,python,java,go,dig,host,nslookup,busybox', {})
  t.equal(missing.length, 8)
  t.ok(missing.every(line => /^--real \w+: .*(installed|C library)/.test(line)))
  t.same(pairs, [])
  t.same(found('all', {}).missing, [])
  t.end()
})

t.test('names cannot become options, and a name is a word', t => {
  const odd = ['-f/etc/shadow', '+trace', '@192.0.2.1', 'a b', '', 'a\0b', 'x'.repeat(1001), '\u001b[2J']
  const plan = planReal(['web', ...odd, 'xn--bcher-kva.example', '_http._tcp.web', 'web.'], 3)
  t.same(plan.names, ['web', 'xn--bcher-kva.example', '_http._tcp.web', 'web.'])
  t.same(plan.notes, ['measured without 8 names that a program would not take as a name'])
  t.end()
})

t.test('lookups are bounded, and what is left out is said', t => {
  const names = Array.from({ length: 1000 }, (_, at) => `n${at}`)
  const plan = planReal(names, 8)
  t.same(plan.names, names.slice(0, REAL_LOOKUPS_MAX / 8))
  t.same(plan.notes, ['measured with the first 250 names of 1000: real programs do at most 2000 lookups'])
  t.same(planReal(names, 2), { names, notes: [] })
  t.throws(() => planReal(names, REAL_LOOKUPS_MAX + 1), { message: /2001 settings of real programs/ })
  t.end()
})

t.test('why there are no namespaces', t => {
  const NOT_PERMITTED = 'unshare: unshare failed: Operation not permitted'
  const cases: [settings: Readonly<Record<string, string>>, said: string, why: RegExp][] = [
    [{ 'user/max_user_namespaces': '0' }, 'No space left', /^sysctl user.max_user_namespaces is 0$/],
    [{ 'user/max_net_namespaces': '0' }, 'No space left', /^sysctl user.max_net_namespaces is 0$/],
    [
      { 'kernel/unprivileged_userns_clone': '0' },
      NOT_PERMITTED,
      /^sysctl kernel.unprivileged_userns_clone is 0$/
    ],
    [
      { 'kernel/apparmor_restrict_unprivileged_userns': '1', 'user/max_user_namespaces': '100' },
      'unshare: write failed /proc/self/uid_map: Operation not permitted',
      /^sysctl kernel.apparmor_restrict_unprivileged_userns is 1 \(unshare: write failed/
    ],
    [{}, NOT_PERMITTED, /^unshare: unshare failed: Operation not permitted \(in a container, its seccomp/],
    [{}, 'unshare: unrecognized option: r', /^unshare: unrecognized option: r$/],
    [{}, '', /^unshare fails$/]
  ]
  for (const [settings, said, why] of cases)
    t.match(
      refusal(said, name => settings[name]),
      why
    )
  t.end()
})
