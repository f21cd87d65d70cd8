// The `bind` directive. It only tells the server where to listen.
import type { Dispenser } from '../../corefile/dispenser.ts'
import { systemInterfaces, type Interfaces } from '../../runtime/network-interfaces.ts'
import type { PluginDefinition } from '../definition.ts'
import { bindAddresses } from './bind.ts'

/** The directive on a machine with these interfaces. */
export function bindOn(interfacesNow: () => Interfaces): PluginDefinition {
  return {
    name: 'bind',
    setup(c, context) {
      const interfaces = interfacesNow()
      const all: string[] = []
      while (c.next()) {
        const words = c.remainingArgs()
        if (words.length === 0) throw c.bareErr('at least one address or interface name is expected')
        const except = readExcept(c)
        const addresses = read(c, words, interfaces)
        const excepted = read(c, except, interfaces)
        all.push(...addresses.filter(address => !excepted.includes(address)))
      }
      if (all.length === 0)
        throw c.bareErr(
          'no address is left to listen on',
          'except took every one away, or the interface has none'
        )
      context.bindTo(all)
      return undefined
    }
  }
}

export const bindPlugin: PluginDefinition = bindOn(systemInterfaces)

function readExcept(c: Dispenser): readonly string[] {
  let except: readonly string[] = []
  while (c.nextBlock()) {
    if (c.val() !== 'except') throw c.bareErr(`invalid option "${c.val()}"`, 'bind knows except')
    except = c.remainingArgs()
    if (except.length === 0) {
      throw c.bareErr('at least one address or interface must be given to except subdirective')
    }
  }
  return except
}

function read(c: Dispenser, words: readonly string[], interfaces: Interfaces): readonly string[] {
  const parsed = bindAddresses(words, interfaces)
  if (parsed.error === undefined) return parsed.value
  throw c.bareErr(parsed.error, `interfaces of this machine: ${[...interfaces.keys()].join(', ')}`)
}
