// As much of an HTML reader as the tests of our own pages need: tags with their attributes, and the text between them.

export interface Element {
  readonly tag: string
  readonly attributes: ReadonlyMap<string, string>
}

const TAG = /<([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g

/** Start tags in order. Scripts and styles are looked into by nobody: their text is no markup. */
export function elementsOf(page: string): readonly Element[] {
  return [...withoutRaw(page).matchAll(TAG)].map(([, tag = '', attributes = '']) => ({
    tag: tag.toLowerCase(),
    attributes: new Map(
      [...attributes.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(([, name = '', value = '']) => [
        name.toLowerCase(),
        decoded(value)
      ])
    )
  }))
}

/** Text as a person reads it, spaces folded. Throws when a `<` is left over that begins no tag. */
export function textOf(page: string): string {
  const bare = withoutRaw(page)
    .replace(/<!DOCTYPE html>/, '')
    .replace(/<\/[a-z][\w-]*>/gi, closing => (/^<\/(?:bdi|span|b|a|strong)>$/.test(closing) ? '' : ' '))
    .replace(TAG, (_, tag: string) => (/^(?:bdi|span|b|a|strong)$/.test(tag) ? '' : ' '))
  if (bare.includes('<'))
    throw new Error(`not a tag: ${bare.slice(bare.indexOf('<'), bare.indexOf('<') + 60)}`)
  return decoded(bare).replace(/\s+/g, ' ')
}

const withoutRaw = (page: string): string =>
  page.replace(/<(script|style)>.*?<\/\1>/gs, (_, tag: string) => `<${tag}></${tag}>`)

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }

const decoded = (text: string): string =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (_, code: string | undefined, name = '') =>
    code === undefined ? (NAMED[name as string] ?? '') : String.fromCodePoint(Number(code))
  )
