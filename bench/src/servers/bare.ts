// The yardstick: the same JSON on the same wire from a bare `ws` handler that checks nothing and keeps a counter.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { answerCollections } from './collect.ts'

const server = createServer((_request, response) => {
  response.end()
})
const sockets = new WebSocketServer({ server, path: '/ws' })
sockets.on('connection', (socket) => {
  let steps = 0
  socket.on('message', (bytes: Buffer) => {
    const { type, data } = JSON.parse(bytes.toString()) as { type: string; data?: { message?: string } }
    const reply = (message: string, reward: number | null): void => {
      socket.send(
        JSON.stringify({
          type: 'observation',
          data: { observation: { message, metadata: {} }, reward, done: false },
        }),
      )
    }
    if (type === 'step') {
      steps += 1
      reply(data?.message ?? '', 0)
    } else if (type === 'reset') {
      steps = 0
      reply('', null)
    } else {
      socket.send(JSON.stringify({ type: 'state', data: { episode_id: null, step_count: steps } }))
    }
  })
})
answerCollections()
server.listen({ port: 0, host: '127.0.0.1', backlog: 16_384 }, () => {
  console.log(`Listening on http://127.0.0.1:${String((server.address() as AddressInfo).port)}`)
})
