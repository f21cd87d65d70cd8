// Records are not shuffled yet: queries pass.
import { PassThrough } from '../pass-through.ts'

export class Loadbalance extends PassThrough {
  constructor() {
    super('loadbalance')
  }
}
