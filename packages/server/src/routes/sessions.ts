import { OpenEnvError } from '@openenv-ts/core'
import { resetFromWire } from '@openenv-ts/core/wire'
import { EPISODE_REFUSALS } from '../sessions/http-session.ts'
import { component, jsonAnswer, record, TEXT } from '../http/operation.ts'
import type { Route, Visit } from '../http/route.ts'
import { atBody, readObject } from '../http/body.ts'
import type { Host } from '../host.ts'

const OPEN_TO_AGENTS =
  'Agents that are given an address of this server can reach the rest of it too: it has no tokens. ' +
  'Set OPENENV_CONTROL_TOKEN, or give agents a port of their own with --agent-port.'

const OPENED = record({
  ...{ session_id: TEXT, agent_url: { type: 'string', format: 'uri' } },
  ...{ observation: component('PlainObservation'), info: component('Info') },
})

/**
 * How an orchestrator opens an episode for an agent, and ends it [OE-19]. It hands over a URL with a secret in it. The
 * URL leads to the tools of this one episode and to nothing else of the server.
 */
export function sessionRoutes(host: Host, agentUrl: () => string | undefined): readonly Route[] {
  let warned = false
  const warnOnce = (sees: Visit['sees']): void => {
    // With a port of their own, agents reach no other plane.
    if (warned || !host.authorizer.isOpen || !sees('capability')) return
    warned = true
    host.log({ level: 'warning', message: OPEN_TO_AGENTS })
  }
  return [
    {
      method: 'POST',
      path: '/sessions',
      plane: 'control',
      summary: 'Opens an episode for an agent and answers the URL to hand over',
      operation: {
        body: { required: false, schema: component('ResetOptions') },
        answers: { 201: jsonAnswer(OPENED) },
        refusals: EPISODE_REFUSALS,
      },
      handle: async (request, _parameters, { base, sees }) => {
        const body = await readObject(request, host)
        const options = await atBody(() => resetFromWire(body, host.environment))
        warnOnce(sees)
        const session = host.sessions.open('http', { named: true })
        try {
          const { observation, info } = await session.episode.reset(options)
          const url = `${agentUrl() ?? base}/agent/${host.sessions.grant(session)}/mcp`
          return { status: 201, body: { session_id: session.id, agent_url: url, observation, info } }
        } catch (error) {
          await session.close()
          throw error
        }
      },
    },
    {
      method: 'DELETE',
      path: '/sessions/:id',
      plane: 'control',
      summary: 'Ends an HTTP session and its episode',
      operation: {
        answers: { 200: jsonAnswer(record({ session_id: TEXT, closed: { const: true } })) },
        refusals: [404],
      },
      handle: async (_request, { id = '' }) => {
        const session = host.sessions.find(id)
        if (session === undefined) throw new OpenEnvError('SESSION_ERROR', 'There is no session of this id.')
        await session.close()
        return { body: { session_id: id, closed: true } }
      },
    },
  ]
}
