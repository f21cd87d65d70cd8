// What is wrong with an experiment, and where: `experiment.yaml:3:1: unknown key 'ndot': did you mean 'ndots'?`.

/** The message names the place. */
export class ExperimentMistake extends Error {}

/** Text of a stranger in a message: not longer than a line, and without what a terminal obeys. */
export function shown(text: string): string {
  const clipped = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(clipped).replace(/[\u007f-\u009f\u2028\u2029]/g, '\ufffd')
}
