// `--server ADDRESS`: which server is asked instead of the state.
import { splitHostPort } from '../../corefile/addresses.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { parseAddress } from '../../wire/address.ts'
import { clipped, PodDnsMistake } from '../resolvconf/from.ts'
import { ServerNetwork } from './networks.ts'

/** The network that asks it. Throws PodDnsMistake. */
export function serverNetwork(text: string, { clock, random }: Runtime): ServerNetwork {
  return new ServerNetwork(serverOf(text), clock, random)
}

/** `192.0.2.1`, `127.0.0.1:1053`, `[::1]:1053`. Throws PodDnsMistake. */
export function serverOf(text: string): { readonly host: string; readonly port: number } {
  if (parseAddress(text) !== 0) return { host: text, port: 53 }
  const split = splitHostPort(text)
  const { host, port } = split.error === undefined ? split.value : { host: '', port: '' }
  if (parseAddress(host) === 0 || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new PodDnsMistake(
      `--server ${clipped(text)}: expected an IP address, with a port where it isn't 53, as in 127.0.0.1:1053`
    )
  }
  return { host, port: Number(port) }
}
