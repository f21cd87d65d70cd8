// The application log: pino, written in CoreDNS's line format `[LEVEL] message`, which people grep
// (corefile-and-plugins.md §4.2, §10). Lines that CoreDNS doesn't have begin `labdns: ` after the level.

export interface Log {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  /** A log whose lines carry a prefix: `log.plugin('health')` writes `[INFO] plugin/health: …`. */
  plugin(name: string): Log
  /** A log for lines that CoreDNS doesn't have: `[INFO] labdns: …`. */
  own(): Log
}
