import { OpenEnvError } from '@openenv-ts/core'
import { resetFromWire } from '@openenv-ts/core/wire'
import { atBody, readObject, type Host, type Route } from '../route.ts'

/**
 * How an orchestrator opens an episode for an agent, and ends it [OE-19]. What it hands over is a URL with a secret
 * in it: whoever holds that can use the tools of this one episode, and nothing else.
 */
export function sessionRoutes(host: Host, agentUrl: () => string | undefined): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/sessions',
      plane: 'control',
      summary: 'Opens an episode for an agent and answers the URL to hand over',
      handle: async (request, _parameters, { base }) => {
        const body = await readObject(request, host)
        const options = await atBody(() => resetFromWire(body, host.environment))
        const session = host.sessions.open('http')
        try {
          const { observation, info } = await session.episode.reset(options)
          const url = `${agentUrl() ?? base}/agent/${host.sessions.grant(session)}/mcp`
          return { status: 201, body: { session_id: session.id, agent_url: url, observation, info } }
        } catch (error) {
          await host.sessions.close(session)
          throw error
        }
      },
    },
    {
      method: 'DELETE',
      path: '/sessions/:id',
      plane: 'control',
      summary: 'Ends an HTTP session and its episode',
      handle: async (_request, { id = '' }) => {
        const session = host.sessions.find(id)
        if (session === undefined) throw new OpenEnvError('SESSION_ERROR', 'There is no session of this id.')
        await host.sessions.close(session)
        return { body: { session_id: id, closed: true } }
      },
    },
  ]
}
