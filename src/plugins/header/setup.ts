// The `header` directive.
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { PluginDefinition } from '../definition.ts'
import { FlagChange, Header, HEADER_FLAGS } from './header.ts'

export const headerPlugin: PluginDefinition = {
  name: 'header',
  setup(c) {
    while (c.next()) {
      const query = new FlagChange()
      const response = new FlagChange()
      while (c.nextBlock()) {
        const selector = c.val().toLowerCase()
        if (selector !== 'query' && selector !== 'response') {
          throw c.bareErr(`setting up rule: invalid selector=${selector} should be query or response`)
        }
        readRule(c, selector === 'query' ? query : response)
      }
      // Only the first occurrence with a rule counts.
      if (!query.isNone || !response.isNone) return new Header(query, response)
    }
    throw c.argErr('header needs a block with rules, such as `response set aa`')
  }
}

/** `set aa ra`, behind the selector. */
function readRule(c: Dispenser, change: FlagChange): void {
  const action = c.nextArg() ? c.val() : ''
  const flags = c.remainingTokens()
  const fail = (text: string, at = c.token()) => c.bareErr(`setting up rule: ${text}`, undefined, at)
  if (action === '') throw fail('no flag action provided')
  if (flags.length === 0) throw fail('invalid length for flags, at least one should be provided')
  const verb = action.toLowerCase()
  if (verb !== 'set' && verb !== 'clear') {
    throw fail(`unknown flag action=${verb}, should be set or clear`)
  }
  for (const token of flags) {
    const name = token.text.toLowerCase()
    const flag = Object.hasOwn(HEADER_FLAGS, name) ? HEADER_FLAGS[name] : undefined
    if (flag === undefined) throw fail(`unknown/unsupported flag=${name}`, token)
    change[verb](flag)
  }
}
