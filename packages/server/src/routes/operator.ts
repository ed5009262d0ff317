import type { Host, Route } from '../route.ts'

/**
 * What who runs the server looks at. Nothing here acts in an episode.
 *
 * @param moreMetrics - Numbers that only the platform knows, in Prometheus's text format.
 */
export function operatorRoutes(host: Host, moreMetrics: () => string): readonly Route[] {
  const { sessions } = host
  const { tally, events } = sessions
  return [
    {
      method: 'GET',
      path: '/metrics',
      plane: 'operator',
      summary: 'Numbers for Prometheus',
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
