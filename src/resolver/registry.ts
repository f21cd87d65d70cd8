// Every resolver model by name. Names are those of the recordings; the short names stand for what most people mean.
import type { ResolverModel } from './model.ts'
import { glibcModels } from './models/glibc.ts'
import { muslModels } from './models/musl.ts'

export const resolverModels: readonly ResolverModel[] = [...glibcModels, ...muslModels]

const shortNames: Readonly<Record<string, string>> = {
  glibc: 'glibc-2.36',
  musl: 'musl-1.2.5'
}

/** The model of that name or short name, in any letter case. */
export function resolverModel(name: string): ResolverModel | undefined {
  const lower = name.toLowerCase()
  const full = shortNames[lower] ?? lower
  return resolverModels.find(model => model.name.toLowerCase() === full)
}
