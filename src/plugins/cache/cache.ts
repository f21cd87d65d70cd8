// Answers are not kept yet: queries pass.
import { PassThrough } from '../pass-through.ts'

export class Cache extends PassThrough {
  constructor() {
    super('cache')
  }
}
