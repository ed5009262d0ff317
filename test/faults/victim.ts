// A server in a process of its own, which tells its parent how it is and dies with it.
import { echo } from '@openenv-ts/echo'
import { serve } from '@openenv-ts/server/node'
import { inspect } from '@openenv-ts/server/testing'

const server = await serve(echo, JSON.parse(process.argv[2] ?? '{}') as Parameters<typeof serve>[1])
process.on('message', () => {
  globalThis.gc?.()
  globalThis.gc?.()
  process.send?.({
    rss: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
    sessions: inspect(server).sessions.size,
  })
})
process.on('disconnect', () => {
  process.exit()
})
process.on('SIGTERM', () => {
  void server.drain(5).then(() => process.exit(0))
})
process.send?.({ port: server.port })
