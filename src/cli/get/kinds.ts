// The kinds that `get` knows, by the names that kubectl has for them.

export interface Kind {
  /** As objects write it; `Endpoints` are derived from slices. */
  readonly kind: 'Namespace' | 'Service' | 'Endpoints' | 'EndpointSlice' | 'Pod' | 'ServiceImport'
  readonly plural: string
  readonly singular: string
  /** Empty for the core group. */
  readonly group: string
  readonly short: readonly string[]
  readonly isNamespaced: boolean
}

const kind = (
  name: Kind['kind'],
  short: readonly string[],
  group = '',
  names: Partial<Pick<Kind, 'plural' | 'singular'>> = {}
): Kind => ({
  kind: name,
  plural: `${name.toLowerCase()}s`,
  singular: name.toLowerCase(),
  group,
  short,
  isNamespaced: name !== 'Namespace',
  ...names
})

const NAMESPACES = kind('Namespace', ['ns'])
const SERVICES = kind('Service', ['svc'])
const ENDPOINTS = kind('Endpoints', ['ep', 'endpoint'], '', { plural: 'endpoints' })
const SLICES = kind('EndpointSlice', [], 'discovery.k8s.io')
const PODS = kind('Pod', ['po'])
const IMPORTS = kind('ServiceImport', ['svcim'], 'multicluster.x-k8s.io')

const KINDS = [NAMESPACES, SERVICES, ENDPOINTS, SLICES, PODS, IMPORTS]

/** What answers are made from: every object that `serve` would have. */
export const EVERYTHING: readonly Kind[] = [NAMESPACES, SERVICES, SLICES, PODS, IMPORTS]
/** kubectl's category `all`, as far as it is kept here. */
const ALL: readonly Kind[] = [PODS, SERVICES]

/** `svc`, `Service`, `services`, `endpointslices.discovery.k8s.io`, `all`; undefined when there is no such kind. */
export function kindsOf(word: string): readonly Kind[] | undefined {
  const name = word.toLowerCase()
  if (name === 'all') return ALL
  const found = KINDS.find(({ plural, singular, group, short }) => {
    const names = [plural, singular, ...short]
    return names.some(one => name === one || (group !== '' && name === `${one}.${group}`))
  })
  return found === undefined ? undefined : [found]
}

/** `service/web`, `endpointslice.discovery.k8s.io/web-abc`: as `-o name` prints it. */
export function nameWithKind({ singular, group }: Kind, name: string): string {
  return `${singular}${group === '' ? '' : `.${group}`}/${name}`
}

/** `services "x"`, as errors of an API server name what they are about. */
export function quotedWithKind({ plural, group }: Kind, name: string): string {
  return `${plural}${group === '' ? '' : `.${group}`} ${JSON.stringify(name)}`
}
