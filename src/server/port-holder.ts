// Who holds a port, as far as /proc tells (Linux): the socket's inode from the kernel's table, then the process that has it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface PortHolder {
  readonly pid: number
  /** The program's name. */
  readonly name: string
}

/** Processes looked at before giving up: this runs while an error is being told. */
const PROCESSES_MAX = 5000

/** The process that listens on a TCP or UDP port; undefined where that can't be known. */
export function portHolder(port: number): PortHolder | undefined {
  try {
    const inodes = new Set(['tcp', 'tcp6', 'udp', 'udp6'].flatMap(table => inodesOn(table, port)))
    return inodes.size === 0 ? undefined : processWith(inodes)
  } catch {
    return undefined
  }
}

function inodesOn(table: string, port: number): string[] {
  const LISTEN = '0A'
  const UNCONNECTED = '07'
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes: string[] = []
  for (const line of readFileSync(`/proc/net/${table}`, 'latin1').split('\n').slice(1)) {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    if (local.endsWith(`:${hexPort}`) && (state === LISTEN || state === UNCONNECTED) && inode !== undefined)
      inodes.push(inode)
  }
  return inodes
}

function processWith(inodes: ReadonlySet<string>): PortHolder | undefined {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  for (const pid of pids.slice(0, PROCESSES_MAX)) {
    let descriptors: string[]
    try {
      descriptors = readdirSync(`/proc/${pid}/fd`)
    } catch {
      continue // another user's process
    }
    for (const descriptor of descriptors) {
      let target: string
      try {
        target = readlinkSync(`/proc/${pid}/fd/${descriptor}`)
      } catch {
        continue
      }
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
      if (inode === undefined || !inodes.has(inode)) continue
      return { pid: Number(pid), name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim() }
    }
  }
  return undefined
}
