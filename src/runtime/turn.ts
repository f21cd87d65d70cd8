// Letting the event loop go round, as something that is handed in.

/** Runs `task` once other sockets have had their turn. */
export type NextTurn = (task: () => void) => void

/** After the next poll for input. Keeps the process alive until it ran. */
export const systemTurn: NextTurn = task => void setImmediate(task)
