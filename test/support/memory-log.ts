// A log that a test can read.
import type { Log } from '../../src/runtime/log.ts'

export interface MemoryLog extends Log {
  /** `[INFO] plugin/health: …` */
  readonly lines: string[]
}

export function memoryLog(lines: string[] = [], prefix = ''): MemoryLog {
  const write = (level: string) => (message: string) => void lines.push(`[${level}] ${prefix}${message}`)
  return {
    lines,
    debug: write('DEBUG'),
    info: write('INFO'),
    warn: write('WARNING'),
    error: write('ERROR'),
    fatal: write('FATAL'),
    plugin: name => memoryLog(lines, `plugin/${name}: `),
    own: () => memoryLog(lines, 'labdns: ')
  }
}
