// File names to zone names: `db.example.org` by `db\.(.*)` and `{1}` is the zone example.org.
import type { Pattern } from '../../corefile/pattern.ts'
import { makeZone, type Zone } from '../../corefile/zones.ts'

export class OriginTemplate {
  readonly #pattern: Pattern
  readonly #template: string

  /** In `template`, `{1}` and `{name}` stand for what the pattern's groups matched; so do `$1` and `$name`. */
  constructor(pattern: Pattern, template: string) {
    this.#pattern = pattern
    this.#template = template.replaceAll('{', '${')
  }

  /** The zone of a file; `undefined` when its name doesn't match, or gives no zone. */
  zoneOf(fileName: string): Zone | undefined {
    const groups = this.#pattern.find(fileName)
    if (groups === undefined) return undefined
    const numbers = this.#pattern.groupNumbers
    const origin = this.#template.replace(
      /\$\$|\$\{([^}]*)\}|\$(\w+)/g,
      (all, braced: string | undefined, plain: string | undefined) => {
        if (all === '$$') return '$'
        const group = braced ?? plain ?? ''
        return groups[/^\d+$/.test(group) ? Number(group) : (numbers.get(group) ?? -1)] ?? ''
      }
    )
    const zone = makeZone(origin)
    return zone.name === undefined ? undefined : zone
  }
}
