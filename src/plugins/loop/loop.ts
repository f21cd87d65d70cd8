// Loops are not looked for yet: queries pass.
import { PassThrough } from '../pass-through.ts'

export class Loop extends PassThrough {
  constructor() {
    super('loop')
  }
}
