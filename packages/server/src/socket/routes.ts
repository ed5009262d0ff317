import type { Host } from '../host.ts'
import type { SocketRoute } from '../http/route.ts'
import { refusedConnection } from '../limits/refused-connection.ts'
import { acceptAgent } from './accept-agent.ts'
import { EpisodeSocket } from './episode-socket.ts'

/**
 * `/ws`: one session a socket, or the one named by `?session_id=`; and the socket of an agent's capability.
 *
 * @param mayControl - Whether reset, step and state are served: not in production mode.
 */
export function episodeSocketRoutes(host: Host, mayControl: boolean): readonly SocketRoute[] {
  return [
    {
      path: '/ws',
      plane: mayControl ? 'control' : 'agent',
      accept: (request) => {
        if (!mayControl) {
          const refused = refusedConnection(host, host.shared)
          return refused ?? ((socket) => new EpisodeSocket(host, socket, { kind: 'idle' }))
        }
        const trusted = host.authorizer.principal(request.headers) === 'control'
        const id = new URL(request.url).searchParams.get('session_id')
        const session = id === null || id === '' ? undefined : id
        return (socket) => new EpisodeSocket(host, socket, { kind: 'control', trusted, session })
      },
    },
    {
      path: '/agent/:capability/ws',
      plane: 'capability',
      accept: (_request, { capability }) =>
        acceptAgent(host, capability, (session) => (socket) => {
          return new EpisodeSocket(host, socket, { kind: 'agent', session })
        }),
    },
  ]
}
