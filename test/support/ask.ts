// Asking a chain of plugins without a server, as text in and text out.
import { linkPlugins, type Handler, type Plugin } from '../../src/dns/plugin.ts'
import { lastHandler } from './blocks.ts'
import { makeQuery, responseText, type QueryFields, type ResponseText } from './messages.ts'

/** What a client would see that asks these plugins, first asked first. */
export async function ask(
  plugins: readonly Plugin[],
  name: string,
  type = 'A',
  fields: QueryFields = {}
): Promise<ResponseText> {
  return askHandler(linkPlugins(plugins, lastHandler), name, type, fields)
}

/** As `ask`, of a chain that is linked already. */
export async function askHandler(
  handler: Handler,
  name: string,
  type = 'A',
  fields: QueryFields = {}
): Promise<ResponseText> {
  const query = makeQuery(name, type, fields)
  return responseText(query, await handler.answer(query))
}
