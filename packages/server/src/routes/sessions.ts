import { OpenEnvError } from '@openenv-ts/core'
import { resetFromWire } from '@openenv-ts/core/wire'
import { atBody, readObject, type Host, type Route, type Visit } from '../route.ts'

const OPEN_TO_AGENTS =
  'Agents that are given an address of this server can reach the rest of it too: it has no tokens. ' +
  'Set OPENENV_CONTROL_TOKEN, or give agents a port of their own with --agent-port.'

/**
 * How an orchestrator opens an episode for an agent, and ends it [OE-19]. It hands over a URL with a secret in it. The
 * URL leads to the tools of this one episode and to nothing else of the server.
 */
export function sessionRoutes(host: Host, agentUrl: () => string | undefined): readonly Route[] {
  let warned = false
  const warnOnce = (sees: Visit['sees']): void => {
    // With a port of their own, agents reach no other plane.
    if (warned || !host.gate.isOpen || !sees('capability')) return
    warned = true
    host.log({ level: 'warning', message: OPEN_TO_AGENTS })
  }
  return [
    {
      method: 'POST',
      path: '/sessions',
      plane: 'control',
      summary: 'Opens an episode for an agent and answers the URL to hand over',
      handle: async (request, _parameters, { base, sees }) => {
        const body = await readObject(request, host)
        const options = await atBody(() => resetFromWire(body, host.environment))
        warnOnce(sees)
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
