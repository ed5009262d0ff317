import { start, type Contestant } from './contestant.ts'
import { load, openSessions, STEP } from './load.ts'

/**
 * Resident bytes a session that was reset and stepped once and now waits, after a collection.
 *
 * In a process of its own, warmed by a short load first: what code and its compilation take is not a session's.
 */
export async function bytesPerIdleSession(contestant: Contestant, sessions: number): Promise<number> {
  await using server = await start(contestant)
  await load(server, { sessions: 32, warmUpSeconds: 0.5, seconds: 0.5 })
  const before = await server.residentBytes()
  const sockets = await openSessions(server.port, sessions)
  for (const socket of sockets) await socket.ask(STEP)
  const after = await server.residentBytes()
  for (const socket of sockets) socket.destroy()
  return (after - before) / sessions
}
