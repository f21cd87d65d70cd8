// Every resolver model by name. Names are those of the recordings; the short names stand for what most people mean.
import type { ResolverModel } from './model.ts'
import { bindToolModels } from './models/bind-tools.ts'
import { busyboxModels } from './models/busybox.ts'
import { caresModels } from './models/cares.ts'
import { glibcModels } from './models/glibc.ts'
import { go124 } from './models/go.ts'
import { java17 } from './models/java.ts'
import { muslModels } from './models/musl.ts'
import { nodeModels } from './models/node.ts'
import { pythonModels } from './models/python.ts'
import { resolvedModels } from './models/resolved.ts'

export const resolverModels: readonly ResolverModel[] = [
  ...glibcModels,
  ...muslModels,
  go124,
  ...caresModels,
  ...nodeModels,
  java17,
  ...pythonModels,
  ...bindToolModels,
  ...busyboxModels,
  ...resolvedModels
]

const shortNames: Readonly<Record<string, string>> = {
  glibc: 'glibc-2.36',
  musl: 'musl-1.2.5',
  go: 'go-1.24',
  cares: 'cares-1.34.5',
  'c-ares': 'cares-1.34.5',
  node: 'node-20-lookup',
  'node-lookup': 'node-20-lookup',
  'node-resolve': 'node-20-resolve',
  java: 'java-17',
  python: 'python-3.11',
  dig: 'dig-9.18',
  host: 'host-9.18',
  nslookup: 'nslookup-9.18',
  busybox: 'busybox-1.37-nslookup',
  resolved: 'systemd-resolved-252-nss',
  'systemd-resolved': 'systemd-resolved-252-nss'
}

/** The model of that name or short name, in any letter case. */
export function resolverModel(name: string): ResolverModel | undefined {
  const lower = name.toLowerCase()
  const full = Object.hasOwn(shortNames, lower) ? shortNames[lower] : lower
  return resolverModels.find(model => model.name.toLowerCase() === full)
}
