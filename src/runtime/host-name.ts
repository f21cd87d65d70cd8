// The machine's name.
import { hostname } from 'node:os'

/** As it is now; `localhost` where there is none. */
export function systemHostName(): string {
  try {
    return hostname()
  } catch {
    return 'localhost'
  }
}
