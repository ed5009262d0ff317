import type { Host } from '../host.ts'
import type { Session } from '../sessions/session.ts'

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
  /** Told after each call in a shared episode, which may have ended it. */
  release(session: Session): void
}

/** The one episode behind an agent's address. */
export function capabilitySource(session: Session): EpisodeSource {
  const open = (): Promise<Session> => Promise.resolve(session)
  return { place: session, owned: false, open, shared: open, release: () => undefined }
}

/** No episode at all: tools can be listed. */
export const NO_EPISODE: EpisodeSource = {
  place: {},
  owned: false,
  open: () => Promise.resolve(null),
  shared: () => Promise.resolve(null),
  release: () => undefined,
}

/**
 * A fresh episode of one task for every connection. Requests without a session share one for each principal, and get
 * a fresh one after that has ended [OE-19].
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
      await session.close()
      throw error
    }
  }
  const openShared = async (principal: string): Promise<Session> => {
    try {
      const session = await open()
      // No connection shows that it is still played.
      session.hold()
      return session
    } catch (error) {
      // One that never began may be tried again.
      shared.delete(principal)
      throw error
    }
  }
  /** Frees the slot of a shared episode that has ended; true when it has. */
  const release = (session: Session): boolean => {
    if (!hasEnded(session)) return false
    void session.close()
    return true
  }
  return {
    place: shared,
    owned: true,
    open,
    release,
    shared: async (request) => {
      const principal = host.authorizer.principal(request.headers)
      const opening = shared.get(principal)
      if (opening !== undefined) {
        const session = await opening
        if (!release(session)) {
          session.touch()
          return session
        }
        if (shared.get(principal) === opening) shared.delete(principal)
      }
      const fresh = shared.get(principal) ?? openShared(principal)
      shared.set(principal, fresh)
      return fresh
    },
  }
}

/** Whether nothing can act in an episode any more: it is over, was cut off, or failed. */
function hasEnded(session: Session): boolean {
  const { broken, reply } = session.episode
  return !session.isOpen || broken || reply?.done === true
}
