import { EVENTS, jsonAnswer, record, TEXT } from '../http/operation.ts'
import type { Route } from '../http/route.ts'
import type { Host } from '../host.ts'

const WHOLE = { type: 'integer', minimum: 0 }
const READINESS = jsonAnswer(
  record({ status: { enum: ['ready', 'draining', 'full'] }, sessions: WHOLE, max_sessions: WHOLE }),
)

/**
 * What who runs the server looks at. Nothing here acts in an episode.
 *
 * @param moreMetrics - Numbers that only the platform knows, in Prometheus's text format.
 */
export function operatorRoutes(host: Host, moreMetrics: () => string): readonly Route[] {
  const { sessions } = host
  const { metrics: tally, events } = sessions
  return [
    {
      method: 'GET',
      path: '/metrics',
      plane: 'operator',
      summary: 'Numbers for Prometheus',
      operation: { answers: { 200: { content: { 'text/plain': TEXT } } } },
      handle: () =>
        new Response(tally.text({ maxSessions: sessions.max }) + moreMetrics(), {
          headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        }),
    },
    {
      method: 'GET',
      path: '/ready',
      plane: 'operator',
      summary: 'Says whether another session would be accepted',
      operation: { answers: { 200: READINESS, 503: READINESS } },
      handle: () => {
        const ready = sessions.accepting
        const status = ready ? 'ready' : sessions.draining ? 'draining' : 'full'
        const body = { status, sessions: sessions.size, max_sessions: sessions.max }
        return { status: ready ? 200 : 503, body }
      },
    },
    {
      method: 'GET',
      path: '/events',
      plane: 'operator',
      summary: 'What happens in every episode, as it happens (server-sent events)',
      operation: { answers: { 200: EVENTS }, refusals: [503] },
      handle: () =>
        new Response(events.stream(), {
          headers: {
            'content-type': 'text/event-stream',
            'cache-control': 'no-cache',
            'x-accel-buffering': 'no',
          },
        }),
    },
  ]
}
