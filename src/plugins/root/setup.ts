// The `root` directive. It only tells other plugins where relative paths start.
import { fileErrorText } from '../../runtime/files.ts'
import type { PluginDefinition } from '../definition.ts'

export const rootPlugin: PluginDefinition = {
  name: 'root',
  setup(c, context) {
    let folder = ''
    while (c.next()) {
      if (!c.nextArg()) throw c.argErr('root takes the path of a folder')
      folder = c.val()
    }
    const { files, log } = context.runtime
    try {
      files.stat(folder)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') {
        throw c.errf(`unable to access root path '${folder}': ${fileErrorText(error, folder)}`)
      }
      // It may appear later.
      log.plugin('root').warn(`Root path does not exist: ${folder}`)
    }
    context.rootAt(folder)
    return undefined
  }
}
