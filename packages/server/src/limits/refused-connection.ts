import type { Quota } from './quota.ts'
import { failure } from '../http/failure.ts'
import type { Host } from '../host.ts'

/** The answer to a handshake for which there is no room, or undefined. */
export function refusedConnection(host: Host, quota: Quota): Response | undefined {
  try {
    quota.connection()()
    return undefined
  } catch (error) {
    return failure(error, host)
  }
}
