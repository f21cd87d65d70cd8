// The text that Prometheus reads, taken apart again.

export interface FamilyText {
  readonly help: string
  readonly type: string
  /** Values by labels, which are sorted by name; buckets, sums and counts of histograms apart. */
  readonly samples: Record<string, number>
  /** Upper bounds, in order. */
  readonly buckets: readonly string[]
  readonly sums: Record<string, number>
}

/** Families by name. Histograms are counted under their `_count`. */
export function parseMetrics(text: string): Map<string, FamilyText> {
  const families = new Map<string, FamilyText & { buckets: string[] }>()
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword !== undefined) {
      const family = families.get(name) ?? { help: '', type: '', samples: {}, buckets: [], sums: {} }
      families.set(name, keyword === 'HELP' ? { ...family, help: rest } : { ...family, type: rest })
      continue
    }
    const [, sample = '', labels = '', value = ''] = /^([a-z_A-Z0-9]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (sample === '') continue
    const base = sample.replace(/_(bucket|sum|count)$/, '')
    const family = families.get(sample) ?? families.get(base)!
    const parts = labels.match(/[a-zA-Z_]+="(?:[^"\\]|\\.)*"/g) ?? []
    const key = parts
      .filter(part => !part.startsWith('le='))
      .sort()
      .join(',')
    if (sample.endsWith('_bucket') && family.type === 'histogram') {
      const le = /le="([^"]*)"/.exec(labels)![1]!
      if (!family.buckets.includes(le)) family.buckets.push(le)
    } else if (sample.endsWith('_sum') && family.type === 'histogram') family.sums[key] = Number(value)
    else family.samples[key] = Number(value)
  }
  return families
}
