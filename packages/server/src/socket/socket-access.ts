import type { Session } from '../sessions/session.ts'

/**
 * Who sits at a socket. `control`: an orchestrator, with a session of its own or the one that it names; `trusted` when
 * a token proves it. `agent`: the agent of an episode. `idle`: an agent without one, who may list tools.
 */
export type SocketAccess =
  | { readonly kind: 'control'; readonly trusted: boolean; readonly session: string | undefined }
  | { readonly kind: 'agent'; readonly session: Session }
  | { readonly kind: 'idle' }
