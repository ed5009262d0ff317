import { isOpenEnvError, OpenEnvError, type AnyEnvironment, type Reply } from '@openenv-ts/core'
import { describeIssues, issuesOf } from '@openenv-ts/core/host'
import { replyFromWire } from '@openenv-ts/core/wire'
import type { ServerFrame } from './frame.ts'

/** Reads a reply to reset or step. Throws `CONNECTION_ERROR` when it is none. */
export function readReply({ data }: ServerFrame): Reply<Record<string, unknown>> {
  try {
    return replyFromWire(data)
  } catch (cause) {
    if (isOpenEnvError(cause)) throw cause
    throw new OpenEnvError('CONNECTION_ERROR', 'The server sent a reply that cannot be read.', { cause })
  }
}

/** Checks an observation against the environment's schema. Throws `EXECUTION_ERROR` naming what does not fit. */
export function checkObservation(
  reply: Reply<Record<string, unknown>>,
  { name, observation }: AnyEnvironment,
  url: string,
): Reply<unknown> {
  const parsed = observation.safeParse(reply.observation)
  if (parsed.success) return { ...reply, observation: parsed.data }
  const issues = issuesOf(parsed.error, reply.observation)
  throw new OpenEnvError(
    'EXECUTION_ERROR',
    `The server's observation breaks the schema of ${name} (${describeIssues(issues)}). ` +
      `Does ${url} run this environment, in this version?`,
    { issues },
  )
}
