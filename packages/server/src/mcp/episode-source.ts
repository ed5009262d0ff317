import { OpenEnvError } from '@openenv-ts/core'
import type { Host } from '../route.ts'
import type { Session } from '../session.ts'

/** Which episode whoever connects somewhere plays: decided by where that is, never by the client [OE-19]. */
export interface EpisodeSource {
  /** What this place is about: an MCP session is good only where it began. */
  readonly place: object
  /** Whether an episode is opened for one connection, and ends with it. */
  readonly owned: boolean
  /** The episode of a new connection; null where there is none to be had. */
  open(): Promise<Session | null>
  /** The episode of a request in a revision of MCP that has no sessions. */
  shared(request: Request): Promise<Session | null>
}

/** The one episode behind an agent's address. */
export function capabilitySource(session: Session): EpisodeSource {
  const open = (): Promise<Session> => Promise.resolve(session)
  return { place: session, owned: false, open, shared: open }
}

/** No episode at all: tools can be listed. */
export const NO_EPISODE: EpisodeSource = {
  place: {},
  owned: false,
  open: () => Promise.resolve(null),
  shared: () => Promise.resolve(null),
}

/**
 * A fresh episode of one task for every connection, once. Requests without a session share one for each principal;
 * when that is over there is no other.
 *
 * @param taskId - The task; an empty text for the environment's first, or none.
 */
export function freshEpisodes(host: Host, taskId: string): EpisodeSource {
  const shared = new Map<string, Promise<Session>>()
  const open = async (): Promise<Session> => {
    const session = host.sessions.open('mcp', { by: 'agent' })
    try {
      await session.episode.reset(taskId === '' ? {} : { taskId })
      return session
    } catch (error) {
      await host.sessions.close(session)
      throw error
    }
  }
  const openShared = async (principal: string): Promise<Session> => {
    try {
      const session = await open()
      // No connection shows that somebody still plays it, and there is no second one.
      session.holders += 1
      return session
    } catch (error) {
      // One that never began may be tried again.
      shared.delete(principal)
      throw error
    }
  }
  return {
    place: shared,
    owned: true,
    open,
    shared: async (request) => {
      const principal = host.gate.principal(request.headers)
      const opening = shared.get(principal) ?? openShared(principal)
      shared.set(principal, opening)
      const session = await opening
      if (!host.sessions.touch(session)) throw new OpenEnvError('SESSION_ERROR', 'The episode is over.')
      return session
    },
  }
}
