// Every resolver model by name. Names are those of the recordings; the short names stand for what most people mean.
import type { ResolverModel } from './model.ts'
import { bindToolModels } from './models/bind-tools.ts'
import { busyboxModels } from './models/busybox.ts'
import { glibcModels } from './models/glibc.ts'
import { muslModels } from './models/musl.ts'
import { pythonModels } from './models/python.ts'

export const resolverModels: readonly ResolverModel[] = [
  ...glibcModels,
  ...muslModels,
  ...pythonModels,
  ...bindToolModels,
  ...busyboxModels
]

const shortNames: Readonly<Record<string, string>> = {
  glibc: 'glibc-2.36',
  musl: 'musl-1.2.5',
  python: 'python-3.11',
  dig: 'dig-9.18',
  host: 'host-9.18',
  nslookup: 'nslookup-9.18',
  busybox: 'busybox-1.37-nslookup'
}

/** The model of that name or short name, in any letter case. */
export function resolverModel(name: string): ResolverModel | undefined {
  const lower = name.toLowerCase()
  const full = shortNames[lower] ?? lower
  return resolverModels.find(model => model.name.toLowerCase() === full)
}
