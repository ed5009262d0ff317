import type { Reply } from '@openenv-ts/core'
import { errorToSocket } from '@openenv-ts/core/wire'

/** A message of the server as text. */
export function frame(type: string, data: unknown): string {
  return `{"type":"${type}","data":${JSON.stringify(data)}}`
}

/**
 * The answer to a reset or a step as text: what `replyToWire` says, put together from its parts.
 *
 * Every step of every session comes through here, and building the object first costs more than twice as much.
 */
export function replyFrame({ observation, reward, done, status, info, terms }: Reply<unknown>): string {
  const metadata = JSON.stringify(info)
  const fields = JSON.stringify(observation).slice(1, -1)
  const inside = `{${fields}${fields === '' ? '' : ','}"metadata":${metadata}}`
  const outside = metadata === '{}' ? '' : `,"metadata":${metadata}`
  const truncated = status === 'truncated' ? ',"truncated":true' : ''
  const parts = terms === undefined ? '' : `,"terms":${JSON.stringify(terms)}`
  return `{"type":"observation","data":{"observation":${inside},"reward":${String(reward)},"done":${String(done)}${outside}${truncated}${parts}}}`
}

/** An error as text. */
export function errorFrame(error: unknown): string {
  return frame('error', errorToSocket(error))
}
