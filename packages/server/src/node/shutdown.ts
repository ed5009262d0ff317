import type { MountedApp } from '../mounted-app.ts'
import { stop, type Listener } from './listener.ts'
import { settledWithin } from './settled-within.ts'

/** How long environments have to free what they hold when the server closes. */
const EPISODES_GRACE_MS = 5000
/** How long answers that were begun have to go out when the server closes. */
export const ANSWERS_GRACE_MS = 500

/** Waits for calls under way: meanwhile others may still ask whether the server is ready. */
export async function finishCalls(
  listeners: readonly Listener[],
  apps: readonly MountedApp[],
): Promise<void> {
  await Promise.all([
    ...listeners.map(({ sockets }) => sockets.finishAll()),
    ...apps.map((app) => app.quiet()),
  ])
}

/**
 * Takes no more connections, closes every episode, then ends streams and connections. Nothing that a client holds open
 * delays the episodes.
 *
 * @param answersMs - How long answers that were begun have to go out.
 */
export async function shutDown(
  listeners: readonly Listener[],
  apps: readonly MountedApp[],
  answersMs = ANSWERS_GRACE_MS,
): Promise<void> {
  const stopped = listeners.map(({ server, sockets }) => {
    sockets.stopPinging()
    return stop(server)
  })
  await settledWithin(EPISODES_GRACE_MS, Promise.all(apps.map((app) => app.close())))
  await Promise.all(listeners.map(({ sockets }) => sockets.closeAll()))
  await settledWithin(answersMs, Promise.all(listeners.map((listener) => listener.flushed())))
  for (const { server } of listeners) server.closeAllConnections()
  await Promise.all(stopped)
}
