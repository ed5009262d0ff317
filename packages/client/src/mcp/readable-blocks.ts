import type * as ClientSdk from '@modelcontextprotocol/client'
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client'
import { isObject, printable } from '@openenv-ts/core/host'

/**
 * Lets a transport deliver results whose content has blocks that this client does not know, or cannot read, with words
 * in their places: the SDK refuses the whole result for one of them.
 *
 * Changes the transport itself, for the SDK looks at its class.
 */
export function readBlocks(sdk: typeof ClientSdk, transport: Transport): void {
  let given: Transport['onmessage']
  Object.defineProperty(transport, 'onmessage', {
    configurable: true,
    enumerable: true,
    get: (): Transport['onmessage'] => {
      const deliver = given
      if (deliver === undefined) return undefined
      return (message, extra) => {
        deliver(readable(sdk, message), extra)
      }
    },
    set: (handler: Transport['onmessage']) => {
      given = handler
    },
  })
}

function readable(sdk: typeof ClientSdk, message: JSONRPCMessage): JSONRPCMessage {
  if (!('result' in message)) return message
  const { content } = message.result
  if (!Array.isArray(content) || content.every((block) => sdk.isSpecType.ContentBlock(block))) return message
  const blocks = content.map((block: unknown) =>
    sdk.isSpecType.ContentBlock(block) ? block : { type: 'text', text: placeholder(block) },
  )
  return { ...message, result: { ...message.result, content: blocks } }
}

function placeholder(block: unknown): string {
  const type = isObject(block) && typeof block['type'] === 'string' ? block['type'] : undefined
  return type === undefined
    ? '(The tool answered with a block that has no type.)'
    : `(The tool answered with a block of the type "${printable(type).slice(0, 100)}" that cannot be shown.)`
}
